// SPDX-License-Identifier: MIT
#include "platform/linux/descriptor.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>

#include <poll.h>
#include <unistd.h>

namespace envmesh::platform {
namespace {

Code code_of(int error) {
    switch (error) {
    case ENOENT:
    case ENOTDIR: return Code::not_found;
    case EACCES:
    case EPERM:
    case ELOOP: return Code::denied;
    case ENAMETOOLONG: return Code::invalid;
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE: return Code::unreachable;
    case EAGAIN:
    case ETIMEDOUT: return Code::timeout;
    default: return Code::storage;
    }
}

} // namespace

Descriptor::~Descriptor() {
    if (is_open()) ::close(number_);
}

std::unexpected<Error> system_failure(int error, const std::string& what, std::string fix) {
    return fail(code_of(error), what + ": " + std::generic_category().message(error) + ".",
                std::move(fix));
}

bool wait_for(int descriptor, short events, std::chrono::steady_clock::time_point deadline) {
    using namespace std::chrono;
    for (;;) {
        const auto left = ceil<milliseconds>(deadline - steady_clock::now()).count();
        const auto wait = std::clamp<milliseconds::rep>(left, 0, INT_MAX);
        pollfd poll_on{.fd = descriptor, .events = events, .revents = 0};
        const int ready = ::poll(&poll_on, 1, static_cast<int>(wait));
        if (ready > 0) return true; // a broken connection too: the next call tells
        if (left <= 0) return false;
    }
}

} // namespace envmesh::platform
