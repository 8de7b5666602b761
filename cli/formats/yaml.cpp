// SPDX-License-Identifier: MIT
#include "cli/formats/format.h"

#include <algorithm>
#include <array>

#include <yaml.h>

namespace envmesh::cli::formats {
namespace {

class Event {
  public:
    Event() = default;
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() { yaml_event_delete(&event_); }

    yaml_event_t* get() { return &event_; }
    [[nodiscard]] yaml_event_type_t type() const { return event_.type; }
    [[nodiscard]] std::size_t line() const { return event_.start_mark.line + 1; }

    // Of a scalar only.
    [[nodiscard]] std::string_view text() const {
        const auto& scalar = event_.data.scalar;
        return envmesh::text(View(scalar.value, scalar.length));
    }
    [[nodiscard]] bool is_null() const {
        constexpr std::array<std::string_view, 5> nulls{"", "~", "null", "Null", "NULL"};
        const auto& scalar = event_.data.scalar;
        return scalar.style == YAML_PLAIN_SCALAR_STYLE && scalar.tag == nullptr &&
               std::ranges::find(nulls, text()) != nulls.end();
    }
    [[nodiscard]] bool is_text() const {
        const yaml_char_t* tag = event_.data.scalar.tag;
        if (tag == nullptr) return true;
        const std::string_view name = reinterpret_cast<const char*>(tag);
        return name == YAML_STR_TAG || name == "!";
    }

  private:
    yaml_event_t event_{};
};

class YamlReader {
  public:
    YamlReader(std::string_view text, std::string_view origin) : origin_(origin) {
        is_ready_ = yaml_parser_initialize(&parser_) != 0;
        if (is_ready_) yaml_parser_set_input_string(&parser_, view(text).data(), text.size());
    }
    YamlReader(const YamlReader&) = delete;
    YamlReader& operator=(const YamlReader&) = delete;
    ~YamlReader() { yaml_parser_delete(&parser_); }

    Result<Entries> read() {
        for (bool more = is_ready_; more;) {
            Event event;
            if (yaml_parser_parse(&parser_, event.get()) == 0)
                return malformed(origin_, parser_.problem_mark.line + 1,
                                 "This is not valid YAML."); // the library may quote what is there
            if (auto taken = take(event); !taken) return std::unexpected(taken.error());
            more = event.type() != YAML_STREAM_END_EVENT;
        }
        return std::move(entries_);
    }

  private:
    Result<> take(const Event& event) {
        switch (event.type()) {
        case YAML_DOCUMENT_START_EVENT:
            if (++documents_ > 1)
                return malformed(origin_, event.line(), "A second document begins here.");
            return {};
        case YAML_MAPPING_START_EVENT:
            if (in_mapping_) return nested(event);
            in_mapping_ = true;
            return {};
        case YAML_SCALAR_EVENT: return take_scalar(event);
        case YAML_SEQUENCE_START_EVENT:
        case YAML_ALIAS_EVENT: return nested(event);
        default: return {};
        }
    }

    Result<> take_scalar(const Event& event) {
        if (!in_mapping_) return nested(event);
        if (!key_) {
            key_ = event.text();
            return {};
        }
        if (event.is_null()) return cannot_take(origin_, *key_, "is null");
        if (!event.is_text()) return cannot_take(origin_, *key_, "has a tag of its own");
        entries_.push_back({std::move(*key_), Secret(event.text())});
        key_.reset();
        return {};
    }

    [[nodiscard]] std::unexpected<Error> nested(const Event& event) const {
        if (key_) return cannot_take(origin_, *key_, "is a list, a mapping or an alias");
        return malformed(origin_, event.line(), "This is no mapping of names to values.");
    }

    yaml_parser_t parser_{};
    std::string_view origin_;
    Entries entries_;
    std::optional<std::string> key_; // whose value comes next
    int documents_ = 0;
    bool in_mapping_ = false;
    bool is_ready_ = false; // else no memory is left
};

} // namespace

Result<Entries> read_yaml(std::string_view text, std::string_view origin) {
    return YamlReader(text, origin).read();
}

} // namespace envmesh::cli::formats
