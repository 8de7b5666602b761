// SPDX-License-Identifier: MIT
#include "platform/linux/session_environment.h"

#include "core/base/log.h"
#include "platform/files.h"
#include "platform/linux/environment_plan.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <thread>

#include <linux/magic.h>
#include <sys/statfs.h>

namespace envmesh::platform {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 9s;         // for all of it
constexpr auto manager_patience = 4s; // the others still have their turn then

Result<> check_memory(const std::filesystem::path& folder) {
    if (auto made = make_private_folder(folder); !made) return made;
    struct statfs info{};
    if (::statfs(folder.c_str(), &info) != 0)
        return system_failure(errno, "Cannot look at the folder " + folder.string());
    if (info.f_type != TMPFS_MAGIC && info.f_type != RAMFS_MAGIC)
        return fail(Code::denied,
                    "The folder " + folder.string() +
                        " is on a disk, and no value of a variable may be there.",
                    "Let XDG_RUNTIME_DIR name a folder in memory (tmpfs).");
    return {};
}

class LinuxEnvironment final : public SessionEnvironment {
  public:
    LinuxEnvironment(const std::filesystem::path& memory, const std::filesystem::path& settings,
                     std::function<void(Passed)> passed)
        : memory_(memory), state_(memory), file_(memory, settings), passed_(std::move(passed)) {}

    Result<Publication> publish(const std::vector<Assignment>& wanted) override {
        const std::scoped_lock lock(mutex_);
        const auto deadline = std::chrono::steady_clock::now() + patience;
        Publication told;
        Values chosen = choose(wanted, told.refused);
        if (auto usable = check_memory(memory_); !usable) {
            told.reason = usable.error().message;
            return told;
        }
        const Injections known = state_.read();
        const ContextScope scope;
        const auto bus = connect(told, deadline);
        const auto manager =
            bus ? read(*bus, told, deadline) : Result<ManagerState>(fail(Code::unreachable, ""));
        // A bus hands what it is given on to the manager. One that is silent would get it some day,
        // when nobody watches.
        const bool is_bus_used = bus && (manager || manager.error().code == Code::unreachable);
        const auto situation = [&](const Values& values) {
            return Situation{values, known, manager ? &*manager : nullptr,
                             is_bus_used ? bus->identity() : ""};
        };
        Plan made = plan(situation(chosen));
        if (auto kept = state_.write(remembered(made)); !kept) {
            give_up_new(chosen, known, kept.error().message, told);
            made = plan(situation(chosen));
        }
        pass(Passed::remembered);
        std::ranges::move(made.refused, std::back_inserter(told.refused));
        write_file(chosen, told);
        pass(Passed::filed);
        const auto activation = is_bus_used ? activate(*bus, made, told, deadline) : Told::in_vain;
        pass(Passed::activated);
        const auto managed = manager ? manage(*bus, made, told, deadline) : Told::in_vain;
        pass(Passed::managed);
        const Injections left = remembered(made, managed, activation);
        keep(left);
        told.is_owed = wanted.empty() && (!left.all.empty() || file_.is_linked());
        std::ranges::sort(told.refused, {}, &Unpublished::name);
        return told;
    }

  private:
    static void add_reason(Publication& told, const std::string& reason) {
        if (!told.reason.empty()) told.reason += ' ';
        told.reason += reason;
    }

    /// What cannot be written now was written before, with more in it than is needed.
    void keep(const Injections& left) const {
        if (auto done = state_.write(left); !done)
            log_warning("the session's environment", "cause", done.error().message);
    }

    void pass(Passed step) const {
        if (passed_) passed_(step);
    }

    static std::optional<Bus> connect(Publication& told, Moment deadline) {
        auto bus = Bus::connect_to_session(deadline);
        if (bus) return std::move(*bus);
        add_reason(told, bus.error().message);
        return std::nullopt;
    }

    static Result<ManagerState> read(const Bus& bus, Publication& told, Moment deadline) {
        const auto until = std::min(deadline, std::chrono::steady_clock::now() + manager_patience);
        auto state = read_manager(bus, until);
        // It comes to a bus that it has just started itself some moments after we do.
        for (int i = 0; i < 20 && is_managed() && is_away(state); ++i) {
            std::this_thread::sleep_for(100ms);
            state = read_manager(bus, until);
        }
        if (!state) add_reason(told, state.error().message);
        return state;
    }

    static bool is_away(const Result<ManagerState>& state) {
        return !state && state.error().code == Code::unreachable;
    }

    static bool is_managed() {
        const char* runtime = std::getenv("XDG_RUNTIME_DIR");
        return runtime != nullptr && platform::exists(std::filesystem::path(runtime) / "systemd" /
                                                      "private"); // the manager's own
    }

    /// Nothing is told that could not be undone: what is remembered already may stay.
    static void give_up_new(Values& chosen, const Injections& known, const std::string& why,
                            Publication& told) {
        add_reason(told, why);
        std::erase_if(chosen, [&](const auto& one) {
            const auto entry = known.all.find(one.first);
            if (entry != known.all.end() && entry->second.has(one.second.reveal_text()))
                return false;
            told.refused.push_back({one.first, "there is no room to remember how to undo it"});
            return true;
        });
    }

    void write_file(const Values& chosen, Publication& told) const {
        Values carried;
        for (const auto& [name, value] : chosen)
            if (auto why = refused_by_file(value.reveal_text()))
                told.refused.push_back({name, std::move(*why)});
            else
                carried.emplace(name, value.copy());
        if (auto done = file_.write(carried); !done)
            add_reason(told, done.error().message);
        else if (!carried.empty())
            told.places.emplace_back("environment.d");
    }

    static Told activate(const Bus& bus, const Plan& made, Publication& told, Moment deadline) {
        const auto done = update_activation(bus, made.activation, deadline);
        if (!done) add_reason(told, done.error().message);
        if (!done) return Told::in_vain;
        const bool is_used = std::ranges::any_of(made.steps, [](const auto& one) {
            return one.second.entry.is_activated && !one.second.ends_in_activation;
        });
        if (is_used) told.places.emplace_back("D-Bus activation");
        return Told::well;
    }

    static Told manage(const Bus& bus, Plan& made, Publication& told, Moment deadline) {
        const auto refused = change_manager(bus, made.change, deadline);
        if (!refused) {
            add_reason(told, refused.error().message);
            return Told::in_vain;
        }
        if (!refused->empty()) take_back(bus, made, *refused, told, deadline);
        tidy(bus, made, deadline);
        const bool is_used = std::ranges::any_of(
            made.steps, [](const auto& one) { return one.second.settled.has_value(); });
        if (is_used) told.places.insert(told.places.begin(), "systemd user manager");
        return Told::well;
    }

    /// Where it had a value of ours before the one that it refuses.
    static void take_back(const Bus& bus, Plan& made, const std::vector<std::string>& refused,
                          Publication& told, Moment deadline) {
        Change change;
        for (const auto& name : refused) {
            told.refused.push_back({name, "systemd's user manager refuses the value"});
            const auto step = made.steps.find(name);
            if (step == made.steps.end()) continue;
            step->second.settled.reset();
            step->second.ends_in_manager = true;
            if (step->second.entry.ours.size() < 2) continue; // it never had one
            if (const auto& before = step->second.entry.before)
                change.set.emplace(name, before->copy());
            else
                change.unset.push_back(name);
        }
        if (auto done = change_manager(bus, change, deadline); !done)
            log_warning("systemd's user manager", "cause", done.error().message);
    }

    /// What is still there though it was to go. A bus may have handed its empty value on late. What
    /// a generator told, when the manager started or was reloaded, goes only when the generators
    /// run again, for which our file must be as it shall stay; without that the value goes at
    /// least.
    static void tidy(const Bus& bus, const Plan& made, Moment deadline) {
        Change again = left_over(bus, made, deadline);
        if (again.unset.empty()) return;
        auto done = change_manager(bus, {again.unset, {}}, deadline);
        again = left_over(bus, made, deadline);
        if (done && !again.unset.empty()) {
            if (const auto reloaded = reload_manager(bus, deadline); !reloaded)
                log_warning("systemd's user manager", "cause", reloaded.error().message);
            again = left_over(bus, made, deadline);
            if (!again.unset.empty()) done = change_manager(bus, {again.unset, {}}, deadline);
            again = left_over(bus, made, deadline);
        }
        if (done) done = change_manager(bus, {{}, std::move(again.set)}, deadline);
        if (!done) log_warning("systemd's user manager", "cause", done.error().message);
    }

    static Change left_over(const Bus& bus, const Plan& made, Moment deadline) {
        Change change;
        if (made.change.unset.empty()) return change;
        const auto now = read_manager(bus, deadline);
        if (!now) return change;
        for (const auto& name : made.change.unset) {
            const auto found = now->environment.find(name);
            if (found == now->environment.end()) continue;
            change.unset.push_back(name);
            if (!found->second.empty()) change.set.emplace(name, Secret());
        }
        return change;
    }

    std::filesystem::path memory_;
    InjectionFile state_;
    EnvironmentFile file_;
    std::function<void(Passed)> passed_;
    std::mutex mutex_;
};

} // namespace

std::unique_ptr<SessionEnvironment> observed_environment(const std::filesystem::path& memory,
                                                         const std::filesystem::path& settings,
                                                         std::function<void(Passed)> passed) {
    return std::make_unique<LinuxEnvironment>(memory, settings, std::move(passed));
}

std::unique_ptr<SessionEnvironment> system_environment(const std::filesystem::path& memory,
                                                       const std::filesystem::path& settings) {
    return observed_environment(memory, settings, {});
}

} // namespace envmesh::platform
