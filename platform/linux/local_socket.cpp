// SPDX-License-Identifier: MIT
#include "platform/local_socket.h"

#include "platform/linux/address.h"
#include "platform/linux/descriptor.h"

#include <cerrno>
#include <charconv>
#include <cstdlib>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace envmesh::platform {
namespace {

constexpr int first_passed = 3; // sd_listen_fds(3)
constexpr int backlog = 64;

int number_in(const char* variable) {
    const char* text = std::getenv(variable);
    int number = 0;
    if (text != nullptr) std::from_chars(text, text + std::string_view(text).size(), number);
    return number;
}

bool is_socket_activated() { return number_in("LISTEN_PID") == ::getpid(); }

int option(int socket, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    return ::getsockopt(socket, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

Result<int> inherited() {
    if (number_in("LISTEN_FDS") != 1 || option(first_passed, SO_DOMAIN) != AF_UNIX ||
        option(first_passed, SO_ACCEPTCONN) != 1)
        return fail(Code::invalid,
                    "The service manager did not pass exactly one listening Unix socket.",
                    "Let the .socket unit have one ListenStream= line with a path.");
    ::fcntl(first_passed, F_SETFD, FD_CLOEXEC);
    return first_passed;
}

// Only a socket of ours that refuses connections is stale; nothing else is ever removed.
Result<> remove_stale(const std::filesystem::path& path, const Address& address) {
    struct stat info{};
    if (::lstat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode) || info.st_uid != ::geteuid())
        return fail(Code::conflict, path.string() + " is in the way: it is no socket of ours.",
                    "Move it away.");
    const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (::connect(probe.get(), address.get(), address.size()) == 0 || errno != ECONNREFUSED)
        return fail(Code::conflict, "Another program listens on " + path.string() + ".",
                    "Stop it with: envmesh-cli shutdown");
    ::unlink(path.c_str());
    return {};
}

} // namespace

Result<int> listen_local(const std::filesystem::path& socket) {
    if (is_socket_activated()) return inherited();
    const auto address = Address::of(socket);
    if (!address) return std::unexpected(address.error());
    Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto cannot = "Cannot listen on " + socket.string();
    // The mode of the socket becomes that of its file, so there is no moment with a wider one.
    if (!listener.is_open() || ::fchmod(listener.get(), S_IRUSR | S_IWUSR) != 0)
        return system_failure(errno, cannot);
    int bound = ::bind(listener.get(), address->get(), address->size());
    if (bound != 0 && errno == EADDRINUSE) {
        if (auto removed = remove_stale(socket, *address); !removed)
            return std::unexpected(removed.error());
        bound = ::bind(listener.get(), address->get(), address->size());
    }
    if (bound != 0 || ::listen(listener.get(), backlog) != 0) return system_failure(errno, cannot);
    return listener.release();
}

void remove_local(const std::filesystem::path& socket) {
    if (!is_socket_activated()) ::unlink(socket.c_str()); // else it is the service manager's
}

bool is_same_user(int native_socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    return ::getsockopt(native_socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           size == sizeof peer && peer.uid == ::geteuid();
}

} // namespace envmesh::platform
