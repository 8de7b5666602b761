// SPDX-License-Identifier: MIT
#include "platform/linux/session_bus.h"

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace envmesh::platform {
namespace {

constexpr const char* no_bus_fix =
    "Log in to a desktop session, or start one with dbus-run-session.";

// GLib takes an absent address and some others ("autolaunch:", "unixexec:") as leave to start a
// program; and a secret is not for a network.
bool is_of_sockets(std::string_view addresses) {
    for (;;) {
        const auto end = addresses.find(';');
        if (!addresses.substr(0, end).starts_with("unix:")) return false;
        if (end == std::string_view::npos) return true;
        addresses.remove_prefix(end + 1);
    }
}

Result<std::string> bus_address() {
    const char* const told = std::getenv("DBUS_SESSION_BUS_ADDRESS");
    if (told != nullptr && *told != '\0') {
        if (is_of_sockets(told)) return told;
        return fail(Code::unreachable,
                    "The session bus of DBUS_SESSION_BUS_ADDRESS is not a local socket.",
                    no_bus_fix);
    }
    const char* const folder = std::getenv("XDG_RUNTIME_DIR");
    std::error_code failed;
    if (folder == nullptr || *folder != '/' ||
        !std::filesystem::is_socket(std::string(folder) + "/bus", failed))
        return fail(Code::unreachable, "There is no session bus here.", no_bus_fix);
    const std::string path = std::string(folder) + "/bus";
    const Glib<gchar> escaped(g_dbus_address_escape_value(path.c_str()));
    return std::string("unix:path=") + escaped.get();
}

gboolean go_on(gpointer) { return G_SOURCE_REMOVE; }

void keep_result(GObject*, GAsyncResult* result, gpointer kept) {
    g_object_ref(result);
    static_cast<GlibObject<GAsyncResult>*>(kept)->reset(result);
}

} // namespace

SessionBus::SessionBus(Clock::time_point deadline)
    : deadline_(deadline), context_(g_main_context_new()) {
    g_main_context_push_thread_default(context_.get());
}

SessionBus::~SessionBus() {
    // What signals were heard with is freed in here, a little later.
    for (int i = 0; i < 100 && g_main_context_iteration(context_.get(), FALSE) != 0; ++i) {
    }
    connection_.reset();
    g_main_context_pop_thread_default(context_.get());
}

Result<std::unique_ptr<SessionBus>> SessionBus::connect(Clock::time_point deadline) {
    const auto address = bus_address();
    if (!address) return std::unexpected(address.error());
    std::unique_ptr<SessionBus> bus(new SessionBus(deadline));
    const auto result =
        bus->finish([&](GCancellable* cancellable, GAsyncReadyCallback done, gpointer data) {
            constexpr auto flags = together({G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT,
                                             G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION});
            g_dbus_connection_new_for_address(address->c_str(), flags, nullptr, cancellable, done,
                                              data);
        });
    GlibError error;
    bus->connection_.reset(g_dbus_connection_new_for_address_finish(result.get(), error.out()));
    if (!bus->connection_)
        return glib_failure(error.get(), "The session bus cannot be reached", no_bus_fix);
    return bus;
}

int SessionBus::milliseconds_left() const {
    using std::chrono::ceil, std::chrono::milliseconds;
    const auto left = ceil<milliseconds>(deadline_ - Clock::now()).count();
    return static_cast<int>(std::clamp<milliseconds::rep>(left, 0, INT_MAX));
}

Result<std::string> SessionBus::owner_of(const std::string& name) {
    const auto ask = [&](const char* member, GVariant* arguments, const char* reply) {
        const std::string bus = "org.freedesktop.DBus";
        return call({bus, "/org/freedesktop/DBus", bus.c_str(), member}, arguments, reply,
                    "There is no " + name + " on the session bus");
    };
    auto has_owner = ask("NameHasOwner", g_variant_new("(s)", name.c_str()), "(b)");
    if (!has_owner) return std::unexpected(has_owner.error());
    gboolean is_there = FALSE;
    g_variant_get(has_owner->get(), "(b)", &is_there);
    if (is_there == 0) { // asked for always, it would fail for what runs but cannot be started
        auto started = ask("StartServiceByName", g_variant_new("(su)", name.c_str(), 0U), "(u)");
        if (!started) return std::unexpected(started.error());
    }
    auto answer = ask("GetNameOwner", g_variant_new("(s)", name.c_str()), "(s)");
    if (!answer) return std::unexpected(answer.error());
    const char* unique = nullptr;
    g_variant_get(answer->get(), "(&s)", &unique);
    if (g_dbus_is_unique_name(unique) == 0)
        return fail(Code::protocol, "The session bus gives " + name + " no name of its own.");
    return unique;
}

Result<Glib<GVariant>> SessionBus::call(const Member& member, GVariant* arguments,
                                        const char* reply, const std::string& what) {
    const Glib<GVariant> held(arguments == nullptr ? nullptr : g_variant_ref_sink(arguments));
    const int left = milliseconds_left();
    if (left == 0) return fail(Code::timeout, what + ": it did not answer in time.");
    GlibError error;
    Glib<GVariant> answer(g_dbus_connection_call_sync(
        connection_.get(), member.bus_name.c_str(), member.path.c_str(), member.interface,
        member.name, held.get(), G_VARIANT_TYPE(reply), G_DBUS_CALL_FLAGS_NO_AUTO_START, left,
        nullptr, error.out()));
    if (!answer) return glib_failure(error.get(), what);
    return answer;
}

bool SessionBus::wait(const std::function<bool()>& is_done) {
    while (!is_done()) {
        const auto left = milliseconds_left();
        if (left == 0) return false;
        if (connection_ && g_dbus_connection_is_closed(connection_.get()) != 0) return false;
        // The end of a connection wakes nobody here, so this looks for itself.
        const Glib<GSource> alarm(g_timeout_source_new(static_cast<guint>(std::min(left, 250))));
        g_source_set_callback(alarm.get(), go_on, nullptr, nullptr);
        g_source_attach(alarm.get(), context_.get());
        g_main_context_iteration(context_.get(), TRUE);
    }
    return true;
}

GlibObject<GAsyncResult> SessionBus::finish(const Start& start) {
    const GlibObject<GCancellable> cancellable(g_cancellable_new());
    GlibObject<GAsyncResult> result;
    start(cancellable.get(), keep_result, &result);
    if (!wait([&] { return result != nullptr; })) g_cancellable_cancel(cancellable.get());
    while (!result) // what is cancelled comes back at once
        g_main_context_iteration(context_.get(), TRUE);
    return result;
}

} // namespace envmesh::platform
