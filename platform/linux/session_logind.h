// SPDX-License-Identifier: MIT
// What is asked of logind (org.freedesktop.login1). Its answers are checked for type and size.
#pragma once

#include "platform/linux/bus.h"
#include "platform/linux/session_list.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace envmesh::platform {

class Logind {
  public:
    using Signal = std::function<void(const std::string& path, const std::string& interface,
                                      const std::string& member, GVariant* arguments)>;
    struct Hooks {
        Signal heard;               // of logind's own signals, in the context of `connect`
        std::function<void()> lost; // the bus or logind went, or logind is another one
    };

    /// In the thread's default context. `hooks` and `stop` outlive it.
    static Result<std::unique_ptr<Logind>> connect(const std::string& address, const Hooks& hooks,
                                                   GCancellable* stop);
    Logind(const Logind&) = delete;
    Logind& operator=(const Logind&) = delete;
    ~Logind();

    /// The paths of this user's sessions, at most SessionList::most.
    [[nodiscard]] Result<std::vector<std::string>> sessions(Moment deadline) const;
    /// Nothing for one that is not this user's, not a person's, or has gone.
    [[nodiscard]] Result<std::optional<LoginSession>> session(const std::string& path,
                                                              Moment deadline) const;
    /// Whether it has told of a sleep that has not ended.
    [[nodiscard]] Result<bool> is_preparing_for_sleep(Moment deadline) const;
    /// As long as it is open sleep and shutdown wait, for some seconds.
    [[nodiscard]] Result<Descriptor> inhibit(Moment deadline) const;

  private:
    Logind(Bus bus, const Hooks& hooks) : bus_(std::move(bus)), hooks_(hooks) {}
    Result<> subscribe(Moment deadline);
    static void on_signal(GDBusConnection*, const gchar* sender, const gchar* path,
                          const gchar* interface, const gchar* member, GVariant* arguments,
                          gpointer self);
    static void on_closed(GDBusConnection*, gboolean, GError*, gpointer self);

    Bus bus_;
    const Hooks& hooks_;
    std::string owner_; // who may speak for logind: others could send signals too
    guint subscription_ = 0;
    gulong closed_ = 0;
};

} // namespace envmesh::platform
