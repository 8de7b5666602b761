// SPDX-License-Identifier: MIT
// The calls about variables. Each answers after the change is on disk and before the network is
// asked.
#include "core/node/service.h"

namespace envmesh::node {

Result<Variables*> Service::readable() {
    auto member = unlocked();
    if (!member) return std::unexpected(member.error());
    return &(*member)->variables();
}

Result<Variables*> Service::writable() {
    auto variables = readable();
    if (!variables) return variables;
    storage::Database& database = member_->database();
    if (!database.degraded()) return variables;
    if (auto recovered = database.recover(); !recovered) return std::unexpected(recovered.error());
    return variables;
}

template <class Reply>
Result<Reply> Service::after_change(Result<Variables::Changed> changed) {
    if (!changed) return std::unexpected(changed.error());
    links_->changed(changed->delta);
    applied(changed->delta);
    auto pending = member_->replica().store().outbox_size();
    if (!pending) return std::unexpected(pending.error());
    return Reply{std::move(changed->keys), std::move(changed->versions), *pending};
}

Result<api::Done> Service::after_choice(Result<> done) {
    if (!done) return std::unexpected(done.error());
    exports_changed();
    context_.publish({"variables-changed", "many", {}, {}, {}});
    return api::Done{};
}

void Service::exports_changed() {
    if (context_.exports_changed) context_.exports_changed();
}

Task<Result<api::Variable>> Service::on(api::Get call, ClientId) {
    auto variables = readable();
    if (!variables) co_return std::unexpected(variables.error());
    co_return (*variables)->get(call);
}

Task<Result<api::Set::Reply>> Service::on(api::Set call, ClientId) {
    auto variables = writable();
    if (!variables) co_return std::unexpected(variables.error());
    co_return after_change<api::Set::Reply>((*variables)->set(std::move(call)));
}

Task<Result<api::Delete::Reply>> Service::on(api::Delete call, ClientId) {
    auto variables = writable();
    if (!variables) co_return std::unexpected(variables.error());
    co_return after_change<api::Delete::Reply>((*variables)->erase(call));
}

Task<Result<api::List::Reply>> Service::on(api::List call, ClientId) {
    auto variables = readable();
    if (!variables) co_return std::unexpected(variables.error());
    co_return (*variables)->list(call);
}

Task<Result<api::Export::Reply>> Service::on(api::Export call, ClientId) {
    auto variables = readable();
    if (!variables) co_return std::unexpected(variables.error());
    co_return (*variables)->exported(call);
}

Task<Result<api::Explain::Reply>> Service::on(api::Explain call, ClientId) {
    auto variables = readable();
    if (!variables) co_return std::unexpected(variables.error());
    co_return (*variables)->explain(call);
}

Task<Result<api::Profiles::Reply>> Service::on(api::Profiles, ClientId) {
    auto variables = readable();
    if (!variables) co_return std::unexpected(variables.error());
    co_return (*variables)->profiles();
}

Task<Result<api::Done>> Service::on(api::UseProfiles call, ClientId) {
    auto variables = writable();
    if (!variables) co_return std::unexpected(variables.error());
    co_return after_choice((*variables)->use_profiles(call));
}

Task<Result<api::Done>> Service::on(api::CreateProfile call, ClientId) {
    auto variables = writable();
    if (!variables) co_return std::unexpected(variables.error());
    co_return after_choice((*variables)->create_profile(call));
}

Task<Result<api::Delete::Reply>> Service::on(api::DeleteProfile call, ClientId) {
    auto variables = writable();
    if (!variables) co_return std::unexpected(variables.error());
    co_return after_change<api::Delete::Reply>((*variables)->delete_profile(call));
}

Task<Result<api::Done>> Service::on(api::Trust call, ClientId) {
    auto variables = writable();
    if (!variables) co_return std::unexpected(variables.error());
    co_return after_choice((*variables)->trust(call));
}

Task<Result<api::Done>> Service::on(api::Distrust call, ClientId) {
    auto variables = writable();
    if (!variables) co_return std::unexpected(variables.error());
    co_return after_choice((*variables)->distrust(call));
}

Task<Result<api::Untrusted::Reply>> Service::on(api::Untrusted call, ClientId) {
    auto variables = readable();
    if (!variables) co_return std::unexpected(variables.error());
    co_return (*variables)->untrusted(call);
}

Task<Result<api::History::Reply>> Service::on(api::History call, ClientId) {
    auto variables = readable();
    if (!variables) co_return std::unexpected(variables.error());
    co_return (*variables)->history(call);
}

Task<Result<api::Set::Reply>> Service::on(api::Rollback call, ClientId) {
    auto variables = writable();
    if (!variables) co_return std::unexpected(variables.error());
    co_return after_change<api::Set::Reply>((*variables)->roll_back(call));
}

} // namespace envmesh::node
