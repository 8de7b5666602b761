// SPDX-License-Identifier: MIT
// What replication asks of keys and membership. Const and free of side effects, so that batches can
// be checked on several threads while the owner waits; the owner changes chain or keys only when no
// session is running.
#pragma once

#include "core/mesh/chain.h"
#include "core/sync/store.h"
#include "core/sync/variable.h"

namespace envmesh::sync {

class Authority {
  public:
    virtual ~Authority() = default;
    /// Author may write and the signature holds: decides what is stored, on members and servers
    /// alike (A2).
    [[nodiscard]] virtual bool authentic(const Envelope& envelope) const = 0;
    /// Blind servers answer false, and never call `open`.
    [[nodiscard]] virtual bool can_read() const = 0;
    /// Decrypts and checks form, id, name and context: an error makes the cell `unreadable`.
    [[nodiscard]] virtual Result<Variable> open(const Envelope& envelope) const = 0;
    /// A member's own signed change, encoded.
    [[nodiscard]] virtual Bytes seal(const Variable& variable, Hlc hlc, std::size_t least_bucket,
                                     Random& random) const = 0;
    [[nodiscard]] virtual RecordId record_id(std::string_view scope,
                                             std::string_view name) const = 0;
};

/// A member: chain, keys and own identity.
class MemberAuthority final : public Authority {
  public:
    MemberAuthority(const mesh::Chain& chain, const mesh::Keyring& keyring,
                    const crypto::Identity& self)
        : chain_(chain), keyring_(keyring), self_(self) {}
    [[nodiscard]] bool authentic(const Envelope& envelope) const override;
    [[nodiscard]] bool can_read() const override { return true; }
    [[nodiscard]] Result<Variable> open(const Envelope& envelope) const override;
    [[nodiscard]] Bytes seal(const Variable& variable, Hlc hlc, std::size_t least_bucket,
                             Random& random) const override;
    [[nodiscard]] RecordId record_id(std::string_view scope, std::string_view name) const override;

  private:
    const mesh::Chain& chain_;
    const mesh::Keyring& keyring_;
    const crypto::Identity& self_;
};

/// A blind server: the chain alone.
class ServerAuthority final : public Authority {
  public:
    explicit ServerAuthority(const mesh::Chain& chain) : chain_(chain) {}
    [[nodiscard]] bool authentic(const Envelope& envelope) const override;
    [[nodiscard]] bool can_read() const override { return false; }
    [[nodiscard]] Result<Variable> open(const Envelope& envelope) const override; // always `denied`
    [[nodiscard]] Bytes seal(const Variable& variable, Hlc hlc, std::size_t least_bucket,
                             Random& random) const override; // not called: a server writes nothing
    [[nodiscard]] RecordId record_id(std::string_view scope, std::string_view name) const override;

  private:
    const mesh::Chain& chain_;
};

/// A received cell after the checks that may run off the owner thread. Not authentic: `nullopt`, to
/// be dropped.
std::optional<Cell> check_cell(const Authority& authority, View envelope);

} // namespace envmesh::sync
