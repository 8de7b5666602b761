// SPDX-License-Identifier: MIT
// What GLib hands out, freeing itself, and an end to what it waits for.
#pragma once

#include <gio/gio.h>

#include <bit>
#include <chrono>
#include <condition_variable>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <thread>

namespace envmesh::platform {

using Moment = std::chrono::steady_clock::time_point;
/// What is left of the time, for GLib: 0 when it is over.
int milliseconds_until(Moment deadline);

struct GlibRelease {
    void operator()(GVariant* value) const { g_variant_unref(value); }
    void operator()(GMainContext* context) const { g_main_context_unref(context); }
    void operator()(GSource* source) const {
        g_source_destroy(source);
        g_source_unref(source);
    }
    void operator()(gchar* text) const { g_free(text); }
    template <class Object>
    void operator()(Object* object) const {
        g_object_unref(object);
    }
};

/// A reference that is owned: of a GObject, a GVariant, a GMainContext or a text. A GSource ends.
template <class Type>
using Owned = std::unique_ptr<Type, GlibRelease>;
using Variant = Owned<GVariant>;

/// Several of GLib's flags, which C++ takes for an enumeration of single ones.
template <class Flag>
constexpr Flag together(std::initializer_list<Flag> all) {
    unsigned bits = 0;
    for (const Flag each : all)
        bits |= static_cast<unsigned>(each);
    return std::bit_cast<Flag>(bits);
}

/// Where a GLib function leaves its error: `f(…, error.out())`.
class GlibError {
  public:
    GlibError() = default;
    GlibError(const GlibError&) = delete;
    GlibError& operator=(const GlibError&) = delete;
    ~GlibError() { g_clear_error(&error_); }

    GError** out() { return &error_; }
    [[nodiscard]] const GError* get() const { return error_; }

  private:
    GError* error_ = nullptr;
};

/// This thread's default context as long as it lives: what is connected or subscribed to meanwhile
/// is delivered in that context. What outlasts its owner there is freed at the end, and would stay
/// for ever in a context that nobody runs.
class ContextScope {
  public:
    explicit ContextScope(Owned<GMainContext> context = Owned<GMainContext>(g_main_context_new()));
    ContextScope(const ContextScope&) = delete;
    ContextScope& operator=(const ContextScope&) = delete;
    ~ContextScope();

  private:
    Owned<GMainContext> context_;
};

/// Cancels at the deadline, or when `stop` is cancelled, whatever is done with it meanwhile.
class Alarm {
  public:
    explicit Alarm(Moment deadline, GCancellable* stop = nullptr);
    Alarm(const Alarm&) = delete;
    Alarm& operator=(const Alarm&) = delete;
    ~Alarm();
    [[nodiscard]] GCancellable* get() const { return cancellable_.get(); }

  private:
    Owned<GCancellable> cancellable_{g_cancellable_new()};
    GCancellable* stop_;
    gulong link_ = 0;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::jthread thread_; // last: it uses the others
};

} // namespace envmesh::platform
