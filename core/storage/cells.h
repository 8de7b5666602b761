// SPDX-License-Identifier: MIT
// sync::Store on SQLCipher: one mesh's registers, progress, outbox, inbox and history. One store a
// mesh: it remembers the digest and the usage until it changes something. Errors: `corrupt`,
// `storage` (a full or failing disk: changes are refused, reads go on).
#pragma once

#include "core/base/clock.h"
#include "core/storage/meshes.h"

#include <set>

namespace envmesh::storage {

class CellStore final : public sync::Store {
  public:
    /// `keep_history`: members keep superseded changes (10 a record, 90 days); servers keep none.
    CellStore(Database& database, MeshRow mesh, Clock& clock, bool keep_history);

    Result<> transaction(const std::function<Result<>()>& work) override;
    Result<std::optional<sync::Cell>> find(const sync::RecordId& record,
                                           const sync::DeviceId& device) override;
    Result<std::vector<sync::Cell>> cells_of(const sync::RecordId& record) override;
    Result<std::vector<sync::Cell>> scan(const sync::VersionVector& floor,
                                         const sync::Resume* resume, const sync::Cursor& after,
                                         std::size_t limit, std::size_t most_bytes) override;
    Result<> each(const std::function<Result<>(const sync::Cell&)>& visit) override;
    Result<> put(const sync::Cell& cell) override;
    Result<> set_state(const sync::RecordId& record, const sync::DeviceId& device,
                       sync::CellState state) override;
    Result<std::vector<sync::Cell>> in_state(sync::CellState state, sync::Hlc until,
                                             const sync::Cursor& after, std::size_t limit) override;
    Result<std::uint64_t> count(sync::CellState state) override;
    Result<sync::Hash> digest() override;
    Result<sync::Usage> usage() override;
    Result<sync::VersionVector> versions() override;
    Result<> set_version(const sync::DeviceId& device, sync::Hlc hlc) override;
    Result<sync::Hlc> newest_of(const sync::DeviceId& device) override;
    Result<sync::Hlc> last() override;
    Result<> set_last(sync::Hlc hlc) override;
    Result<sync::Hlc> acknowledged() override;
    Result<> set_acknowledged(sync::Hlc hlc) override;
    Result<std::vector<sync::Cell>> outbox() override;
    Result<std::uint64_t> outbox_size() override;
    Result<> outbox_put(const sync::Cell& cell) override;
    Result<> outbox_erase(const sync::RecordId& record) override;
    Result<> history_add(const sync::Cell& cell) override;
    Result<> inbox_add(const sync::PeerId& peer, const std::vector<sync::Cell>& cells,
                       const sync::Resume& resume) override;
    Result<std::optional<sync::Resume>> inbox_resume(const sync::PeerId& peer) override;
    Result<> inbox_each(const sync::PeerId& peer,
                        const std::function<Result<>(sync::Cell)>& visit) override;
    Result<sync::Usage> inbox_usage() override;
    Result<> inbox_expire() override;
    Result<> inbox_clear(const sync::PeerId& peer) override;
    Result<> inbox_clear_all() override;

    /// Superseded changes of a record, the latest to be replaced first.
    Result<std::vector<sync::Cell>> history(const sync::RecordId& record);
    /// The records whose cells have changed since the last call; nothing when that is not known:
    /// the first time, after a transaction was undone, and when they are thousands.
    std::optional<std::set<sync::RecordId>> take_touched();

  private:
    /// Known from reading all cells; void once a transaction was undone.
    struct Derived {
        std::uint64_t rollbacks = 0;
        std::optional<sync::Hash> digest;
        std::optional<sync::Usage> usage;
        std::optional<sync::Usage> inbox;
    };
    struct Touched {
        std::uint64_t rollbacks = 0; // when this began
        std::optional<std::set<sync::RecordId>> records;
    };
    Derived& derived();
    void touch(const sync::RecordId& record);
    Result<> replace(const sync::Cell& cell);
    Result<sync::Cell> by_id(std::int64_t id);
    Result<std::vector<std::pair<sync::DeviceId, sync::Hlc>>> newest(); // of every device
    Result<> stage(const sync::PeerId& peer, const sync::Cell& cell);
    Result<> history_keep(std::int64_t id, const sync::RecordId& record);
    Result<> history_prune(const sync::RecordId& record);

    Database& database_;
    MeshRow mesh_;
    Clock& clock_;
    bool keep_history_;
    Derived derived_;
    Touched touched_;
};

} // namespace envmesh::storage
