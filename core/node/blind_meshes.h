// SPDX-License-Identifier: MIT
// The meshes of a blind server: each one's chain and cells in one database, under a quota of its
// own. There is no key to any of it.
#pragma once

#include "core/node/context.h"
#include "core/node/hosting.h"
#include "core/storage/cells.h"

namespace envmesh::node {

class BlindMeshes final : public Hosting {
  public:
    /// `token`: what a new mesh must bring when the policy asks for one.
    static Result<std::unique_ptr<BlindMeshes>> open(Context& context, const Key& vault_key,
                                                     std::string token);
    ~BlindMeshes() override;

    struct Identified {
        std::unique_ptr<storage::Database> database;
        crypto::Identity identity;
    };
    /// Opens the server's database and its identity, which is made where there is none.
    static Result<Identified> identify(Context& context, const Key& vault_key);

    [[nodiscard]] const crypto::Identity& identity() const override { return identity_; }
    Hosted* find(const mesh::MeshId& mesh) override;
    [[nodiscard]] std::vector<Hosted*> all() override;
    [[nodiscard]] bool may_create(std::string_view token) const override;
    std::optional<Error> objection(const mesh::Chain& chain) override;
    Result<Hosted*> store(mesh::Chain chain) override;
    [[nodiscard]] sync::Session::Limits limits(const Hosted& hosted) const override;
    void applied(const sync::Delta&) override {}
    void recover() override;
    [[nodiscard]] bool degraded() const { return database_->degraded(); }

  private:
    struct Mesh;
    BlindMeshes(Context& context, Identified identified, std::string token);
    Result<> load();

    Context& context_;
    std::unique_ptr<storage::Database> database_;
    crypto::Identity identity_;
    std::string token_;
    storage::Meshes rows_;
    std::map<mesh::MeshId, std::unique_ptr<Mesh>> meshes_;
    std::int64_t recover_not_before_ms_ = 0; // steady
};

} // namespace envmesh::node
