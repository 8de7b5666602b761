// SPDX-License-Identifier: MIT
// What stands behind the local socket: core/node/service.h in the daemon, a fake in tests.
#pragma once

#include "core/api/calls.h"
#include "core/base/task.h"

namespace envmesh::ipc {

/// One connected front end, for as long as it is connected. Never used again.
using ClientId = std::uint64_t;

class Service {
  public:
    virtual ~Service() = default;
    virtual Task<Result<api::Reply>> handle(api::Request request, ClientId client) = 0;
    virtual void disconnected(ClientId client) = 0;
    /// It has left; the calls that it made may run on for a while.
    virtual void leaving(ClientId /*client*/) {}
    /// For the hello.
    [[nodiscard]] virtual std::string version() const = 0;
};

} // namespace envmesh::ipc
