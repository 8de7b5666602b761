// SPDX-License-Identifier: MIT
#include "core/api/tree.h"

#include <set>
#include <vector>

#include <nlohmann/json.hpp>

namespace envmesh::api {
namespace {

using nlohmann::json;

constexpr int most_depth = 32;

class Guard {
  public:
    bool operator()(int depth, json::parse_event_t event, const json& parsed) {
        if (!fault_.empty()) return false;
        switch (event) {
        case json::parse_event_t::object_start: keys_.emplace_back(); [[fallthrough]];
        case json::parse_event_t::array_start:
            if (depth >= most_depth) fault_ = "it is nested too deeply";
            break;
        case json::parse_event_t::key:
            if (!keys_.back().insert(parsed.get_ref<const std::string&>()).second)
                fault_ = "a field is given twice";
            break;
        case json::parse_event_t::object_end: keys_.pop_back(); break;
        default: break;
        }
        return fault_.empty();
    }
    [[nodiscard]] const std::string& fault() const { return fault_; }

  private:
    std::vector<std::set<std::string>> keys_;
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
    Guard guard;
    const auto watch = [&guard](int depth, json::parse_event_t event, const json& parsed) {
        return guard(depth, event, parsed);
    };
    Tree tree(new json);
    try {
        *tree = json::parse(body.begin(), body.end(), watch, false);
    } catch (const std::exception&) { // its text quotes the input, which may be a secret
        return refuse("it is not JSON");
    }
    if (!guard.fault().empty()) return refuse(guard.fault());
    if (tree->is_discarded()) return refuse("it is not JSON");
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
