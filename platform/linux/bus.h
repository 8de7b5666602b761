// SPDX-License-Identifier: MIT
// A connection to a D-Bus bus whose every step has a deadline, also the first ones: GLib itself
// waits 25 s for a bus that accepts and is silent. What it says is that of a stranger.
#pragma once

#include "core/base/error.h"
#include "platform/linux/descriptor.h"
#include "platform/linux/glib.h"

#include <chrono>
#include <string>

namespace envmesh::platform {

using Moment = std::chrono::steady_clock::time_point;

/// Where a method is called. Texts that live on.
struct BusObject {
    std::string name, path, interface;
};
extern const BusObject bus_itself;

class Bus {
  public:
    enum class Host { anyone, own_user }; // who must have opened the socket that we connect to

    /// `unix:` addresses only: others run programs or leave the machine. `stop`, where given, ends
    /// whatever is waited for, and outlives the Bus. `unreachable`, `timeout`, `denied`.
    static Result<Bus> connect(const std::string& address, Host host, Moment deadline,
                               GCancellable* stop = nullptr);

    /// `arguments` is a tuple, taken over where it is floating; the reply has `type`. Nothing is
    /// started for the sake of the call. `timeout`; `unreachable`: nobody is there; `denied`: it
    /// said no; `protocol`: another type. No error has a word of what was sent.
    Result<Variant> call(const BusObject& object, const char* method, GVariant* arguments,
                         const char* type, Moment deadline) const;
    /// The same for a method whose reply is one descriptor: "(h)".
    Result<Descriptor> call_for_descriptor(const BusObject& object, const char* method,
                                           GVariant* arguments, Moment deadline) const;
    /// What is in the variant, which has `type`.
    Result<Variant> property(const BusObject& object, const char* name, const char* type,
                             Moment deadline) const;
    /// Signals that match are sent to this connection.
    Result<> match(const std::string& rule, Moment deadline) const;

    [[nodiscard]] GDBusConnection* get() const { return connection_.get(); }
    /// The same as long as the bus lives, and another one after.
    [[nodiscard]] std::string identity() const;

  private:
    Bus(Owned<GDBusConnection> connection, GCancellable* stop)
        : connection_(std::move(connection)), stop_(stop) {}

    Owned<GDBusConnection> connection_;
    GCancellable* stop_;
};

} // namespace envmesh::platform
