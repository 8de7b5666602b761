// SPDX-License-Identifier: MIT
#include "platform/linux/environment_manager.h"

#include <iterator>
#include <string_view>

namespace envmesh::platform {
namespace {

constexpr gsize most_variables = 65'536;
const BusObject manager{"org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                        "org.freedesktop.systemd1.Manager", "systemd's user manager"};

using Pair = Values::const_iterator;

GVariant* assignment(const Values::value_type& pair) {
    return g_variant_new_take_string(g_strconcat(
        pair.first.c_str(), "=", std::string(pair.second.reveal_text()).c_str(), nullptr));
}

Result<> tell(const Bus& bus, const std::vector<std::string>& unset, Pair from, Pair to,
              Moment deadline) {
    GVariantBuilder names, assignments;
    g_variant_builder_init(&names, G_VARIANT_TYPE("as"));
    g_variant_builder_init(&assignments, G_VARIANT_TYPE("as"));
    for (const auto& name : unset)
        g_variant_builder_add(&names, "s", name.c_str());
    for (; from != to; ++from)
        g_variant_builder_add_value(&assignments, assignment(*from));
    const auto reply = bus.call(manager, "UnsetAndSetEnvironment",
                                g_variant_new("(asas)", &names, &assignments), "()", deadline);
    if (!reply) return std::unexpected(reply.error());
    return {};
}

// systemd refuses all for one, and each version has its own idea of a value.
Result<> tell_those_it_takes(const Bus& bus, Pair from, Pair to, Moment deadline,
                             std::vector<std::string>& refused) {
    if (from == to) return {};
    const auto done = tell(bus, {}, from, to, deadline);
    if (done || done.error().code != Code::denied) return done;
    if (std::next(from) == to) {
        refused.push_back(from->first);
        return {};
    }
    const auto middle = std::next(from, std::distance(from, to) / 2);
    if (auto first = tell_those_it_takes(bus, from, middle, deadline, refused); !first)
        return first;
    return tell_those_it_takes(bus, middle, to, deadline, refused);
}

} // namespace

Result<ManagerState> read_manager(const Bus& bus, Moment deadline) {
    const auto list = bus.property(manager, "Environment", "as", deadline);
    if (!list) return std::unexpected(list.error());
    if (g_variant_n_children(list->get()) > most_variables)
        return fail(Code::protocol, "systemd's user manager has more than 65,536 variables.");
    // The moment when it started; a manager that has none is always the same.
    const auto since = bus.property(manager, "UserspaceTimestampMonotonic", "t", deadline);
    const bool has_none =
        !since && (since.error().code == Code::denied || since.error().code == Code::not_found);
    if (!since && !has_none) return std::unexpected(since.error());
    ManagerState state;
    if (since) state.identity = std::to_string(g_variant_get_uint64(since->get()));
    for (gsize i = 0; i < g_variant_n_children(list->get()); ++i) {
        const Variant one(g_variant_get_child_value(list->get(), i));
        gsize size = 0;
        const gchar* start = g_variant_get_string(one.get(), &size);
        const std::string_view pair(start, size);
        const auto end = pair.find('=');
        if (end != std::string_view::npos)
            state.environment.insert_or_assign(std::string(pair.substr(0, end)),
                                               Secret(pair.substr(end + 1)));
    }
    return state;
}

Result<std::vector<std::string>> change_manager(const Bus& bus, const Change& change,
                                                Moment deadline) {
    std::vector<std::string> refused;
    if (change.empty()) return refused;
    auto done = tell(bus, change.unset, change.set.begin(), change.set.end(), deadline);
    if (!done && done.error().code == Code::denied && !change.set.empty()) {
        done = tell(bus, change.unset, change.set.end(), change.set.end(), deadline);
        if (done)
            done =
                tell_those_it_takes(bus, change.set.begin(), change.set.end(), deadline, refused);
    }
    if (!done) return std::unexpected(done.error());
    return refused;
}

std::string_view after_reload(std::string_view value) {
    const auto last = value.find_last_not_of(' ');
    return value.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

Result<> reload_manager(const Bus& bus, Moment deadline) {
    const auto state = bus.property(manager, "SystemState", "s", deadline);
    if (!state) return std::unexpected(state.error());
    if (std::string_view(g_variant_get_string(state->get(), nullptr)) == "stopping")
        return fail(Code::conflict, "systemd's user manager is about to end.");
    const auto before = read_manager(bus, deadline);
    if (!before) return std::unexpected(before.error());
    const auto reply = bus.call(manager, "Reload", nullptr, "()", deadline);
    // One that left the bus for a moment owes no reply: whether it is there is asked next.
    if (!reply && reply.error().code != Code::unreachable) return std::unexpected(reply.error());
    const auto after = read_manager(bus, deadline);
    if (!after) return std::unexpected(after.error());
    Change lost;
    for (const auto& [name, value] : before->environment) {
        const auto found = after->environment.find(name);
        if (found != after->environment.end() && found->second != value &&
            found->second.reveal_text() == after_reload(value.reveal_text()))
            lost.set.emplace(name, value.copy());
    }
    const auto done = change_manager(bus, lost, deadline);
    if (!done) return std::unexpected(done.error());
    return {};
}

Result<> update_activation(const Bus& bus, const Values& values, Moment deadline) {
    if (values.empty()) return {};
    GVariantBuilder pairs;
    g_variant_builder_init(&pairs, G_VARIANT_TYPE("a{ss}"));
    for (const auto& [name, value] : values)
        g_variant_builder_add(&pairs, "{ss}", name.c_str(),
                              std::string(value.reveal_text()).c_str());
    const auto reply = bus.call(bus_itself, "UpdateActivationEnvironment",
                                g_variant_new("(a{ss})", &pairs), "()", deadline);
    if (!reply) return std::unexpected(reply.error());
    return {};
}

} // namespace envmesh::platform
