// SPDX-License-Identifier: MIT
// The mesh of tiers_world.h, made from a seed, and all that can befall it. Every fault ends by
// itself, and all of them with `make_whole`.
#pragma once

#include "tests/support/tiers_script.h"
#include "tests/support/tiers_world.h"

namespace envmesh::test {

/// Machines: bit 0 is the cloud, bit n the member of number n.
using Mask = std::uint32_t;

class FaultyWorld : public TiersWorld {
  public:
    explicit FaultyWorld(std::uint64_t seed);

  protected:
    void perform(const Action& action);
    void make_whole();
    [[nodiscard]] bool whole() const { return whole_; }
    /// Whether there is a cloud when all is whole.
    [[nodiscard]] bool cloud_returns() const { return cloud_returns_; }
    [[nodiscard]] static Mask bit(const Machine& machine) {
        return machine.is_cloud() ? 1U : 1U << machine.node.id.back();
    }
    static std::string name_of(const Machine& machine) { return hex(machine.node.id).substr(30); }
    /// The group, and all that these bring to it.
    static Mask joined(Mask group, const std::vector<Mask>& others);
    [[nodiscard]] Mask everyone() const { return (2U << members.size()) - 1; }
    Member& any(SeededRandom& dice) { return *members[dice.below(members.size())]; }
    /// All that a change of the author's comes to in the end, if nothing else happens.
    [[nodiscard]] Mask group_of(const Member& author) const;

    virtual void write_one(Member& member, SeededRandom& dice) = 0;
    /// What these machines reach may have changed.
    virtual void disturbed(Mask machines) = 0;

  private:
    void strike_member(const Action& action, SeededRandom& dice);
    void forbid(Member& member, Time lasts);
    void strike_cloud(const Action& action);
    void flap(int fault, Time until);
    void cut_one(SeededRandom& dice);
    void storm(Time lasts);
    void divide(const Action& action, SeededRandom& dice);
    void reunite(const Action& action, Mask moved, bool tell);
    void later(Time delay, std::function<Mask()> what);
    [[nodiscard]] bool reaches_cloud(const Member& member) const;

    int storms_ = 0;
    int cloud_fault_ = 0; // counts: a later one takes the place of an earlier one
    bool flapping_ = false;
    bool whole_ = false;
    bool cloud_returns_ = true;
};

} // namespace envmesh::test
