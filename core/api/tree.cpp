// SPDX-License-Identifier: MIT
#include "core/api/tree.h"

#include <algorithm>
#include <vector>

#include <nlohmann/json.hpp>

namespace envmesh::api {
namespace {

using nlohmann::json;

constexpr std::size_t most_depth = 32;

/// Builds the tree as the parser reads (nlohmann's SAX interface: false ends it). The library's own
/// builder keeps the last of two equal fields.
class Builder {
  public:
    explicit Builder(json& root) : root_(root) {}
    /// Why it was ended; empty when the text itself is not JSON.
    [[nodiscard]] const std::string& fault() const { return fault_; }

    bool null() { return put(nullptr); }
    bool boolean(bool value) { return put(value); }
    bool number_integer(json::number_integer_t value) { return put(value); }
    bool number_unsigned(json::number_unsigned_t value) { return put(value); }
    bool number_float(json::number_float_t value, const std::string&) { return put(value); }
    bool string(std::string& value) { return put(std::move(value)); }
    bool binary(json::binary_t&) { return false; } // JSON has none
    bool start_object(std::size_t) { return open(json::object()); }
    bool start_array(std::size_t) { return open(json::array()); }
    bool end_object() { return close(); }
    bool end_array() { return close(); }
    bool key(std::string& name) {
        const auto [field, is_new] = open_.back()->emplace(std::move(name), nullptr);
        field_ = &*field;
        return is_new || stop("a field is given twice");
    }
    bool parse_error(std::size_t, const std::string&, const json::exception&) { return false; }

  private:
    json& place(json value) {
        if (open_.empty()) return root_ = std::move(value);
        if (open_.back()->is_array()) return open_.back()->emplace_back(std::move(value));
        return *field_ = std::move(value);
    }
    bool put(json value) {
        place(std::move(value));
        return true;
    }
    bool open(json empty) {
        if (open_.size() == most_depth) return stop("it is nested too deeply");
        open_.push_back(&place(std::move(empty)));
        return true;
    }
    bool close() {
        open_.pop_back();
        return true;
    }
    bool stop(const char* why) {
        fault_ = why;
        return false;
    }

    json& root_;
    std::vector<json*> open_; // an array grows only while what is in it is closed
    json* field_ = nullptr;
    std::string fault_;
};

void wipe_all(json& node) {
    if (node.is_string()) return wipe(node.get_ref<std::string&>());
    if (!node.is_structured()) return;
    for (json& child : node)
        wipe_all(child);
}

} // namespace

void WipeAndDelete::operator()(json* tree) const {
    wipe_all(*tree);
    delete tree;
}

std::unexpected<Error> refuse(const std::string& what) {
    return fail(Code::protocol, "A message on the local socket is malformed: " + what + '.',
                "Check that the daemon and this program are of the same version.");
}

Result<Tree> parse(View body) {
    // The library takes it for the end, and what follows would go unseen.
    if (std::ranges::find(body, 0) != body.end()) return refuse("it is not JSON");
    Tree tree(new json);
    Builder builder(*tree);
    bool whole = false;
    try {
        whole = json::sax_parse(body.begin(), body.end(), &builder);
    } catch (const std::exception&) { // its text quotes the input, which may be a secret
        whole = false;
    }
    if (!whole) return refuse(builder.fault().empty() ? "it is not JSON" : builder.fault());
    if (!tree->is_object()) return refuse("it is not a JSON object");
    return tree;
}

Secret dump_and_wipe(json& tree) {
    std::string text = tree.dump(-1, ' ', false, json::error_handler_t::replace);
    Secret out{std::string_view(text)};
    wipe(text);
    wipe_all(tree);
    tree = nullptr;
    return out;
}

} // namespace envmesh::api
