// SPDX-License-Identifier: MIT
#include "platform/linux/secret_prompt.h"

#include <chrono>

namespace envmesh::platform {
namespace {

constexpr const char* interface = "org.freedesktop.Secret.Prompt";

class Hearing {
  public:
    Hearing(SessionBus& bus, const std::string& service, const std::string& path)
        : connection_(bus.connection()),
          completed_(g_dbus_connection_signal_subscribe(
              connection_, service.c_str(), interface, "Completed", path.c_str(), nullptr,
              G_DBUS_SIGNAL_FLAGS_NONE, on_completed, this, nullptr)),
          owner_(g_dbus_connection_signal_subscribe(
              connection_, "org.freedesktop.DBus", "org.freedesktop.DBus", "NameOwnerChanged",
              "/org/freedesktop/DBus", service.c_str(), G_DBUS_SIGNAL_FLAGS_NONE, on_owner, this,
              nullptr)) {}
    Hearing(const Hearing&) = delete;
    Hearing& operator=(const Hearing&) = delete;
    ~Hearing() {
        g_dbus_connection_signal_unsubscribe(connection_, completed_);
        g_dbus_connection_signal_unsubscribe(connection_, owner_);
    }

    bool is_completed = false;
    bool is_dismissed = false;
    bool has_died = false;

  private:
    static void on_completed(GDBusConnection*, const gchar*, const gchar*, const gchar*,
                             const gchar*, GVariant* arguments, gpointer data) {
        if (g_variant_is_of_type(arguments, G_VARIANT_TYPE("(bv)")) == 0) return;
        auto& self = *static_cast<Hearing*>(data);
        gboolean is_dismissed = FALSE;
        g_variant_get_child(arguments, 0, "b", &is_dismissed);
        self.is_completed = true;
        self.is_dismissed = is_dismissed != 0;
    }
    // Its unique name is never given to another: any change is its end.
    static void on_owner(GDBusConnection*, const gchar*, const gchar*, const gchar*, const gchar*,
                         GVariant*, gpointer data) {
        static_cast<Hearing*>(data)->has_died = true;
    }

    GDBusConnection* connection_;
    guint completed_, owner_;
};

void give_up(SessionBus& bus, const std::string& service, const std::string& path) {
    bus.end_by(SessionBus::Clock::now() + std::chrono::seconds(1));
    dismiss_prompt(bus, service, path);
}

} // namespace

Result<> answer_prompt(SessionBus& bus, const std::string& service, const std::string& path) {
    const Hearing hearing(bus, service, path); // before it is asked: the answer may be quick
    const auto asked = bus.call({service, path, interface, "Prompt"}, g_variant_new("(s)", ""),
                                "()", "The Secret Service cannot ask for the keyring's password");
    if (!asked) {
        if (asked.error().code == Code::timeout) give_up(bus, service, path);
        return std::unexpected(asked.error());
    }
    bus.wait([&] { return hearing.is_completed || hearing.has_died; });
    if (hearing.is_completed && !hearing.is_dismissed) return {};
    if (hearing.is_completed)
        return fail(Code::locked, "The keyring was not opened: the question was dismissed.",
                    "Try again and give the keyring's password.");
    if (hearing.has_died || g_dbus_connection_is_closed(bus.connection()) != 0)
        return fail(Code::unreachable, "The Secret Service ended while it asked.",
                    "Try again; log out and in again where that does not help.");
    give_up(bus, service, path);
    return fail(Code::timeout, "Nobody gave the keyring's password in time.",
                "Try again and answer the question on the screen.");
}

void dismiss_prompt(SessionBus& bus, const std::string& service, const std::string& path) {
    static_cast<void>(bus.call({service, path, interface, "Dismiss"}, nullptr, "()",
                               "The question for the keyring's password cannot be taken back"));
}

} // namespace envmesh::platform
