// SPDX-License-Identifier: MIT
#include "platform/linux/secret_prompt.h"

#include <algorithm>

namespace envmesh::platform {
namespace {

constexpr const char* interface = "org.freedesktop.Secret.Prompt";

gboolean go_on(gpointer) { return G_SOURCE_REMOVE; }

class Hearing {
  public:
    // Without senders, which GDBus compares only where it said Hello itself.
    Hearing(const Bus& bus, const std::string& service, const std::string& path)
        : bus_(bus), service_(service),
          completed_(g_dbus_connection_signal_subscribe(
              bus.get(), nullptr, interface, "Completed", path.c_str(), nullptr,
              G_DBUS_SIGNAL_FLAGS_NONE, on_completed, this, nullptr)),
          owner_(g_dbus_connection_signal_subscribe(
              bus.get(), nullptr, bus_itself.interface.c_str(), "NameOwnerChanged",
              bus_itself.path.c_str(), service.c_str(), G_DBUS_SIGNAL_FLAGS_NONE, on_owner, this,
              nullptr)) {}
    Hearing(const Hearing&) = delete;
    Hearing& operator=(const Hearing&) = delete;
    ~Hearing() {
        g_dbus_connection_signal_unsubscribe(bus_.get(), completed_);
        g_dbus_connection_signal_unsubscribe(bus_.get(), owner_);
    }

    /// Signals are heard only in here.
    void wait(Moment deadline, const IsWanted& is_wanted) const {
        while (!is_completed && !has_ended() && is_wanted()) {
            const int left = milliseconds_until(deadline);
            if (left == 0) return;
            // The end of a connection wakes nobody here, so this looks for itself.
            const Owned<GSource> alarm(
                g_timeout_source_new(static_cast<guint>(std::min(left, 250))));
            g_source_set_callback(alarm.get(), go_on, nullptr, nullptr);
            GMainContext* const context = g_main_context_get_thread_default();
            g_source_attach(alarm.get(), context);
            g_main_context_iteration(context, TRUE);
        }
    }
    [[nodiscard]] bool has_ended() const {
        return has_died_ || g_dbus_connection_is_closed(bus_.get()) != 0;
    }

    bool is_completed = false;
    bool is_dismissed = false;

  private:
    static void on_completed(GDBusConnection*, const gchar* sender, const gchar*, const gchar*,
                             const gchar*, GVariant* arguments, gpointer data) {
        auto& self = *static_cast<Hearing*>(data);
        if (sender == nullptr || self.service_ != sender ||
            g_variant_is_of_type(arguments, G_VARIANT_TYPE("(bv)")) == 0)
            return;
        gboolean is_dismissed = FALSE;
        g_variant_get_child(arguments, 0, "b", &is_dismissed);
        self.is_completed = true;
        self.is_dismissed = is_dismissed != 0;
    }
    // Its unique name is never given to another: any change is its end.
    static void on_owner(GDBusConnection*, const gchar* sender, const gchar*, const gchar*,
                         const gchar*, GVariant*, gpointer data) {
        if (sender != nullptr && bus_itself.name == sender)
            static_cast<Hearing*>(data)->has_died_ = true;
    }

    const Bus& bus_;
    const std::string& service_;
    guint completed_, owner_;
    bool has_died_ = false;
};

// Before it is asked: the answer may be quick.
Result<> begin(const Bus& bus, const BusObject& prompt, Moment deadline) {
    const std::string ours =
        "type='signal',sender='" + prompt.name + "',path='" + prompt.path + "'";
    const std::string end = "type='signal',sender='org.freedesktop.DBus',"
                            "member='NameOwnerChanged',arg0='" +
                            prompt.name + "'";
    auto done = bus.match(ours, deadline);
    if (done) done = bus.match(end, deadline);
    if (!done) return done;
    const auto asked = bus.call(prompt, "Prompt", g_variant_new("(s)", ""), "()", deadline);
    return asked ? Result<>() : std::unexpected(asked.error());
}

void give_up(const Bus& bus, const std::string& service, const std::string& path) {
    dismiss_prompt(bus, service, path, std::chrono::steady_clock::now() + std::chrono::seconds(1));
}

} // namespace

Result<> answer_prompt(const Bus& bus, const std::string& service, const std::string& path,
                       Moment deadline, const IsWanted& is_wanted) {
    const Hearing hearing(bus, service, path);
    auto asked = begin(bus, {service, path, interface, "The Secret Service"}, deadline);
    if (!asked) {
        if (asked.error().code == Code::timeout) give_up(bus, service, path);
        return asked;
    }
    hearing.wait(deadline, is_wanted);
    if (hearing.is_completed && !hearing.is_dismissed) return {};
    if (hearing.is_completed)
        return fail(Code::locked, "The keyring was not opened: the question was dismissed.",
                    "Try again and give the keyring's password.");
    if (hearing.has_ended())
        return fail(Code::unreachable, "The Secret Service ended while it asked.",
                    "Try again; log out and in again where that does not help.");
    give_up(bus, service, path);
    if (!is_wanted())
        return fail(Code::locked, "The keyring's question was taken back: nobody waits for it.",
                    "Try again and answer the question on the screen.");
    return fail(Code::timeout, "Nobody gave the keyring's password in time.",
                "Try again and answer the question on the screen, or give the vault's password: "
                "envmesh-cli unlock");
}

void dismiss_prompt(const Bus& bus, const std::string& service, const std::string& path,
                    Moment deadline) {
    static_cast<void>(bus.call({service, path, interface, "The Secret Service"}, "Dismiss", nullptr,
                               "()", deadline));
}

} // namespace envmesh::platform
