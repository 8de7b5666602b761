// SPDX-License-Identifier: MIT
#include "platform/linux/glib.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace envmesh::platform {
namespace {

struct Known {
    std::string_view name; // of D-Bus
    Code code;
    std::string_view words;
};
constexpr std::array known{
    Known{"org.freedesktop.DBus.Error.NoReply", Code::unreachable, "it ended meanwhile"},
    Known{"org.freedesktop.DBus.Error.NameHasNoOwner", Code::unreachable, "nobody offers it"},
    Known{"org.freedesktop.DBus.Error.ServiceUnknown", Code::unreachable, "nobody offers it"},
    Known{"org.freedesktop.DBus.Error.TimedOut", Code::timeout, "it did not answer in time"},
    Known{"org.freedesktop.DBus.Error.Timeout", Code::timeout, "it did not answer in time"},
    Known{"org.freedesktop.DBus.Error.UnknownObject", Code::not_found, "it is not there"},
    Known{"org.freedesktop.DBus.Error.UnknownMethod", Code::not_found, "it is not there"},
    Known{"org.freedesktop.Secret.Error.NoSuchObject", Code::not_found, "it is not there"},
    Known{"org.freedesktop.Secret.Error.IsLocked", Code::locked, "it is locked"},
};

std::pair<Code, std::string> meaning(const GError& error) {
    if (g_error_matches(&error, G_IO_ERROR, G_IO_ERROR_CANCELLED) != 0 ||
        g_error_matches(&error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) != 0)
        return {Code::timeout, "it did not answer in time"};
    if (g_error_matches(&error, G_IO_ERROR, G_IO_ERROR_CLOSED) != 0)
        return {Code::unreachable, "the connection ended"};
    if (g_error_matches(&error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT) != 0)
        return {Code::protocol, "the answer is not what the protocol says"};
    const Glib<gchar> remote(g_dbus_error_get_remote_error(&error));
    if (!remote) {
        // libsecret takes the name away and leaves the text of the other process.
        const bool is_own = error.domain == G_IO_ERROR && error.code != G_IO_ERROR_DBUS_ERROR;
        return {Code::unreachable, is_own ? error.message : "it refuses"};
    }
    const auto* const found = std::ranges::find(known, remote.get(), &Known::name);
    if (found == known.end()) return {Code::unreachable, remote.get()};
    return {found->code, std::string(found->words)};
}

} // namespace

std::unexpected<Error> glib_failure(const GError* error, const std::string& what, std::string fix) {
    auto [code, words] = error == nullptr
                             ? std::pair(Code::unreachable, std::string("no reason given"))
                             : meaning(*error);
    return fail(code, what + ": " + words + ".", std::move(fix));
}

} // namespace envmesh::platform
