// SPDX-License-Identifier: MIT
// What we have put into the session's environment and what stood there before, so that it can be
// undone after a crash: written before anything is told. In memory only, as all of it.
#pragma once

#include "core/base/error.h"
#include "core/base/secret.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envmesh::platform {

struct Injected {
    /// In the user manager; nothing when there was none.
    std::optional<Secret> before;
    /// What we have set there or were about to set; none when it has nothing of ours.
    std::vector<Secret> ours;
    bool is_activated = false; // the bus has it for what it starts

    [[nodiscard]] bool is_over() const { return ours.empty() && !is_activated; }
    [[nodiscard]] bool has(std::string_view value) const;
    [[nodiscard]] Injected copy() const;
};

struct Injections {
    std::string manager, bus; // which ones it is about: others know nothing of it
    std::map<std::string, Injected, std::less<>> all;
};

Bytes encode(const Injections& injections);
/// `corrupt` for all that encode() does not write; every name is an identifier.
Result<Injections> decode_injections(View bytes);

class InjectionFile {
  public:
    explicit InjectionFile(const std::filesystem::path& memory) : file_(memory / "injected") {}

    /// What a damaged file says is not believed: it is set aside, and the log tells.
    [[nodiscard]] Injections read() const;
    /// Nothing is written where nothing is left: the file goes.
    [[nodiscard]] Result<> write(const Injections& injections) const;

  private:
    std::filesystem::path file_;
};

} // namespace envmesh::platform
