// SPDX-License-Identifier: MIT
// The address of a Unix socket, as the system calls take it.
#pragma once

#include "core/base/error.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>

#include <sys/socket.h>
#include <sys/un.h>

namespace envmesh::platform {

class Address {
  public:
    /// 108 bytes is Linux's limit and 104 that of others; we keep to what works everywhere.
    static constexpr std::size_t longest = 100;

    /// A leading '@' is systemd's way to write an abstract name.
    static Result<Address> of(const std::filesystem::path& path) {
        const std::string text = path.string();
        if (text.empty() || text.size() > longest)
            return fail(Code::invalid,
                        "The socket path " + text + " is longer than 100 bytes, or empty.",
                        "Set ENVMESH_HOME to a shorter folder.");
        Address address;
        std::ranges::copy(text, address.address_.sun_path);
        if (text.front() == '@') address.address_.sun_path[0] = '\0';
        address.size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text.size());
        return address;
    }

    [[nodiscard]] const sockaddr* get() const {
        return reinterpret_cast<const sockaddr*>(&address_);
    }
    [[nodiscard]] socklen_t size() const { return size_; }

  private:
    Address() { address_.sun_family = AF_UNIX; }

    sockaddr_un address_{};
    socklen_t size_ = 0;
};

} // namespace envmesh::platform
