// SPDX-License-Identifier: MIT
#include "platform/linux/session_logind.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <unistd.h>

namespace envmesh::platform {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 5s; // to be told of everything once
constexpr gsize most_listed = 65'536;
const BusObject manager{"org.freedesktop.login1", "/org/freedesktop/login1",
                        "org.freedesktop.login1.Manager", "logind"};
constexpr const char* session_interface = "org.freedesktop.login1.Session";

constexpr std::array rules{
    "type='signal',sender='org.freedesktop.login1',interface='org.freedesktop.login1.Manager'",
    "type='signal',sender='org.freedesktop.login1',interface='org.freedesktop.login1.Session'",
    "type='signal',sender='org.freedesktop.login1',interface='org.freedesktop.DBus.Properties',"
    "path_namespace='/org/freedesktop/login1/session'",
    "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
    "member='NameOwnerChanged',arg0='org.freedesktop.login1'",
};

std::string_view text_in(GVariant* properties, const char* name) {
    const gchar* found = nullptr;
    // The text is the dictionary's, which outlives it.
    return g_variant_lookup(properties, name, "&s", &found) != 0 ? found : "";
}

bool is_own(GVariant* properties) {
    guint32 user = 0;
    const gchar* path = nullptr;
    return g_variant_lookup(properties, "User", "(u&o)", &user, &path) != 0 && user == ::getuid();
}

} // namespace

Result<std::unique_ptr<Logind>> Logind::connect(const std::string& address, const Hooks& hooks,
                                                GCancellable* stop) {
    const Moment deadline = std::chrono::steady_clock::now() + patience;
    auto bus = Bus::connect(address, Bus::Host::anyone, deadline, stop);
    if (!bus) return std::unexpected(bus.error());
    std::unique_ptr<Logind> logind(new Logind(std::move(*bus), hooks));
    if (auto done = logind->subscribe(deadline); !done) return std::unexpected(done.error());
    return logind;
}

Result<> Logind::subscribe(Moment deadline) {
    using Closed = void (*)(GDBusConnection*, gboolean, GError*, gpointer);
    closed_ = g_signal_connect_data(bus_.get(), "closed",
                                    reinterpret_cast<GCallback>(static_cast<Closed>(on_closed)),
                                    this, nullptr, GConnectFlags{});
    subscription_ =
        g_dbus_connection_signal_subscribe(bus_.get(), nullptr, nullptr, nullptr, nullptr, nullptr,
                                           G_DBUS_SIGNAL_FLAGS_NONE, on_signal, this, nullptr);
    for (const char* rule : rules)
        if (auto done = bus_.match(rule, deadline); !done) return done;
    const auto reply = bus_.call(bus_itself, "GetNameOwner",
                                 g_variant_new("(s)", manager.name.c_str()), "(s)", deadline);
    if (!reply && reply.error().code == Code::timeout) return std::unexpected(reply.error());
    if (!reply) return fail(Code::unreachable, "There is no logind on the system's bus.");
    const gchar* owner = nullptr;
    g_variant_get(reply->get(), "(&s)", &owner);
    owner_ = owner;
    return {};
}

Logind::~Logind() {
    if (subscription_ != 0) g_dbus_connection_signal_unsubscribe(bus_.get(), subscription_);
    if (closed_ != 0) g_signal_handler_disconnect(bus_.get(), closed_);
    g_dbus_connection_close(bus_.get(), nullptr, nullptr, nullptr);
}

void Logind::on_closed(GDBusConnection*, gboolean, GError*, gpointer self) {
    static_cast<Logind*>(self)->hooks_.lost();
}

void Logind::on_signal(GDBusConnection*, const gchar* sender, const gchar* path,
                       const gchar* interface, const gchar* member, GVariant* arguments,
                       gpointer data) {
    const auto& self = *static_cast<Logind*>(data);
    if (sender == nullptr || path == nullptr || interface == nullptr || member == nullptr) return;
    if (bus_itself.name == sender) {
        if (std::string_view(member) == "NameOwnerChanged") self.hooks_.lost();
        return;
    }
    if (self.owner_ == sender) self.hooks_.heard(path, interface, member, arguments);
}

Result<std::vector<std::string>> Logind::sessions(Moment deadline) const {
    const auto reply = bus_.call(manager, "ListSessions", nullptr, "(a(susso))", deadline);
    if (!reply) return std::unexpected(reply.error());
    const Variant list(g_variant_get_child_value(reply->get(), 0));
    const gsize count = std::min(g_variant_n_children(list.get()), most_listed);
    std::vector<std::string> paths;
    for (gsize i = 0; i < count && paths.size() < SessionList::most; ++i) {
        guint32 user = 0;
        const gchar* path = nullptr;
        const Variant one(g_variant_get_child_value(list.get(), i));
        g_variant_get(one.get(), "(&su&s&s&o)", nullptr, &user, nullptr, nullptr, &path);
        if (user == ::getuid()) paths.emplace_back(path);
    }
    return paths;
}

Result<std::optional<LoginSession>> Logind::session(const std::string& path,
                                                    Moment deadline) const {
    const BusObject object{manager.name, path, "org.freedesktop.DBus.Properties", manager.who};
    const auto reply =
        bus_.call(object, "GetAll", g_variant_new("(s)", session_interface), "(a{sv})", deadline);
    const auto code = reply ? Code::internal : reply.error().code;
    if (code == Code::denied || code == Code::not_found) return std::nullopt; // it has gone
    if (!reply) return std::unexpected(reply.error());
    const Variant properties(g_variant_get_child_value(reply->get(), 0));
    if (!is_own(properties.get()) || !is_of_person(text_in(properties.get(), "Class")))
        return std::nullopt;
    gboolean locked = 0;
    g_variant_lookup(properties.get(), "LockedHint", "b", &locked);
    return LoginSession{is_graphical(text_in(properties.get(), "Type")), locked != 0,
                        text_in(properties.get(), "State") == "closing"};
}

Result<bool> Logind::is_preparing_for_sleep(Moment deadline) const {
    const auto value = bus_.property(manager, "PreparingForSleep", "b", deadline);
    if (!value) return std::unexpected(value.error());
    return g_variant_get_boolean(value->get()) != 0;
}

Result<Descriptor> Logind::inhibit(Moment deadline) const {
    return bus_.call_for_descriptor(
        manager, "Inhibit",
        g_variant_new("(ssss)", "sleep:shutdown", "EnvMesh", "Locks its vault before", "delay"),
        deadline);
}

} // namespace envmesh::platform
