// SPDX-License-Identifier: MIT
// Which file systems are on another machine, by what the kernel tells of them.
#pragma once

#include <string>
#include <string_view>

namespace envmesh::platform {

/// By statfs(2)'s f_type; empty for those that are local or can be either (FUSE).
std::string network_type_of_magic(unsigned long magic);
/// Whether a type as mountinfo has it ("fuse.sshfs") is of a network.
bool is_network_type(std::string_view type);
/// The type of the mount with this device, in the text of /proc/self/mountinfo; empty when there
/// is none. The last one counts.
std::string mounted_type(std::string_view mountinfo, unsigned major, unsigned minor);

} // namespace envmesh::platform
