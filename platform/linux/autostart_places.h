// SPDX-License-Identifier: MIT
// The two ways in which Linux starts a person's programs at login. Each leaves a file that a person
// has changed where it is.
#pragma once

#include "platform/autostart.h"
#include "platform/linux/unit_text.h"

#include <chrono>
#include <optional>

namespace envmesh::platform {

using Deadline = std::chrono::steady_clock::time_point;

/// A file of ours, or one that stands where ours would.
struct Placed {
    std::filesystem::path file;
    std::string text;
    Origin origin = Origin::none;
};
Result<Placed> look_at(const std::filesystem::path& file);
/// `denied` when it is not ours to replace.
Result<> check(const Placed& before);
/// Whether anything was written; first checks.
Result<bool> place(const Placed& before, const std::string& text);
/// Of the two only what is ours, which is told. `denied` when something stays; folders that are
/// empty then go too.
Result<std::vector<std::filesystem::path>> take_away(const std::vector<Placed>& placed);

class SystemdUnit {
  public:
    /// Whether a user manager runs that can be asked. `conflict` when one runs and this process has
    /// no way to it.
    static Result<bool> is_possible();
    static Result<SystemdUnit> open(Deadline deadline);

    Result<Autostart> state() const;
    /// What `install` would refuse; changes nothing.
    Result<> check(const std::filesystem::path& daemon) const;
    Result<> install(const std::filesystem::path& daemon) const;
    /// Both units, in this order; a unit of somebody else is left alone.
    Result<> stop() const;
    Result<Uninstalled> remove() const;

  private:
    explicit SystemdUnit(Deadline deadline) : deadline_(deadline) {}

    Result<std::string> ask(std::vector<std::string> words) const;
    Result<> tell(std::vector<std::string> words) const;
    Result<> tell_known(std::vector<std::string> words, const std::vector<Properties>& units) const;
    /// Service and socket.
    Result<std::vector<Properties>> show() const;
    /// The service that the system brings, empty when it brings none.
    std::filesystem::path of_the_system() const;
    /// What our files are to say. None: the system's own are for this program.
    Result<std::optional<std::string>> wanted(const std::filesystem::path& daemon) const;
    Result<bool> write(const std::filesystem::path& daemon) const;
    bool is_placed() const;
    bool is_left_alone() const;

    Deadline deadline_;
    std::filesystem::path folder_;
    Placed service_, socket_;
};

class DesktopEntry {
  public:
    static Result<DesktopEntry> open();

    Autostart state() const;
    Result<> check(const std::filesystem::path& daemon) const;
    Result<> install(const std::filesystem::path& daemon, Deadline deadline) const;
    Result<> stop(Deadline deadline) const;
    Result<Uninstalled> remove() const;
    Origin origin() const { return entry_.origin; }
    const std::filesystem::path& log() const { return log_; }

  private:
    std::filesystem::path socket_, log_;
    Placed entry_;
};

} // namespace envmesh::platform
