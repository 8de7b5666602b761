// SPDX-License-Identifier: MIT
// What the commands that read and change settings share.
#pragma once

#include "core/config/settings.h"

namespace envmesh::cli {

/// `not_found`, with the name that may have been meant.
Error no_such_setting(const std::string& name);

} // namespace envmesh::cli
