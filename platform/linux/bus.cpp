// SPDX-License-Identifier: MIT
#include "platform/linux/bus.h"

#include <gio/gunixfdlist.h>

#include <algorithm>
#include <climits>
#include <condition_variable>
#include <mutex>
#include <string_view>
#include <thread>

#include <unistd.h>

namespace envmesh::platform {
namespace {

// Cancels at the deadline, or when `stop` is cancelled, whatever is done with it meanwhile.
class Alarm {
  public:
    Alarm(Moment deadline, GCancellable* stop)
        : stop_(stop), thread_([this, deadline](const std::stop_token& over) {
              std::unique_lock lock(mutex_);
              changed_.wait_until(lock, over, deadline, [] { return false; });
              if (!over.stop_requested()) g_cancellable_cancel(cancellable_.get());
          }) {
        if (stop_ == nullptr) return;
        const auto follow = [](GCancellable*, gpointer own) {
            g_cancellable_cancel(static_cast<GCancellable*>(own));
        };
        link_ = g_cancellable_connect(
            stop_,
            reinterpret_cast<GCallback>(+static_cast<void (*)(GCancellable*, gpointer)>(follow)),
            cancellable_.get(), nullptr);
    }
    Alarm(const Alarm&) = delete;
    Alarm& operator=(const Alarm&) = delete;
    ~Alarm() {
        if (stop_ != nullptr) g_cancellable_disconnect(stop_, link_);
    }
    [[nodiscard]] GCancellable* get() const { return cancellable_.get(); }

  private:
    Owned<GCancellable> cancellable_{g_cancellable_new()};
    GCancellable* stop_;
    gulong link_ = 0;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::jthread thread_; // last: it uses the others
};

int milliseconds_until(Moment deadline) {
    using namespace std::chrono;
    const auto left = ceil<milliseconds>(deadline - steady_clock::now()).count();
    return static_cast<int>(std::clamp<milliseconds::rep>(left, 0, INT_MAX));
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

bool is_timeout(const GError* error) {
    return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) != 0 ||
           g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY) != 0 ||
           g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_TIMEOUT) != 0 ||
           g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_TIMED_OUT) != 0;
}

bool is_absence(const GError* error) {
    return g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) != 0 ||
           g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER) != 0 ||
           g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_DISCONNECTED) != 0;
}

// The other side's words are left out: they may repeat what was sent.
std::unexpected<Error> refusal(const GError* error, const std::string& who, const char* method) {
    if (is_timeout(error))
        return fail(Code::timeout, who + " does not answer " + method + " in time.");
    if (is_absence(error)) return fail(Code::unreachable, who + " is not on the bus.");
    const Owned<gchar> name(g_dbus_error_get_remote_error(error));
    if (name) return fail(Code::denied, who + " refuses " + method + ": " + name.get() + ".");
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT) != 0)
        return fail(Code::protocol, who + " answers " + method + " with another type.");
    return fail(Code::unreachable, "The bus went away while " + who + " was asked.");
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

const BusObject bus_itself{"org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus"};

// Without G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION, whose Hello cannot be hurried.
Result<Bus> Bus::connect(const std::string& address, Host host, Moment deadline,
                         GCancellable* stop) {
    if (!is_local(address) || g_dbus_is_address(address.c_str()) == 0)
        return fail(Code::invalid, "The address of the bus is not that of a local socket.");
    Failure failure;
    {
        const Alarm alarm(deadline, stop);
        Owned<GDBusConnection> connection(g_dbus_connection_new_for_address_sync(
            address.c_str(), G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, nullptr, alarm.get(),
            &failure.place()));
        if (connection) {
            Bus bus(std::move(connection), stop);
            if (host == Host::own_user && !is_of_own_user(bus.get()))
                return fail(Code::denied, "The bus at " + address + " belongs to another user.");
            const auto hello = bus.call(bus_itself, "Hello", nullptr, "(s)", deadline);
            if (!hello) return std::unexpected(hello.error());
            return bus;
        }
    }
    if (g_error_matches(failure.get(), G_IO_ERROR, G_IO_ERROR_CANCELLED) != 0)
        return fail(Code::timeout, "The bus at " + address + " does not answer in time.");
    return fail(Code::unreachable, "Cannot connect to the bus at " + address + ".");
}

Result<Variant> Bus::call(const BusObject& object, const char* method, GVariant* arguments,
                          const char* type, Moment deadline) const {
    const Variant owned(arguments == nullptr ? nullptr : g_variant_ref_sink(arguments));
    const int patience = milliseconds_until(deadline);
    if (patience == 0) return fail(Code::timeout, "No time was left to ask " + object.name + ".");
    Failure failure;
    Variant reply(g_dbus_connection_call_sync(get(), object.name.c_str(), object.path.c_str(),
                                              object.interface.c_str(), method, owned.get(),
                                              G_VARIANT_TYPE(type), G_DBUS_CALL_FLAGS_NO_AUTO_START,
                                              patience, stop_, &failure.place()));
    if (!reply) return refusal(failure.get(), object.name, method);
    return reply;
}

Result<Descriptor> Bus::call_for_descriptor(const BusObject& object, const char* method,
                                            GVariant* arguments, Moment deadline) const {
    const Variant owned(g_variant_ref_sink(arguments));
    Failure failure;
    GUnixFDList* handed = nullptr;
    const Variant reply(g_dbus_connection_call_with_unix_fd_list_sync(
        get(), object.name.c_str(), object.path.c_str(), object.interface.c_str(), method,
        owned.get(), G_VARIANT_TYPE("(h)"), G_DBUS_CALL_FLAGS_NO_AUTO_START,
        milliseconds_until(deadline), nullptr, &handed, stop_, &failure.place()));
    const Owned<GUnixFDList> list(handed);
    if (!reply) return refusal(failure.get(), object.name, method);
    gint32 index = 0;
    g_variant_get(reply.get(), "(h)", &index);
    if (!list || index < 0 || index >= g_unix_fd_list_get_length(list.get()))
        return fail(Code::protocol, object.name + " answers " + method + " with no descriptor.");
    Descriptor descriptor(g_unix_fd_list_get(list.get(), index, nullptr)); // close-on-exec
    if (!descriptor.is_open())
        return fail(Code::storage, "There is no room for another open file.");
    return descriptor;
}

Result<Variant> Bus::property(const BusObject& object, const char* name, const char* type,
                              Moment deadline) const {
    const BusObject properties{object.name, object.path, "org.freedesktop.DBus.Properties"};
    const auto reply = call(properties, "Get",
                            g_variant_new("(ss)", object.interface.c_str(), name), "(v)", deadline);
    if (!reply) return std::unexpected(reply.error());
    GVariant* found = nullptr;
    g_variant_get(reply->get(), "(v)", &found);
    Variant value(found);
    if (g_variant_is_of_type(value.get(), G_VARIANT_TYPE(type)) == 0)
        return fail(Code::protocol, object.name + " has " + name + " of another type.");
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
