// SPDX-License-Identifier: MIT
#include "core/node/variable_calls.h"

namespace envmesh::node {

Result<Member*> VariableCalls::writable() {
    auto member = hooks_.unlocked();
    if (!member) return member;
    storage::Database& database = (*member)->database();
    if (!database.degraded()) return member;
    if (auto recovered = database.recover(); !recovered) return std::unexpected(recovered.error());
    return member;
}

template <class Reply, class Read>
Result<Reply> VariableCalls::read(Read read) {
    auto member = hooks_.unlocked();
    if (!member) return std::unexpected(member.error());
    return read((*member)->variables());
}

template <class Reply, class Change>
Result<Reply> VariableCalls::change(Change change) {
    auto member = writable();
    if (!member) return std::unexpected(member.error());
    Result<Variables::Changed> changed = change((*member)->variables());
    if (!changed) return std::unexpected(changed.error());
    hooks_.changed(changed->delta);
    auto pending = (*member)->replica().store().outbox_size();
    if (!pending) return std::unexpected(pending.error());
    return Reply{std::move(changed->keys), std::move(changed->versions), *pending};
}

template <class Choice>
Result<api::Done> VariableCalls::choose(Choice choice) {
    auto member = writable();
    if (!member) return std::unexpected(member.error());
    if (Result<> done = choice((*member)->variables()); !done) return std::unexpected(done.error());
    context_.exports_changed();
    context_.publish({"variables-changed", "many", {}, {}, {}});
    return api::Done{};
}

Result<api::Variable> VariableCalls::on(const api::Get& call) {
    return read<api::Variable>([&](Variables& in) { return in.get(call); });
}

Result<api::Set::Reply> VariableCalls::on(api::Set call) {
    return change<api::Set::Reply>([&](Variables& in) { return in.set(std::move(call)); });
}

Result<api::Delete::Reply> VariableCalls::on(const api::Delete& call) {
    return change<api::Delete::Reply>([&](Variables& in) { return in.erase(call); });
}

Result<api::List::Reply> VariableCalls::on(const api::List& call) {
    return read<api::List::Reply>([&](Variables& in) { return in.list(call); });
}

Result<api::Export::Reply> VariableCalls::on(const api::Export& call) {
    return read<api::Export::Reply>([&](Variables& in) { return in.exported(call); });
}

Result<api::Injected::Reply> VariableCalls::on(const api::Injected& /*call*/) {
    auto injection = read<Variables::Injection>([](Variables& in) { return in.injection(); });
    if (!injection) return std::unexpected(injection.error());
    const Published now = context_.published ? context_.published() : Published{};
    api::Injected::Reply reply{std::move(injection->all), now.places, now.reason};
    for (api::Injected::Item& item : reply.items) {
        if (item.state == "withheld" || !now.is_current) continue;
        const auto refused = now.refused.find(item.key);
        const bool is_refused = refused != now.refused.end();
        const bool is_nowhere = is_refused && refused->second.nowhere;
        if (now.places.empty() && !is_nowhere) continue;
        item.reason = is_refused ? refused->second.reason : now.reason;
        item.state = is_nowhere ? "refused" : item.reason.empty() ? "there" : "partly";
    }
    return reply;
}

Result<api::Explain::Reply> VariableCalls::on(const api::Explain& call) {
    return read<api::Explain::Reply>([&](Variables& in) { return in.explain(call); });
}

Result<api::Profiles::Reply> VariableCalls::on(const api::Profiles& /*call*/) {
    return read<api::Profiles::Reply>([](Variables& in) { return in.profiles(); });
}

Result<api::Done> VariableCalls::on(const api::UseProfiles& call) {
    return choose([&](Variables& in) { return in.use_profiles(call); });
}

Result<api::Done> VariableCalls::on(const api::CreateProfile& call) {
    return choose([&](Variables& in) { return in.create_profile(call); });
}

Result<api::Delete::Reply> VariableCalls::on(const api::DeleteProfile& call) {
    return change<api::Delete::Reply>([&](Variables& in) { return in.delete_profile(call); });
}

Result<api::Done> VariableCalls::on(const api::Trust& call) {
    return choose([&](Variables& in) { return in.trust(call); });
}

Result<api::Done> VariableCalls::on(const api::Distrust& call) {
    return choose([&](Variables& in) { return in.distrust(call); });
}

Result<api::Untrusted::Reply> VariableCalls::on(const api::Untrusted& call) {
    return read<api::Untrusted::Reply>([&](Variables& in) { return in.untrusted(call); });
}

Result<api::History::Reply> VariableCalls::on(const api::History& call) {
    return read<api::History::Reply>([&](Variables& in) { return in.history(call); });
}

Result<api::Set::Reply> VariableCalls::on(const api::Rollback& call) {
    return change<api::Set::Reply>([&](Variables& in) { return in.roll_back(call); });
}

} // namespace envmesh::node
