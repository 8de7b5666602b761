// SPDX-License-Identifier: MIT
#include "cli/formats/format.h"

#include <nlohmann/json.hpp>

namespace envmesh::cli::formats {
namespace {

using Json = nlohmann::json;

// As the text comes by: an object of variables, or the array that `list --values --json` prints.
// Numbers keep the digits that they are written with.
class JsonReader final : public nlohmann::json_sax<Json> {
  public:
    JsonReader(std::string_view text, std::string_view origin) : text_(text), origin_(origin) {}

    Result<Entries> read() {
        if (!Json::sax_parse(text_.begin(), text_.end(), this))
            return std::unexpected(std::move(error_));
        return std::move(entries_);
    }

    bool null() override { return is_other_field() || refuse("is null"); }
    bool boolean(bool value) override { return scalar(value ? "true" : "false"); }
    bool number_integer(number_integer_t value) override { return scalar(std::to_string(value)); }
    bool number_unsigned(number_unsigned_t value) override { return scalar(std::to_string(value)); }
    bool number_float(number_float_t /*value*/, const string_t& digits) override {
        return scalar(digits);
    }
    bool string(string_t& value) override { return scalar(value); }
    bool binary(binary_t& /*value*/) override { return false; } // JSON has none
    bool key(string_t& name) override {
        (is_list_ ? field_ : entry_.key) = name;
        return true;
    }

    bool start_object(std::size_t /*size*/) override {
        if (depth_ != (is_list_ ? 1 : 0)) return refuse("is an object");
        ++depth_;
        entry_ = {};
        has_value_ = false;
        return true;
    }
    bool end_object() override {
        if (is_list_ && entry_.key.empty()) return misshapen();
        if (is_list_ && !has_value_) return refuse("is not there: 'list --values --json' has it");
        if (is_list_) entries_.push_back(std::move(entry_));
        --depth_;
        return true;
    }
    bool start_array(std::size_t /*size*/) override {
        if (depth_ != 0) return refuse("is a list");
        is_list_ = true;
        ++depth_;
        return true;
    }
    bool end_array() override { return true; }

    // What the exception says repeats what stands there.
    bool parse_error(std::size_t position, const std::string& /*token*/,
                     const nlohmann::detail::exception& /*error*/) override {
        error_ = malformed(origin_, line_at(text_, position), "This is not valid JSON.").error();
        return false;
    }

  private:
    [[nodiscard]] bool is_other_field() const {
        return is_list_ && depth_ == 2 && field_ != "key" && field_ != "value" &&
               field_ != "value_b64";
    }

    bool scalar(std::string_view value) {
        if (is_other_field()) return true;
        if (depth_ != (is_list_ ? 2 : 1)) return misshapen();
        if (!is_list_) {
            entries_.push_back({entry_.key, Secret(value)});
        } else if (field_ == "key") {
            if (!entry_.key.empty()) return refuse("has two names");
            entry_.key = value;
        } else {
            if (has_value_) return refuse("stands there twice");
            const auto bytes = field_ == "value" ? to_bytes(view(value)) : from_base64(value);
            if (!bytes) return refuse("is not base64");
            entry_.value = Secret(*bytes);
            has_value_ = true;
        }
        return true;
    }

    bool refuse(std::string_view what) {
        if (depth_ != (is_list_ ? 2 : 1)) return misshapen();
        error_ = cannot_take(origin_, entry_.key, what).error();
        return false;
    }
    bool misshapen() {
        error_ = {Code::invalid, std::string(origin_) + " is JSON, but not of variables.",
                  R"(Write it as {"NAME":"value"}, or as 'list --values --json' does.)"};
        return false;
    }

    std::string_view text_, origin_;
    Entries entries_;
    Entry entry_;       // the one that is being read
    std::string field_; // of an object of the array
    bool has_value_ = false;
    bool is_list_ = false;
    int depth_ = 0;
    Error error_;
};

} // namespace

Result<Entries> read_json(std::string_view text, std::string_view origin) {
    return JsonReader(text, origin).read();
}

} // namespace envmesh::cli::formats
