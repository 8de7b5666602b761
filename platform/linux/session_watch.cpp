// SPDX-License-Identifier: MIT
#include "platform/linux/session_watch.h"

#include "core/base/log.h"
#include "platform/linux/session_list.h"
#include "platform/linux/session_logind.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

namespace envmesh::platform {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;

constexpr seconds least_pause = 1s, most_pause = 64s;
constexpr auto patience_for_one = 2s; // sleep may be near, and with it the next signal
constexpr auto patience_for_all = 10s;
constexpr guint look_again = 60; // seconds: no signal tells that a session is closing

Moment within(std::chrono::milliseconds patience) {
    return std::chrono::steady_clock::now() + patience;
}

bool has_type(GVariant* arguments, const char* type) {
    return g_variant_is_of_type(arguments, G_VARIANT_TYPE(type)) != 0;
}

std::string path_of(GVariant* arguments) {
    const gchar* path = nullptr;
    g_variant_get(arguments, "(&s&o)", nullptr, &path);
    return path;
}

class LogindWatch final : public SessionWatch {
  public:
    LogindWatch(std::string address, std::function<void(SessionNews)> heard)
        : address_(std::move(address)), heard_(std::move(heard)), thread_([this] { run(); }) {}
    LogindWatch(const LogindWatch&) = delete;
    LogindWatch& operator=(const LogindWatch&) = delete;
    ~LogindWatch() override {
        {
            const std::scoped_lock lock(mutex_);
            is_stopped_ = true;
        }
        g_cancellable_cancel(stop_.get());
        changed_.notify_all();
        g_main_context_wakeup(context_.get());
        thread_.join();
    }

    void ready() override {
        const std::scoped_lock lock(mutex_);
        if (is_held_up_) inhibitor_ = Descriptor();
        is_held_up_ = false;
    }

    std::string state() const override {
        const std::scoped_lock lock(mutex_);
        return state_;
    }

  private:
    void run() {
        const ContextScope scope(Owned<GMainContext>(g_main_context_ref(context_.get())));
        const Owned<GSource> timer(g_timeout_source_new_seconds(look_again));
        g_source_set_callback(timer.get(), on_timer, this, nullptr);
        g_source_attach(timer.get(), context_.get());
        for (seconds pause = least_pause; !is_stopped_; pause = std::min(pause * 2, most_pause)) {
            if (const auto watched = watch(); watched)
                pause = least_pause;
            else
                describe(watched.error().message);
            std::unique_lock lock(mutex_);
            changed_.wait_for(lock, pause, [this] { return is_stopped_.load(); });
        }
    }

    /// Until it is lost; an error when there was nothing to watch.
    Result<> watch() {
        is_lost_ = false;
        auto logind = Logind::connect(address_, hooks_, stop_.get());
        if (!logind) return std::unexpected(logind.error());
        logind_ = std::move(*logind);
        auto begun = begin();
        while (begun && !is_stopped_ && !is_lost_)
            g_main_context_iteration(context_.get(), 1);
        logind_.reset();
        if (begun) describe("The connection to logind was lost; it is tried again.");
        return begun;
    }

    Result<> begin() {
        const auto asleep = logind_->is_preparing_for_sleep(within(patience_for_one));
        if (!asleep && asleep.error().code == Code::timeout) return std::unexpected(asleep.error());
        if (asleep) sleep(*asleep ? SessionNews::falling_asleep : SessionNews::awake);
        if (!is_asleep_) hold_up();
        sessions_.clear(); // a lock or its end may have been missed
        return look();
    }

    Result<> look() {
        const auto deadline = within(patience_for_all);
        const auto paths = logind_->sessions(deadline);
        if (!paths) return std::unexpected(paths.error());
        for (const auto& known : sessions_.paths())
            if (std::ranges::find(*paths, known) == paths->end()) sessions_.remove(known);
        for (const auto& path : *paths)
            if (auto done = look_at(path, deadline); !done) return done;
        tell_news();
        return {};
    }

    Result<> look_at(const std::string& path, Moment deadline) {
        const auto session = logind_->session(path, deadline);
        if (!session) return std::unexpected(session.error());
        if (*session)
            sessions_.put(path, **session);
        else
            sessions_.remove(path);
        return {};
    }

    // A logind that is silent now would be silent the next time too: begin afresh, with a pause.
    void expect(const Result<>& done) {
        if (!done) is_lost_ = true;
    }

    void hear(const std::string& path, const std::string& interface, const std::string& member,
              GVariant* arguments) {
        if (is_lost_ || is_stopped_) return;
        if (interface == "org.freedesktop.login1.Manager")
            hear_manager(member, arguments);
        else if (!sessions_.has(path))
            return;
        else if (interface == "org.freedesktop.login1.Session" && member == "Lock")
            sessions_.lock(path);
        else if (interface == "org.freedesktop.login1.Session" && member == "Unlock")
            sessions_.unlock(path);
        else if (member == "PropertiesChanged" && has_type(arguments, "(sa{sv}as)"))
            hear_properties(path, arguments);
        tell_news();
    }

    void hear_manager(const std::string& member, GVariant* arguments) {
        const bool is_flag = has_type(arguments, "(b)");
        gboolean begins = 0;
        if (is_flag) g_variant_get(arguments, "(b)", &begins);
        if (member == "PrepareForSleep" && is_flag) {
            sleep(begins != 0 ? SessionNews::falling_asleep : SessionNews::awake);
        } else if (member == "PrepareForShutdown" && is_flag) {
            begins != 0 ? tell_held_up(SessionNews::logged_out) : hold_up();
        } else if (member == "SessionNew" && has_type(arguments, "(so)")) {
            expect(look_at(path_of(arguments), within(patience_for_one)));
        } else if (member == "SessionRemoved" && has_type(arguments, "(so)")) {
            sessions_.remove(path_of(arguments));
        }
    }

    void hear_properties(const std::string& path, GVariant* arguments) {
        const Variant changed(g_variant_get_child_value(arguments, 1));
        gboolean locked = 0;
        if (g_variant_lookup(changed.get(), "LockedHint", "b", &locked) != 0)
            locked != 0 ? sessions_.lock(path) : sessions_.unlock(path);
        tell_news(); // before anything is asked
        const auto session = logind_->session(path, within(patience_for_one));
        if (!session)
            is_lost_ = true;
        else if (*session)
            sessions_.refresh(path, **session);
    }

    void sleep(SessionNews news) {
        const bool begins = news == SessionNews::falling_asleep;
        if (begins == is_asleep_) return;
        is_asleep_ = begins;
        if (begins) return tell_held_up(news);
        heard_(news);
        hold_up();
    }

    void tell_held_up(SessionNews news) {
        {
            const std::scoped_lock lock(mutex_);
            is_held_up_ = true;
        }
        heard_(news);
    }

    void tell_news() {
        for (const SessionNews news : sessions_.news())
            heard_(news);
        describe(sessions_.paths().empty() ? watching_sleep : watching);
    }

    /// From here on sleep and shutdown wait for us.
    void hold_up() {
        auto inhibitor = logind_->inhibit(within(patience_for_one));
        if (!inhibitor) log_warning("sleep does not wait", "cause", inhibitor.error().message);
        const std::scoped_lock lock(mutex_);
        is_held_up_ = false;
        inhibitor_ = inhibitor ? std::move(*inhibitor) : Descriptor();
    }

    void describe(std::string_view state) {
        const std::scoped_lock lock(mutex_);
        if (state_ != state) log_info("login sessions", "state", std::string(state));
        state_ = state;
    }

    static gboolean on_timer(gpointer data) {
        auto& self = *static_cast<LogindWatch*>(data);
        if (self.logind_ && !self.is_lost_) self.expect(self.look());
        return G_SOURCE_CONTINUE;
    }

    const std::string address_;
    const std::function<void(SessionNews)> heard_;
    const Logind::Hooks hooks_{
        [this](const std::string& path, const std::string& interface, const std::string& member,
               GVariant* arguments) { hear(path, interface, member, arguments); },
        [this] { is_lost_ = true; }};
    const Owned<GMainContext> context_{g_main_context_new()};
    const Owned<GCancellable> stop_{g_cancellable_new()};

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::atomic<bool> is_stopped_ = false; // set under the mutex
    std::string state_ = "Not connected yet.";
    Descriptor inhibitor_;
    bool is_held_up_ = false; // something waits for ready()

    // The thread's own.
    std::unique_ptr<Logind> logind_;
    SessionList sessions_;
    bool is_lost_ = false;
    bool is_asleep_ = false;

    std::thread thread_; // last: it uses the others
};

} // namespace

Result<std::unique_ptr<SessionWatch>> watch_sessions(std::string address,
                                                     std::function<void(SessionNews)> heard) {
    try {
        return std::make_unique<LogindWatch>(std::move(address), std::move(heard));
    } catch (const std::system_error&) {
        return fail(Code::internal, "Cannot start the thread that watches the login sessions.",
                    "Raise the limit on threads (ulimit -u).");
    }
}

} // namespace envmesh::platform
