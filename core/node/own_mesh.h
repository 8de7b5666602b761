// SPDX-License-Identifier: MIT
// A member's own mesh, while the member serves its local network: to current members alone, from
// the member's own store, under no quota.
#pragma once

#include "core/node/hosting.h"
#include "core/node/member.h"

namespace envmesh::node {

class OwnMesh final : public Hosting {
  public:
    /// `applied`: a guest brought changes.
    OwnMesh(Member& member, std::function<void(const sync::Delta&)> applied);

    [[nodiscard]] const crypto::Identity& identity() const override { return member_.identity(); }
    Hosted* find(const mesh::MeshId& mesh) override;
    [[nodiscard]] std::vector<Hosted*> all() override { return {&hosted_}; }
    [[nodiscard]] bool may_create(std::string_view) const override { return false; }
    std::optional<Error> objection(const mesh::Chain&) override { return std::nullopt; }
    Result<Hosted*> store(mesh::Chain chain) override;
    [[nodiscard]] sync::Session::Limits limits(const Hosted&) const override { return {}; }
    void applied(const sync::Delta& delta) override { applied_(delta); }
    void recover() override;

  private:
    Member& member_;
    std::function<void(const sync::Delta&)> applied_;
    Hosted hosted_;
};

} // namespace envmesh::node
