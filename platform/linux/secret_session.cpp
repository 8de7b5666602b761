// SPDX-License-Identifier: MIT
#include "platform/linux/secret_session.h"

namespace envmesh::platform {
namespace {

thread_local GDBusConnection* connection = nullptr; // of the one that is constructed

// libsecret sets these at the end of its construction, whatever it is told: the shared connection
// to the session bus, which has no deadline and may start a program. So a class of ours sets them
// once more.
GObject* construct(GType type, guint count, GObjectConstructParam* parameters) {
    auto* const parent = static_cast<GObjectClass*>(g_type_class_peek(SECRET_TYPE_SERVICE));
    GObject* const object = parent->constructor(type, count, parameters);
    constexpr auto flags =
        together({G_DBUS_PROXY_FLAGS_DO_NOT_LOAD_PROPERTIES,
                  G_DBUS_PROXY_FLAGS_DO_NOT_CONNECT_SIGNALS, G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START});
    g_object_set(object, "g-bus-type", G_BUS_TYPE_NONE, "g-connection", connection, "g-flags",
                 flags, nullptr);
    return object;
}

void prepare(gpointer all, gpointer) { static_cast<GObjectClass*>(all)->constructor = construct; }

GType type() {
    static const GType ours = [] {
        GTypeQuery parent{};
        g_type_query(SECRET_TYPE_SERVICE, &parent);
        return g_type_register_static_simple(SECRET_TYPE_SERVICE, "EnvmeshSecretService",
                                             parent.class_size, prepare, parent.instance_size,
                                             nullptr, GTypeFlags{});
    }();
    return ours;
}

} // namespace

Result<Owned<SecretService>> open_secret_session(const Bus& bus, Moment deadline) {
    const Alarm alarm(deadline);
    GlibError error;
    connection = bus.get();
    Owned<SecretService> session(secret_service_open_sync(
        type(), nullptr, SECRET_SERVICE_OPEN_SESSION, alarm.get(), error.out()));
    connection = nullptr;
    if (session && secret_service_get_session_dbus_path(session.get()) != nullptr) return session;
    return bus_failure(error.get(), "The Secret Service", "OpenSession");
}

} // namespace envmesh::platform
