// SPDX-License-Identifier: MIT
// What a person of this machine has approved: values of variables that change which code runs
// (shell.md §4.3), and projects' files. An approval is of one content, so a change asks again. Kept
// in the database of this machine and told to nobody.
#pragma once

#include "core/storage/meshes.h"
#include "core/sync/change.h"

namespace envmesh::node {

class Approvals {
  public:
    explicit Approvals(storage::Settings& settings) : settings_(settings) {}

    /// This name with this value of this type, whichever scope holds it, from this author.
    Result<bool> has(const sync::DeviceId& author, const sync::Variable& variable);
    Result<bool> has(const sync::Reading& reading) {
        return has(reading.dot.device, reading.variable);
    }
    Result<> add(const sync::Reading& reading);
    /// Every value of the name.
    Result<> remove(std::string_view name);

    Result<bool> has_project(std::string_view path, std::string_view text);
    Result<> add_project(std::string_view path, std::string_view text);
    Result<> remove_project(std::string_view path);

  private:
    Result<bool> is_there(std::string_view setting);
    Result<> remove_all(const std::string& prefix);

    storage::Settings& settings_;
};

} // namespace envmesh::node
