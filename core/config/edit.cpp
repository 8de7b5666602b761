// SPDX-License-Identifier: MIT
#include "core/config/edit.h"

#include "core/config/ascii.h"
#include "core/config/document.h"
#include "core/config/settings.h"

#include <algorithm>

namespace envmesh::config {
namespace {

std::size_t start_of_line(std::string_view text, std::size_t number) {
    std::size_t at = 0;
    for (; number > 1 && at < text.size(); --number)
        at = std::min(text.find('\n', at), text.size() - 1) + 1;
    return at;
}

std::size_t offset(std::string_view text, const toml::source_position& where) {
    return std::min(start_of_line(text, where.line) + where.column - 1, text.size());
}

std::string_view line_end(std::string_view text) {
    const auto first = text.find('\n');
    const bool has_return = first != std::string_view::npos && first > 0 && text[first - 1] == '\r';
    return has_return ? "\r\n" : "\n";
}

// After the line; begun there, when the text ends without a line end.
void insert_line(std::string& text, std::size_t after, const std::string& line) {
    const std::string end(line_end(text));
    const std::size_t at = start_of_line(text, after + 1);
    const bool is_open = at > 0 && text[at - 1] != '\n';
    text.insert(at, (is_open ? end : "") + line + end);
}

class Edit {
  public:
    Edit(const Document& document, std::string_view origin, const Key& key)
        : document_(document), origin_(origin), key_(key), text_(document.ascii) {
        section_ = document_.root.get(key_.section);
        if (section_ != nullptr) table_ = section_->as_table();
        if (table_ != nullptr) value_ = table_->get(key_.name);
    }

    Result<std::string> put(const std::string& literal) {
        const std::string line = key_.name + " = " + literal;
        if (section_ == nullptr) return append_section(line);
        if (table_ == nullptr)
            return refuse(section_, key_.section + " must be a section: [" + key_.section + "].",
                          "Correct it there.");
        if (value_ != nullptr) return replace(literal);
        if (table_->is_inline()) return insert_inside(line);
        return add_to_section(line);
    }

    Result<std::string> remove() {
        if (value_ == nullptr) return text_;
        if (table_->is_inline())
            return refuse(value_,
                          full_name(key_) + " stands in one line with other settings of " +
                              key_.section + ".",
                          "Take it out of that line by hand.");
        if (loses_comment()) return refuse_comment();
        const auto& [begin, end, path] = value_->source();
        const auto first = start_of_line(text_, begin.line);
        text_.erase(first, start_of_line(text_, end.line + 1) - first);
        return text_;
    }

  private:
    Result<std::string> replace(const std::string& literal) {
        if (loses_comment()) return refuse_comment();
        const auto first = offset(text_, value_->source().begin);
        text_.replace(first, offset(text_, value_->source().end) - first, literal);
        return text_;
    }

    Result<std::string> append_section(const std::string& line) {
        const std::string end(line_end(text_));
        if (!text_.empty()) text_ += text_.ends_with('\n') ? end : end + end;
        return text_ += "[" + key_.section + "]" + end + line + end;
    }

    Result<std::string> insert_inside(const std::string& line) {
        const auto brace = offset(text_, table_->source().begin);
        return text_.insert(brace + 1, " " + line + (table_->empty() ? "" : ","));
    }

    // As the last one of the section begins, be it with spaces or with the name of the section.
    Result<std::string> add_to_section(const std::string& line) {
        const toml::key* last = nullptr;
        for (const auto& [key, value] : *table_)
            if (last == nullptr || last->source().begin < key.source().begin) last = &key;
        if (last == nullptr) {
            insert_line(text_, section_->source().begin.line, line);
            return text_;
        }
        const auto first = start_of_line(text_, last->source().begin.line);
        const auto prefix = text_.substr(first, offset(text_, last->source().begin) - first);
        insert_line(text_, table_->get(last->str())->source().end.line, prefix + line);
        return text_;
    }

    // No part of a list can have this character.
    [[nodiscard]] bool loses_comment() const {
        const auto first = offset(text_, value_->source().begin);
        const auto size = offset(text_, value_->source().end) - first;
        return value_->is_array() && std::string_view(text_).substr(first, size).contains('#');
    }
    [[nodiscard]] std::unexpected<Error> refuse_comment() const {
        return refuse(value_,
                      full_name(key_) + " is a list with comments in it, and they would be lost.",
                      "Change it by hand, or move the comments above it.");
    }
    [[nodiscard]] std::unexpected<Error> refuse(const toml::node* where, const std::string& why,
                                                const std::string& fix) const {
        const auto line = std::to_string(where->source().begin.line);
        return fail(Code::invalid, std::string(origin_) + ":" + line + ": " + why, fix);
    }

    const Document& document_;
    std::string_view origin_;
    const Key& key_;
    std::string text_;
    const toml::node* section_ = nullptr;
    const toml::table* table_ = nullptr;
    const toml::node* value_ = nullptr;
};

// All but this key; whether a section without a key is there makes no difference.
toml::table others(toml::table root, const Key& key) {
    auto* section = root.get_as<toml::table>(key.section);
    if (section == nullptr) return root;
    section->erase(key.name);
    if (section->empty()) root.erase(key.section);
    return root;
}

// The value, if the text sets it.
Result<std::optional<Value>> value_in(std::string_view toml, std::string_view origin,
                                      const Key& key) {
    auto all = settings(toml, origin);
    if (!all) return std::unexpected(std::move(all.error()));
    for (Setting& one : *all)
        if (one.is_set && full_name(one.key) == full_name(key)) return std::move(one.value);
    return std::nullopt;
}

// The last word: it is a configuration with what is wanted, and differs from the former one in
// nothing else.
Result<std::string> checked(const Document& before, std::string text, std::string_view origin,
                            const Key& key, const std::optional<Value>& wanted) {
    if (text.size() > most_bytes)
        return fail(Code::invalid, std::string(origin) + " would be larger than 64 KiB.",
                    "Make it shorter first.");
    const auto value = value_in(text, origin, key);
    if (!value) return std::unexpected(value.error());
    const auto after = read_document(text);
    if (!after || *value != wanted || others(before.root, key) != others(after->root, key))
        return fail(Code::invalid,
                    full_name(key) + " cannot be changed in " + std::string(origin) +
                        " without changing something else.",
                    "Change it by hand.");
    return text;
}

Result<Document> open(std::string_view toml, std::string_view origin) {
    auto document = read_document(toml);
    if (document) return std::move(*document);
    auto config = parse(toml, origin); // the same fault, told
    return config ? fail(Code::internal, std::string(origin) + " cannot be read.")
                  : std::unexpected(config.error());
}

} // namespace

Result<std::string> with_value(std::string_view toml, std::string_view origin, const Key& key,
                               std::string_view typed) {
    const auto written = literal(key, typed);
    if (!written) return std::unexpected(written.error());
    const auto document = open(toml, origin);
    if (!document) return std::unexpected(document.error());
    const auto wanted = value_in("[" + key.section + "]\n" + key.name + " = " + *written + "\n",
                                 full_name(key), key);
    if (!wanted) return std::unexpected(wanted.error());
    if (checked(*document, std::string(toml), origin, key, *wanted)) return std::string(toml);
    auto text = Edit(*document, origin, key).put(to_ascii(*written, document->mark));
    if (!text) return text;
    auto done = checked(*document, document->text_of(*text), origin, key, *wanted);
    if (done) return done;
    const auto former = parse(toml, origin); // its fault is the one that a person can find
    return former ? done : std::unexpected(former.error());
}

Result<std::string> without_value(std::string_view toml, std::string_view origin, const Key& key) {
    const auto document = open(toml, origin);
    if (!document) return std::unexpected(document.error());
    auto text = Edit(*document, origin, key).remove();
    if (!text) return text;
    return checked(*document, document->text_of(*text), origin, key, std::nullopt);
}

} // namespace envmesh::config
