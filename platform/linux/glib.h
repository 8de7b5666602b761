// SPDX-License-Identifier: MIT
// What GLib hands out, each with an owner that gives it back.
#pragma once

#include <gio/gio.h>

#include <memory>

namespace envmesh::platform {

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
