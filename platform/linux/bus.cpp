// SPDX-License-Identifier: MIT
#include "platform/linux/bus.h"

#include <gio/gunixfdlist.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include <unistd.h>

namespace envmesh::platform {
namespace {

struct Known {
    std::string_view name; // of D-Bus
    Code code;
};
constexpr std::array known{
    Known{"org.freedesktop.DBus.Error.NoReply", Code::unreachable}, // it has left the bus
    Known{"org.freedesktop.DBus.Error.Disconnected", Code::unreachable},
    Known{"org.freedesktop.DBus.Error.NameHasNoOwner", Code::unreachable},
    Known{"org.freedesktop.DBus.Error.ServiceUnknown", Code::unreachable},
    Known{"org.freedesktop.DBus.Error.TimedOut", Code::timeout},
    Known{"org.freedesktop.DBus.Error.Timeout", Code::timeout},
    Known{"org.freedesktop.DBus.Error.UnknownObject", Code::not_found},
    Known{"org.freedesktop.DBus.Error.UnknownMethod", Code::not_found},
    Known{"org.freedesktop.Secret.Error.NoSuchObject", Code::not_found},
    Known{"org.freedesktop.Secret.Error.IsLocked", Code::locked},
};

Code meaning(const GError* error, const gchar* remote) {
    const auto is = [&](int code) { return g_error_matches(error, G_IO_ERROR, code) != 0; };
    if (is(G_IO_ERROR_CANCELLED) || is(G_IO_ERROR_TIMED_OUT)) return Code::timeout;
    if (is(G_IO_ERROR_INVALID_ARGUMENT)) return Code::protocol;
    if (is(G_IO_ERROR_DBUS_ERROR) && remote == nullptr) return Code::denied; // of libsecret
    if (remote == nullptr) return Code::unreachable;
    const auto* const found = std::ranges::find(known, remote, &Known::name);
    return found == known.end() ? Code::denied : found->code;
}

bool is_local(std::string_view address) {
    while (!address.empty()) {
        if (!address.starts_with("unix:")) return false;
        const auto end = address.find(';');
        if (end == std::string_view::npos) return true;
        address.remove_prefix(end + 1);
    }
    return false;
}

Result<std::string> session_address() {
    const char* const told = std::getenv("DBUS_SESSION_BUS_ADDRESS");
    if (told != nullptr && *told != '\0') return told;
    const char* const folder = std::getenv("XDG_RUNTIME_DIR");
    const auto path = std::string(folder == nullptr ? "" : folder) + "/bus";
    std::error_code failed;
    if (folder == nullptr || *folder != '/' || !std::filesystem::is_socket(path, failed))
        return fail(Code::unreachable, "There is no session bus here.");
    const Owned<gchar> escaped(g_dbus_address_escape_value(path.c_str()));
    return std::string("unix:path=") + escaped.get();
}

// The kernel tells who called listen(), which for a socket of systemd is its user.
bool is_of_own_user(GDBusConnection* connection) {
    GIOStream* stream = g_dbus_connection_get_stream(connection);
    if (G_IS_SOCKET_CONNECTION(stream) == 0) return false;
    GSocket* socket = g_socket_connection_get_socket(reinterpret_cast<GSocketConnection*>(stream));
    const Owned<GCredentials> peer(g_socket_get_credentials(socket, nullptr));
    return peer && g_credentials_get_unix_user(peer.get(), nullptr) == ::geteuid();
}

} // namespace

const BusObject bus_itself{"org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                           "The bus"};

std::unexpected<Error> bus_failure(const GError* error, const std::string& who,
                                   const std::string& method) {
    const Owned<gchar> remote(error == nullptr ? nullptr : g_dbus_error_get_remote_error(error));
    const std::string name = remote ? std::string(": ") + remote.get() : "";
    const Code code = meaning(error, remote.get());
    switch (code) {
    case Code::timeout: return fail(code, who + " does not answer " + method + " in time.");
    case Code::not_found: return fail(code, who + " has nothing that serves " + method + ".");
    case Code::locked: return fail(code, who + " is locked.");
    case Code::protocol: return fail(code, who + " answers " + method + " with another type.");
    case Code::denied: return fail(code, who + " refuses " + method + name + ".");
    default: break;
    }
    if (remote) return fail(code, who + " is not on the bus.");
    return fail(code, "The bus went away while " + method + " was asked for.");
}

// Without G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION, whose Hello cannot be hurried.
Result<Bus> Bus::connect(const std::string& address, Host host, Moment deadline,
                         GCancellable* stop) {
    if (!is_local(address) || g_dbus_is_address(address.c_str()) == 0)
        return fail(Code::unreachable, "The address of the bus is not that of a local socket.");
    const Alarm alarm(deadline, stop);
    GlibError error;
    Owned<GDBusConnection> connection(g_dbus_connection_new_for_address_sync(
        address.c_str(), G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, nullptr, alarm.get(),
        error.out()));
    if (!connection && g_error_matches(error.get(), G_IO_ERROR, G_IO_ERROR_CANCELLED) != 0)
        return fail(Code::timeout, "The bus at " + address + " does not answer in time.");
    if (!connection)
        return fail(Code::unreachable, "Cannot connect to the bus at " + address + ".");
    if (host == Host::own_user && !is_of_own_user(connection.get()))
        return fail(Code::unreachable, "The bus at " + address + " belongs to another user.");
    Bus bus(std::move(connection), stop);
    const auto hello = bus.call(bus_itself, "Hello", nullptr, "(s)", deadline);
    if (!hello) return std::unexpected(hello.error());
    return bus;
}

Result<Bus> Bus::connect_to_session(Moment deadline) {
    const auto address = session_address();
    auto bus = address ? connect(*address, Host::own_user, deadline)
                       : Result<Bus>(std::unexpected(address.error()));
    if (!bus) bus.error().fix = "Log in to a desktop session, or start one with dbus-run-session.";
    return bus;
}

Result<Variant> Bus::call(const BusObject& object, const char* method, GVariant* arguments,
                          const char* type, Moment deadline, GUnixFDList** handed) const {
    const Variant owned(arguments == nullptr ? nullptr : g_variant_ref_sink(arguments));
    const int patience = milliseconds_until(deadline);
    if (patience == 0)
        return fail(Code::timeout, "No time was left to ask for " + std::string(method) + ".");
    GlibError error;
    Variant reply(g_dbus_connection_call_with_unix_fd_list_sync(
        get(), object.name.c_str(), object.path.c_str(), object.interface.c_str(), method,
        owned.get(), G_VARIANT_TYPE(type), G_DBUS_CALL_FLAGS_NO_AUTO_START, patience, nullptr,
        handed, stop_, error.out()));
    if (!reply) return bus_failure(error.get(), object.who, method);
    return reply;
}

Result<Descriptor> Bus::call_for_descriptor(const BusObject& object, const char* method,
                                            GVariant* arguments, Moment deadline) const {
    GUnixFDList* handed = nullptr;
    const auto reply = call(object, method, arguments, "(h)", deadline, &handed);
    const Owned<GUnixFDList> list(handed);
    if (!reply) return std::unexpected(reply.error());
    gint32 index = 0;
    g_variant_get(reply->get(), "(h)", &index);
    if (!list || index < 0 || index >= g_unix_fd_list_get_length(list.get()))
        return fail(Code::protocol, object.who + " answers " + method + " with no descriptor.");
    Descriptor descriptor(g_unix_fd_list_get(list.get(), index, nullptr)); // close-on-exec
    if (!descriptor.is_open())
        return fail(Code::storage, "There is no room for another open file.");
    return descriptor;
}

Result<Variant> Bus::property(const BusObject& object, const char* name, const char* type,
                              Moment deadline) const {
    const BusObject properties{object.name, object.path, "org.freedesktop.DBus.Properties",
                               object.who};
    const auto reply = call(properties, "Get",
                            g_variant_new("(ss)", object.interface.c_str(), name), "(v)", deadline);
    if (!reply) return std::unexpected(reply.error());
    GVariant* found = nullptr;
    g_variant_get(reply->get(), "(v)", &found);
    Variant value(found);
    if (g_variant_is_of_type(value.get(), G_VARIANT_TYPE(type)) == 0)
        return fail(Code::protocol, object.who + " has " + name + " of another type.");
    return value;
}

Result<> Bus::match(const std::string& rule, Moment deadline) const {
    const auto reply =
        call(bus_itself, "AddMatch", g_variant_new("(s)", rule.c_str()), "()", deadline);
    if (!reply) return std::unexpected(reply.error());
    return {};
}

std::string Bus::identity() const {
    const char* guid = g_dbus_connection_get_guid(get());
    return guid == nullptr ? "" : guid;
}

} // namespace envmesh::platform
