// SPDX-License-Identifier: MIT
#include "cli/commands/calls.h"
#include "cli/commands/variable.h"
#include "platform/files.h"
#include "platform/paths.h"
#include "platform/terminal.h"

#include <set>

namespace envmesh::cli {
namespace {

Result<> check_size(const std::string& key, std::size_t size) {
    if (size <= api::most_value_bytes) return {};
    return fail(Code::invalid,
                "The value of \"" + key + "\" has more than " +
                    std::to_string(api::most_value_bytes) + " bytes.",
                "Keep it in a file and set the file's path.");
}

Result<Secret> prompted(const std::string& key, bool may_ask) {
    if (!may_ask)
        return fail(Code::usage, "With --json no value is asked for.",
                    "Write 'KEY -' to read it from standard input.");
    auto value = platform::ask_hidden("Value of " + key + ": ");
    if (!value && value.error().code == Code::unreachable)
        return fail(Code::usage, "No value is given for \"" + key + "\".",
                    "Write KEY=VALUE, or 'KEY -' to read it from standard input.");
    return value;
}

// Reads one more than allowed, so that the error can name the limit and not the file's size.
Result<Secret> from_file(const std::string& key, const std::string& file) {
    if (file.empty())
        return fail(Code::usage, "No file follows the '@' of \"" + key + "\".",
                    "A value that begins with '@' is written with two of them.");
    auto value = platform::read_file(file, api::most_value_bytes + 1);
    if (!value && value.error().code == Code::invalid)
        if (auto fits = check_size(key, api::most_value_bytes + 1); !fits)
            return std::unexpected(std::move(fits.error()));
    return value;
}

class Items {
  public:
    Items(const std::vector<std::string>& words, bool may_ask) : words_(words), may_ask_(may_ask) {}

    Result<std::vector<api::Set::Item>> read() {
        std::vector<api::Set::Item> items;
        for (at_ = 0; at_ < words_.size(); ++at_) {
            auto item = next();
            if (!item) return std::unexpected(std::move(item.error()));
            if (item->key.empty())
                return fail(Code::invalid, "A variable has no name.", "Write KEY=VALUE.");
            if (!names_.insert(item->key).second)
                return fail(Code::usage, "\"" + item->key + "\" is named twice.", "Name it once.");
            if (auto fits = check_size(item->key, item->value.size()); !fits)
                return std::unexpected(std::move(fits.error()));
            items.push_back(std::move(*item));
        }
        return items;
    }
    /// A value stood on the command line, where other programs can see it.
    [[nodiscard]] bool visible() const { return visible_; }

  private:
    Result<api::Set::Item> next() {
        const std::string& word = words_[at_];
        const auto equals = word.find('=');
        api::Set::Item item{word.substr(0, equals), {}};
        auto value = equals == std::string::npos ? unwritten(item.key)
                                                 : written(item.key, word.substr(equals + 1));
        if (!value) return std::unexpected(std::move(value.error()));
        item.value = std::move(*value);
        return item;
    }

    Result<Secret> written(const std::string& key, std::string value) {
        const bool escaped = value.starts_with("@@");
        if (value.starts_with('@') && !escaped) return from_file(key, value.substr(1));
        visible_ = true;
        Secret out(std::string_view(value).substr(escaped ? 1 : 0));
        wipe(value);
        return out;
    }

    Result<Secret> unwritten(const std::string& key) {
        if (at_ + 1 == words_.size() || words_[at_ + 1] != "-") return prompted(key, may_ask_);
        ++at_;
        if (standard_input_used_)
            return fail(Code::usage, "Standard input can be the value of one variable only.",
                        "Set the others with KEY=@file.");
        standard_input_used_ = true;
        auto value = platform::read_standard_input(api::most_value_bytes + 1);
        if (!value && value.error().code == Code::invalid)
            if (auto fits = check_size(key, api::most_value_bytes + 1); !fits)
                return std::unexpected(std::move(fits.error()));
        return value;
    }

    const std::vector<std::string>& words_;
    bool may_ask_;
    std::set<std::string> names_;
    std::size_t at_ = 0;
    bool standard_input_used_ = false;
    bool visible_ = false;
};

// Once on a machine: a person who does it again has decided.
void note_visible(Context& context) {
    const auto paths = platform::paths();
    const auto noted = paths ? paths->data / "argument.noted" : std::filesystem::path();
    if (!context.out.has_audience() || platform::exists(noted)) return;
    context.out.note("other programs can see a value that stands on the command line, and the "
                     "shell remembers it; 'set KEY' asks for it, 'set KEY -' reads it. This is not "
                     "told again.");
    if (paths) static_cast<void>(platform::replace_file(noted, {}));
}

} // namespace

Exit set(Context& context, const SetOptions& options) {
    Items words(options.items, !context.out.is_json());
    auto items = words.read();
    if (!items) return std::unexpected(items.error());
    auto written =
        set_all(context, {std::move(*items), options.scope, options.visibility, options.type,
                          options.force, options.if_version, options.inject});
    if (!written) return std::unexpected(std::move(written.error()));
    if (words.visible()) note_visible(context);
    show_written(context.out, {written->keys, written->versions, written->pending_sync});
    return 0;
}

} // namespace envmesh::cli
