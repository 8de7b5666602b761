// SPDX-License-Identifier: MIT
#include "platform/linux/glib.h"

#include <algorithm>
#include <climits>
#include <system_error>
#include <utility>

namespace envmesh::platform {

int milliseconds_until(Moment deadline) {
    using namespace std::chrono;
    const auto left = ceil<milliseconds>(deadline - steady_clock::now()).count();
    return static_cast<int>(std::clamp<milliseconds::rep>(left, 0, INT_MAX));
}

ContextScope::ContextScope(Owned<GMainContext> context) : context_(std::move(context)) {
    g_main_context_push_thread_default(context_.get());
}

ContextScope::~ContextScope() {
    for (int i = 0; i < 100 && g_main_context_iteration(context_.get(), FALSE) != 0; ++i) {
    }
    g_main_context_pop_thread_default(context_.get());
}

Alarm::Alarm(Moment deadline, GCancellable* stop) : stop_(stop) {
    try {
        thread_ = std::jthread([this, deadline](const std::stop_token& over) {
            std::unique_lock lock(mutex_);
            changed_.wait_until(lock, over, deadline, [] { return false; });
            if (!over.stop_requested()) g_cancellable_cancel(cancellable_.get());
        });
    } catch (const std::system_error&) { // no thread to be had: rather too early than never
        g_cancellable_cancel(cancellable_.get());
    }
    using Follow = void (*)(GCancellable*, gpointer);
    constexpr Follow follow = [](GCancellable*, gpointer own) {
        g_cancellable_cancel(static_cast<GCancellable*>(own));
    };
    if (stop_ != nullptr)
        link_ = g_cancellable_connect(stop_, reinterpret_cast<GCallback>(follow),
                                      cancellable_.get(), nullptr);
}

Alarm::~Alarm() {
    if (stop_ != nullptr) g_cancellable_disconnect(stop_, link_);
}

} // namespace envmesh::platform
