// SPDX-License-Identifier: MIT
// An open file descriptor that closes itself, and what a failed system call is called in our terms.
#pragma once

#include "core/base/error.h"

#include <chrono>
#include <utility>

namespace envmesh::platform {

class Descriptor {
  public:
    explicit Descriptor(int number = -1) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor();

    [[nodiscard]] int get() const { return number_; }
    [[nodiscard]] bool is_open() const { return number_ >= 0; }
    [[nodiscard]] int release() { return std::exchange(number_, -1); }

  private:
    int number_;
};

/// "The file … cannot be read: No space left on device." `what` is the part before the colon.
std::unexpected<Error> system_failure(int error, const std::string& what, std::string fix = {});

/// Waits until `events` (of poll(2)) are there; false at the deadline.
bool wait_for(int descriptor, short events, std::chrono::steady_clock::time_point deadline);

} // namespace envmesh::platform
