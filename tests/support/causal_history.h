// SPDX-License-Identifier: MIT
// What simulations hold replicas against: every write with all writes that it had seen, kept
// outside of the nodes. A write carries its number as a tag.
#pragma once

#include "tests/support/sync_world.h"

namespace envmesh::test {

class History {
  public:
    /// A change of `record` that the node is about to write.
    Change next(Node& node, std::string record, Kind kind) {
        Write made{std::move(record), {}};
        for (const int seen : writes_at(node, made.record)) {
            made.past.insert(seen);
            made.past.insert(past_of(seen).begin(), past_of(seen).end());
        }
        const std::string name = std::to_string(writes_.size());
        Change change;
        change.name = made.record;
        change.kind = kind;
        change.value = Secret("value " + name);
        change.tags.push_back({id_tag, to_bytes(view(name))});
        writes_.push_back(std::move(made));
        return change;
    }

    /// Every write is held or covered by one that is, and exactly the true conflicts show.
    void judge(Node& node, const std::string& record, std::vector<std::string>& faults) const {
        const std::set<int> held = writes_at(node, record);
        std::set<int> covered;
        for (const int id : held)
            covered.insert(past_of(id).begin(), past_of(id).end());
        std::size_t conflicts = 0;
        for (std::size_t i = 0; i < writes_.size(); ++i) {
            const int id = static_cast<int>(i);
            if (writes_[i].record != record) continue;
            if (!held.contains(id) && !covered.contains(id))
                faults.push_back("lost write " + std::to_string(id));
            if (held.contains(id) && !covered.contains(id)) ++conflicts;
        }
        const auto reading = node.replica.read("shared", record).value();
        if ((reading ? reading->conflicts + 1 : 0) != conflicts)
            faults.push_back("wrong conflicts of " + record);
        if (reading && covered.contains(number_of(reading->variable)))
            faults.push_back("the winner of " + record + " was overwritten");
    }

  private:
    struct Write {
        std::string record;
        std::set<int> past; // writes that this one has seen, directly or not
    };
    static constexpr std::uint8_t id_tag = 2;

    static int number_of(const Variable& variable) {
        return std::stoi(std::string(text(variable.tags.at(0).value)));
    }
    [[nodiscard]] const std::set<int>& past_of(int id) const {
        return writes_[static_cast<std::size_t>(id)].past;
    }
    /// Which writes the node's registers of this record are.
    static std::set<int> writes_at(Node& node, const std::string& record) {
        std::set<int> out;
        const RecordId id = node.authority.record_id("shared", record);
        const auto cells = node.store.cells_of(id).value();
        for (const Cell& cell : cells) {
            const auto variable = node.authority.open(Envelope::parse(cell.envelope).value());
            if (variable) out.insert(number_of(*variable));
        }
        return out;
    }

    std::vector<Write> writes_;
};

} // namespace envmesh::test
