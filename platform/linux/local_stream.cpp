// SPDX-License-Identifier: MIT
#include "platform/local_socket.h"

#include "platform/linux/address.h"
#include "platform/linux/descriptor.h"

#include <algorithm>
#include <cerrno>

#include <poll.h>
#include <sys/socket.h>

namespace envmesh::platform {
namespace {

constexpr auto retry_after = std::chrono::milliseconds(10);

class UnixStream final : public LocalStream {
  public:
    explicit UnixStream(Descriptor socket) : socket_(std::move(socket)) {}

    Result<> write(View bytes, Deadline deadline) override {
        while (!bytes.empty()) {
            const ssize_t count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (count >= 0)
                bytes = bytes.subspan(static_cast<std::size_t>(count));
            else if (auto waited = wait_to(POLLOUT, errno, deadline); !waited)
                return waited;
        }
        return {};
    }

    Result<std::size_t> read(std::span<std::uint8_t> buffer, Deadline deadline) override {
        for (;;) {
            const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
            if (count > 0) return static_cast<std::size_t>(count);
            if (count == 0) return fail(Code::unreachable, "The daemon closed the connection.");
            if (auto waited = wait_to(POLLIN, errno, deadline); !waited)
                return std::unexpected(waited.error());
        }
    }

  private:
    Result<> wait_to(short events, int error, Deadline deadline) {
        if (error == EINTR) return {};
        if (error != EAGAIN) return system_failure(error, "The connection to the daemon broke");
        if (wait_for(socket_.get(), events, deadline)) return {};
        return fail(Code::timeout, "The daemon did not answer in time.",
                    "It may be busy or stopped; try again.");
    }

    Descriptor socket_;
};

// A full backlog is EAGAIN at once and gives poll nothing to wait for, hence the pauses.
int connect_until(int socket, const Address& address, Deadline deadline) {
    for (;;) {
        if (::connect(socket, address.get(), address.size()) == 0) return 0;
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return errno;
        const auto now = std::chrono::steady_clock::now();
        if (now >= deadline) return ETIMEDOUT;
        wait_for(-1, 0, std::min(deadline, now + retry_after));
    }
}

} // namespace

Result<std::unique_ptr<LocalStream>> LocalStream::connect(const std::filesystem::path& socket,
                                                          Deadline deadline) {
    const auto address = Address::of(socket);
    if (!address) return std::unexpected(address.error());
    Descriptor stream(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!stream.is_open()) return system_failure(errno, "Cannot open a socket");
    const int error = connect_until(stream.get(), *address, deadline);
    if (error == ENOENT || error == ENOTDIR || error == ECONNREFUSED)
        return fail(Code::unreachable, "No daemon listens on " + socket.string() + ".",
                    "Start it: envmesh-daemon");
    constexpr auto as_its_user = "Run envmesh-cli as the user who runs the daemon.";
    if (error != 0)
        return system_failure(error, "Cannot connect to " + socket.string(),
                              error == EACCES ? as_its_user : "");
    if (!is_same_user(stream.get()))
        return fail(Code::denied,
                    "What listens on " + socket.string() + " belongs to another user.",
                    as_its_user);
    return std::make_unique<UnixStream>(std::move(stream));
}

} // namespace envmesh::platform
