// SPDX-License-Identifier: MIT
// node::Home on the real file system.
#pragma once

#include "core/node/context.h"

namespace envmesh::daemon {

class DataFolder final : public node::Home {
  public:
    /// Creates the folder, private to the user.
    static Result<DataFolder> open(std::filesystem::path folder);

    Result<std::optional<Secret>> read(const std::filesystem::path& name,
                                       std::size_t most_bytes) override;
    Result<> write(const std::filesystem::path& name, View contents) override;
    Result<> move_aside(const std::filesystem::path& name) override;
    [[nodiscard]] std::filesystem::path path(const std::filesystem::path& name) const override;

  private:
    explicit DataFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

    [[nodiscard]] std::filesystem::path free_name(const std::filesystem::path& name) const;

    std::filesystem::path folder_;
};

/// Where the service manager has put the credential of that name for us (systemd.exec(5),
/// $CREDENTIALS_DIRECTORY); empty when there is none.
std::filesystem::path credential(const std::string& name);

} // namespace envmesh::daemon
