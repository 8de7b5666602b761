// SPDX-License-Identifier: MIT
// What each place can carry, and environment.d(5): a link there to a file of ours in memory. A link
// that leads nowhere, as after a logout, does the generator no harm (seen with systemd 252). It
// carries neither an empty value nor a control character (tab and line end are some), and over a
// noncharacter such as U+FFFE the generator crashes. 10,000 variables make a login some 5 s longer:
// the generator's own time.
#pragma once

#include "core/base/error.h"
#include "core/base/secret.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace envmesh::platform {

/// By name, in its order.
using Values = std::map<std::string, Secret, std::less<>>;

/// Why no place takes it, or nothing.
std::optional<std::string> refused_everywhere(const std::string& name, std::string_view value);
/// Why systemd's user manager does not take it, or nothing.
std::optional<std::string> refused_by_manager(std::string_view value);
/// Why environment.d does not carry it, or nothing.
std::optional<std::string> refused_by_file(std::string_view value);
/// NAME="value", for a value that environment.d carries.
std::string environment_line(std::string_view name, std::string_view value);

class EnvironmentFile {
  public:
    EnvironmentFile(const std::filesystem::path& memory, const std::filesystem::path& settings)
        : contents_(memory / "environment.conf"), folder_(settings / "environment.d"),
          link_(folder_ / "60-envmesh.conf") {}

    /// These and none else; without any both files go. Where it fails nothing of ours is left.
    Result<> write(const Values& values) const;
    void remove() const;
    /// Whether the link in environment.d is there, and ours.
    [[nodiscard]] bool is_linked() const;

  private:
    Result<> make_link() const;

    std::filesystem::path contents_, folder_, link_;
};

} // namespace envmesh::platform
