// SPDX-License-Identifier: MIT
// A connection of our own to the bus of the login session, for one conversation that ends by its
// deadline whatever the other side does. All of it on one thread, whose default main context it is
// meanwhile. It never starts a bus, nor a program to get to one.
#pragma once

#include "platform/linux/glib.h"

#include <chrono>
#include <functional>
#include <string>

namespace envmesh::platform {

class SessionBus {
  public:
    using Clock = std::chrono::steady_clock;

    struct Member {
        std::string bus_name, path;
        const char* interface;
        const char* name;
    };

    /// `unreachable` without a bus, `timeout` where one does not speak.
    static Result<std::unique_ptr<SessionBus>> connect(Clock::time_point deadline);
    SessionBus(const SessionBus&) = delete;
    SessionBus& operator=(const SessionBus&) = delete;
    ~SessionBus();

    void end_by(Clock::time_point deadline) { deadline_ = deadline; }

    /// Whoever offers `name`, under the name that nobody else can get. The bus starts it where it
    /// knows how; `unreachable` when there is none.
    Result<std::string> owner_of(const std::string& name);
    /// `arguments` may be floating; `reply` is the type of the answer, "(v)". What fails is told as
    /// `what`: "The keyring cannot be opened".
    Result<Glib<GVariant>> call(const Member& member, GVariant* arguments, const char* reply,
                                const std::string& what);

    /// Signals and answers are heard only in here: until `is_done`, or false at the deadline or
    /// when the connection has ended.
    bool wait(const std::function<bool()>& is_done);
    using Start = std::function<void(GCancellable*, GAsyncReadyCallback, gpointer)>;
    /// One asynchronous call of GLib; cancelled at the deadline.
    GlibObject<GAsyncResult> finish(const Start& start);

    [[nodiscard]] GDBusConnection* connection() const { return connection_.get(); }

  private:
    explicit SessionBus(Clock::time_point deadline);
    [[nodiscard]] int milliseconds_left() const;

    Clock::time_point deadline_;
    Glib<GMainContext> context_;
    GlibObject<GDBusConnection> connection_;
};

} // namespace envmesh::platform
