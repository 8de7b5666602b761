// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "cli/commands/calls.h"
#include "core/config/settings.h"
#include "platform/files.h"

#include <algorithm>

namespace envmesh::cli {
namespace {

constexpr std::size_t most_input_bytes = 256 * 1024;
constexpr std::chrono::milliseconds longest_wait{500}; // a person holds the tab key

// Each ends with NUL, or a line ends the last: PowerShell cannot leave that out.
std::vector<std::string> split(std::string_view text) {
    if (text.ends_with('\0')) {
        text.remove_suffix(1);
    } else {
        if (text.ends_with('\n')) text.remove_suffix(1);
        if (text.ends_with('\r')) text.remove_suffix(1);
    }
    std::vector<std::string> words;
    for (std::size_t from = 0; from <= text.size();) {
        const auto end = std::min(text.find('\0', from), text.size());
        words.emplace_back(text.substr(from, end - from));
        from = end + 1;
    }
    return words;
}

// Where in the grammar the last word begins.
class Place {
  public:
    explicit Place(const Verb& program) : program_(program), verb_(&program) {}

    void pass(const std::string& word) {
        if (word == "=" && !value_.empty()) return; // bash takes --option=value apart
        if (!value_.empty())
            value_.clear();
        else if (!only_arguments_ && word == "--")
            only_arguments_ = true;
        else if (!only_arguments_ && word.starts_with('-'))
            value_ = word.contains('=') ? "" : value_of(word);
        else if (const Verb* below = verb_below(word))
            verb_ = below;
        else
            ++arguments_;
    }
    /// What kind of thing follows the option of that name.
    [[nodiscard]] std::string value_of(std::string_view name) const {
        for (const Verb* verb : {verb_, &program_})
            for (const Switch& one : verb->switches)
                if (std::ranges::find(one.names, name) != one.names.end()) return one.value;
        return {};
    }
    [[nodiscard]] bool takes_switch() const { return value_.empty() && !only_arguments_; }
    [[nodiscard]] bool takes_verb() const { return takes_switch() && arguments_ == 0; }
    [[nodiscard]] const Verb& verb() const { return *verb_; }
    [[nodiscard]] std::string kind() const {
        if (!value_.empty()) return value_;
        const auto& all = verb_->arguments;
        if (arguments_ < all.size() && all[arguments_].name != "COMMAND")
            return all[arguments_].name;
        if (all.empty() || !all.back().repeats) return {};
        if (all.back().name != "COMMAND") return all.back().name;
        return arguments_ == 0 ? "COMMAND" : "FILE";
    }

  private:
    [[nodiscard]] const Verb* verb_below(const std::string& word) const {
        const auto found = std::ranges::find(verb_->verbs, word, &Verb::name);
        return takes_verb() && found != verb_->verbs.end() ? &*found : nullptr;
    }

    const Verb& program_;
    const Verb* verb_;
    std::string value_; // what the last option wants
    std::size_t arguments_ = 0;
    bool only_arguments_ = false;
};

// Shells would have to quote others.
bool is_plain(std::string_view word) {
    constexpr std::string_view others = "_-./+";
    return std::ranges::all_of(word, [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               others.contains(c);
    });
}

class Candidates {
  public:
    Candidates(Context& context, std::string typed) : context_(context), typed_(std::move(typed)) {}

    void add(std::string_view word, std::string_view help = {}) {
        const std::string whole = before_ + std::string(word);
        if (!whole.starts_with(typed_) || !is_plain(word)) return;
        context_.out.line(help.empty() ? whole : whole + '\t' + std::string(help));
    }
    /// The words come after this, as in --scope=shared.
    void set_before(std::string before) { before_ = std::move(before); }

    void add_kind(const std::string& kind) {
        for (const std::string& word : choices(kind))
            add(word);
        if (kind == "KEY" || kind == "GLOB") add_keys();
        if (kind == "PROFILE") add_profiles("");
        if (kind == "SETTING")
            for (const auto& key : config::keys())
                add(config::full_name(key), key.meaning);
        if (kind == "SCOPE") add_scopes();
        if (kind == "FILE") context_.out.line(":files");
        if (kind == "DIR") context_.out.line(":dirs");
        if (kind == "COMMAND") context_.out.line(":commands");
    }

  private:
    void add_keys() {
        const auto all = list_all(context_, {});
        if (!all) return;
        std::string last;
        for (const api::Variable& one : *all)
            if (one.key != std::exchange(last, one.key)) add(one.key);
    }
    void add_profiles(const std::string& before) {
        const auto reply = context_.ask(api::Profiles());
        if (!reply) return;
        for (const auto& profile : reply->profiles)
            add(before + profile.name);
    }
    void add_scopes() {
        add("shared", "All machines");
        add("device", "This machine");
        add_profiles("profile/");
        const auto reply = context_.ask(api::Devices());
        if (!reply) return;
        for (const auto& device : reply->devices)
            if (!device.removed) add("device/" + device.name);
    }

    Context& context_;
    std::string typed_, before_;
};

} // namespace

Exit complete(Context& context, const GrammarOptions& options) {
    auto input = platform::read_standard_input(most_input_bytes);
    if (!input) return std::unexpected(input.error());
    const auto words = split(input->reveal_text());
    Place place(options.grammar);
    std::ranges::for_each(words.begin(), words.end() - 1, [&](auto& word) { place.pass(word); });
    Context hasty{context.out, context.socket, longest_wait, context.started};
    const std::string typed = words.back() == "=" ? "" : words.back();
    Candidates candidates(hasty, typed);
    const auto equals = typed.find('=');
    if (place.takes_switch() && typed.starts_with("--") && equals != std::string::npos) {
        candidates.set_before(typed.substr(0, equals + 1));
        candidates.add_kind(place.value_of(typed.substr(0, equals)));
    } else if (place.takes_switch() && typed.starts_with('-')) {
        for (const Switch& one : place.verb().switches)
            candidates.add(one.names.back(), one.help);
        for (const Switch& one : options.grammar.switches)
            if (std::ranges::find(place.verb().switches, one.names, &Switch::names) ==
                place.verb().switches.end())
                candidates.add(one.names.back(), one.help);
    } else {
        if (place.takes_verb())
            for (const Verb& verb : place.verb().verbs)
                candidates.add(verb.name, verb.help);
        candidates.add_kind(place.kind());
    }
    return 0;
}

} // namespace envmesh::cli
