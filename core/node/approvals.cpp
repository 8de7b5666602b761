// SPDX-License-Identifier: MIT
#include "core/node/approvals.h"

#include "core/crypto/hash.h"

namespace envmesh::node {
namespace {

std::string digest(std::initializer_list<View> parts) { return hex(crypto::hash256(parts)); }

std::string prefix_of(std::string_view name) { return "trust." + std::string(name) + '.'; }
std::string setting_of(const sync::DeviceId& author, const sync::Variable& variable) {
    // One path goes before what a shell has, another after it, a string replaces it.
    const auto type = static_cast<std::uint8_t>(sync::type_of(variable.tags));
    return prefix_of(variable.name) + digest({author, View(&type, 1), variable.value.reveal()});
}
std::string project_prefix_of(std::string_view path) {
    return "project." + digest({view(path)}) + '.';
}
std::string project_setting_of(std::string_view path, std::string_view text) {
    return project_prefix_of(path) + digest({view(text)});
}

} // namespace

Result<bool> Approvals::is_there(std::string_view setting) {
    const auto found = settings_.get(setting);
    if (!found) return std::unexpected(found.error());
    return found->has_value();
}

Result<> Approvals::remove_all(const std::string& prefix) {
    const auto all = settings_.with_prefix(prefix);
    if (!all) return std::unexpected(all.error());
    for (const auto& [rest, value] : *all)
        if (auto done = settings_.erase(prefix + rest); !done) return done;
    return {};
}

Result<bool> Approvals::has(const sync::DeviceId& author, const sync::Variable& variable) {
    return is_there(setting_of(author, variable));
}
Result<> Approvals::add(const sync::Reading& reading) {
    return settings_.put(setting_of(reading.dot.device, reading.variable), reading.dot.device);
}
Result<> Approvals::remove(std::string_view name) { return remove_all(prefix_of(name)); }

Result<bool> Approvals::has_project(std::string_view path, std::string_view text) {
    return is_there(project_setting_of(path, text));
}
Result<> Approvals::add_project(std::string_view path, std::string_view text) {
    return settings_.put(project_setting_of(path, text), view(path));
}
Result<> Approvals::remove_project(std::string_view path) {
    return remove_all(project_prefix_of(path));
}

} // namespace envmesh::node
