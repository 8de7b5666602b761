// SPDX-License-Identifier: MIT
// A connection of our own to a D-Bus bus, whose every step has a deadline, also the first ones:
// GLib waits 25 s for a bus that accepts and is silent, and its shared connection may start one.
// What the others on the bus say is that of strangers: no error has a word of it, but for the name
// of a D-Bus error.
#pragma once

#include "core/base/error.h"
#include "platform/linux/descriptor.h"
#include "platform/linux/glib.h"

#include <string>

namespace envmesh::platform {

/// Where a method is called. Texts that live on.
struct BusObject {
    std::string name, path, interface;
    std::string who; // for people: "The Secret Service"
};
extern const BusObject bus_itself;

class Bus {
  public:
    enum class Host { anyone, own_user }; // who must have opened the socket that we connect to

    /// `unix:` addresses only: others run programs or leave the machine. `stop`, where given, ends
    /// whatever is waited for, and outlives the Bus. `unreachable`, `timeout`. What is heard is
    /// delivered in the thread's default context of now: give it a ContextScope.
    static Result<Bus> connect(const std::string& address, Host host, Moment deadline,
                               GCancellable* stop = nullptr);
    /// The login session's, at DBUS_SESSION_BUS_ADDRESS, else $XDG_RUNTIME_DIR/bus, and of this
    /// user: no other may be told a secret.
    static Result<Bus> connect_to_session(Moment deadline);

    /// `arguments` is a tuple, taken over where it is floating; the reply has `type`, and puts its
    /// descriptors into `handed`. Nothing is started for the sake of the call. See `bus_failure`.
    Result<Variant> call(const BusObject& object, const char* method, GVariant* arguments,
                         const char* type, Moment deadline, GUnixFDList** handed = nullptr) const;
    /// The same for a method whose reply is one descriptor: "(h)".
    Result<Descriptor> call_for_descriptor(const BusObject& object, const char* method,
                                           GVariant* arguments, Moment deadline) const;
    /// What is in the variant, which has `type`.
    Result<Variant> property(const BusObject& object, const char* name, const char* type,
                             Moment deadline) const;
    /// Signals that match are sent to this connection, and others are not. Since it said Hello
    /// itself, GDBus adds no rules and compares no senders: whoever hears them looks at the sender.
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

/// Why a call failed. `timeout`; `unreachable`: nobody is there, or it left meanwhile; `not_found`:
/// it knows no such object or method; `locked`: as the Secret Service says; `denied`: it said no;
/// `protocol`: its answer has another type.
std::unexpected<Error> bus_failure(const GError* error, const std::string& who,
                                   const std::string& method);

} // namespace envmesh::platform
