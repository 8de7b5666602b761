// SPDX-License-Identifier: MIT
// The two ways in which Linux starts a person's programs at login. Each leaves a file that a person
// has changed where it is.
#pragma once

#include "platform/autostart.h"
#include "platform/linux/unit_text.h"

#include <chrono>

namespace envmesh::platform {

using Deadline = std::chrono::steady_clock::time_point;

/// A file of ours, or one that stands where ours would.
struct Placed {
    std::filesystem::path file;
    std::string text;
    Origin origin = Origin::none;
};
Result<Placed> look_at(const std::filesystem::path& file);
/// Whether anything was written. `denied` when it is not ours to replace.
Result<bool> place(const Placed& before, const std::string& text);
/// Of the two only what is ours. `denied` when something stays; folders that are empty then go too.
Result<> take_away(const std::vector<Placed>& placed);

class SystemdUnit {
  public:
    /// Whether a user manager runs that can be asked. `conflict` when one runs and this process has
    /// no way to it.
    static Result<bool> is_possible();
    static Result<SystemdUnit> open(Deadline deadline);

    Result<Autostart> state() const;
    Result<> install(const std::filesystem::path& daemon);
    Result<> uninstall();

  private:
    explicit SystemdUnit(Deadline deadline) : deadline_(deadline) {}

    Result<std::string> ask(std::vector<std::string> words) const;
    Result<> tell(std::vector<std::string> words) const;
    /// Service and socket.
    Result<std::vector<Properties>> show() const;
    /// The service that the system brings, empty when it brings none.
    std::filesystem::path of_the_system() const;
    Result<bool> write(const std::filesystem::path& daemon) const;

    Deadline deadline_;
    std::filesystem::path folder_;
    Placed service_, socket_;
};

class DesktopEntry {
  public:
    static Result<DesktopEntry> open();

    Autostart state() const;
    Result<> install(const std::filesystem::path& daemon, Deadline deadline);
    Result<> uninstall(Deadline deadline);
    Origin origin() const { return entry_.origin; }
    const std::filesystem::path& log() const { return log_; }

  private:
    std::filesystem::path socket_, log_;
    Placed entry_;
};

} // namespace envmesh::platform
