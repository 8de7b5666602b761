// SPDX-License-Identifier: MIT
// The calls about variables. Each answers after the change is on disk and before the network is
// asked.
#include "core/node/service.h"

namespace envmesh::node {

Result<> Service::writable() {
    storage::Database& database = member_->database();
    return database.degraded() ? database.recover() : Result<>{};
}

template <class Reply>
Result<Reply> Service::after_change(Result<Member::Changed> changed) {
    if (!changed) return std::unexpected(changed.error());
    links_->changed(changed->delta);
    applied(changed->delta);
    auto pending = member_->replica().store().outbox_size();
    if (!pending) return std::unexpected(pending.error());
    return Reply{std::move(changed->keys), std::move(changed->versions), *pending};
}

Task<Result<api::Variable>> Service::on(api::Get call, ClientId) {
    auto member = unlocked();
    if (!member) co_return std::unexpected(member.error());
    co_return (*member)->get(call);
}

Task<Result<api::Set::Reply>> Service::on(api::Set call, ClientId) {
    auto member = unlocked();
    if (!member) co_return std::unexpected(member.error());
    if (auto ready = writable(); !ready) co_return std::unexpected(ready.error());
    co_return after_change<api::Set::Reply>((*member)->set(std::move(call)));
}

Task<Result<api::Delete::Reply>> Service::on(api::Delete call, ClientId) {
    auto member = unlocked();
    if (!member) co_return std::unexpected(member.error());
    if (auto ready = writable(); !ready) co_return std::unexpected(ready.error());
    co_return after_change<api::Delete::Reply>((*member)->erase(call));
}

Task<Result<api::List::Reply>> Service::on(api::List call, ClientId) {
    auto member = unlocked();
    if (!member) co_return std::unexpected(member.error());
    co_return (*member)->list(call);
}

Task<Result<api::Export::Reply>> Service::on(api::Export call, ClientId) {
    auto member = unlocked();
    if (!member) co_return std::unexpected(member.error());
    co_return (*member)->exported(call);
}

} // namespace envmesh::node
