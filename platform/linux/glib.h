// SPDX-License-Identifier: MIT
// What GLib hands out, freeing itself, and what its errors are called in our terms.
#pragma once

#include "core/base/error.h"

#include <gio/gio.h>

#include <bit>
#include <initializer_list>
#include <memory>
#include <string>

namespace envmesh::platform {

struct GlibFree {
    void operator()(gpointer memory) const { g_free(memory); }
    void operator()(GError* error) const { g_error_free(error); }
    void operator()(GVariant* value) const { g_variant_unref(value); }
    void operator()(GMainContext* context) const { g_main_context_unref(context); }
    void operator()(GSource* source) const {
        g_source_destroy(source);
        g_source_unref(source);
    }
};
struct GlibUnref {
    void operator()(gpointer object) const { g_object_unref(object); }
};
template <class T>
using Glib = std::unique_ptr<T, GlibFree>;
template <class T>
using GlibObject = std::unique_ptr<T, GlibUnref>;

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

    GError** out() {
        g_clear_error(&error_);
        return &error_;
    }
    [[nodiscard]] const GError* get() const { return error_; }

  private:
    GError* error_ = nullptr;
};

/// "The keyring cannot be opened: it did not answer in time." `what` is the part before the colon.
/// Of another process's error only the name is told, since its text could hold anything.
/// `not_found`: the object is not there; `locked`: the Secret Service says so; `protocol`: the
/// answer is of another form; `timeout`; else `unreachable`.
std::unexpected<Error> glib_failure(const GError* error, const std::string& what,
                                    std::string fix = {});

struct GlibRelease {
    void operator()(GVariant* value) const { g_variant_unref(value); }
    void operator()(GError* error) const { g_error_free(error); }
    void operator()(GMainContext* context) const { g_main_context_unref(context); }
    void operator()(GVariantIter* iterator) const { g_variant_iter_free(iterator); }
    void operator()(gchar* text) const { g_free(text); }
    template <class Object>
    void operator()(Object* object) const {
        g_object_unref(object);
    }
};

/// A reference that is owned: of a GObject, a GVariant, a GError or a text.
template <class Type>
using Owned = std::unique_ptr<Type, GlibRelease>;
using Variant = Owned<GVariant>;

/// For a function's last argument: `call(…, &failure.place())`.
class Failure {
  public:
    Failure() = default;
    Failure(const Failure&) = delete;
    Failure& operator=(const Failure&) = delete;
    ~Failure() {
        if (error_ != nullptr) g_error_free(error_);
    }
    GError*& place() { return error_; }
    [[nodiscard]] const GError* get() const { return error_; }

  private:
    GError* error_ = nullptr;
};

/// What is subscribed to in this scope is delivered in that context.
class ContextScope {
  public:
    explicit ContextScope(GMainContext* context) : context_(context) {
        g_main_context_push_thread_default(context_);
    }
    ContextScope(const ContextScope&) = delete;
    ContextScope& operator=(const ContextScope&) = delete;
    ~ContextScope() { g_main_context_pop_thread_default(context_); }

  private:
    GMainContext* context_;
};

} // namespace envmesh::platform
