// SPDX-License-Identifier: MIT
// Answers the calls about variables: `locked` or `denied` where there are none to read, and a
// change is on disk before the answer and before the network is asked.
#pragma once

#include "core/node/context.h"
#include "core/node/member.h"

namespace envmesh::node {

class VariableCalls {
  public:
    struct Hooks {
        /// The open vault, or the error that says why there is none.
        std::function<Result<Member*>()> unlocked;
        /// A change of this machine is to be told: to other machines, and to its shells.
        std::function<void(const sync::Delta&)> changed;
    };
    VariableCalls(Context& context, Hooks hooks) : context_(context), hooks_(std::move(hooks)) {}

    Result<api::Variable> on(const api::Get& call);
    Result<api::Set::Reply> on(api::Set call);
    Result<api::Delete::Reply> on(const api::Delete& call);
    Result<api::List::Reply> on(const api::List& call);
    Result<api::Export::Reply> on(const api::Export& call);
    Result<api::Injected::Reply> on(const api::Injected& call);
    Result<api::Explain::Reply> on(const api::Explain& call);
    Result<api::Profiles::Reply> on(const api::Profiles& call);
    Result<api::Done> on(const api::UseProfiles& call);
    Result<api::Done> on(const api::CreateProfile& call);
    Result<api::Delete::Reply> on(const api::DeleteProfile& call);
    Result<api::Done> on(const api::Trust& call);
    Result<api::Done> on(const api::Distrust& call);
    Result<api::Untrusted::Reply> on(const api::Untrusted& call);
    Result<api::History::Reply> on(const api::History& call);
    Result<api::Set::Reply> on(const api::Rollback& call);

  private:
    /// With a disk that takes changes.
    Result<Member*> writable();
    template <class Reply, class Read>
    Result<Reply> read(Read read);
    template <class Reply, class Change>
    Result<Reply> change(Change change);
    /// What this machine alone knows.
    template <class Choice>
    Result<api::Done> choose(Choice choice);

    Context& context_;
    Hooks hooks_;
};

} // namespace envmesh::node
