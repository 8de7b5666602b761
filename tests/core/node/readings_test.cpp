// SPDX-License-Identifier: MIT
#include "core/node/readings.h"

#include "tests/core/storage/fixture.h"
#include "tests/support/sync_world.h"

namespace envmesh::node {
namespace {

/// Tells how many changes were opened.
class Counting final : public sync::Authority {
  public:
    [[nodiscard]] bool authentic(const sync::Envelope& envelope) const override {
        return inner.authentic(envelope);
    }
    [[nodiscard]] bool can_read() const override { return true; }
    [[nodiscard]] Result<sync::Variable> open(const sync::Envelope& envelope) const override {
        ++opened;
        return inner.open(envelope);
    }
    [[nodiscard]] Bytes seal(const sync::Variable& variable, sync::Hlc hlc,
                             std::size_t least_bucket, Random& random) const override {
        return inner.seal(variable, hlc, least_bucket, random);
    }
    [[nodiscard]] sync::RecordId record_id(std::string_view scope,
                                           std::string_view name) const override {
        return inner.record_id(scope, name);
    }

    test::StandIn inner{test::device(1), true};
    mutable std::size_t opened = 0;
};

/// A device on a database, and another one that it hears of.
class ReadingsTest : public storage::CellStoreTest {
  protected:
    [[nodiscard]] std::size_t opened_by_all() {
        const std::size_t before = authority_.opened;
        EXPECT_TRUE(readings_.all());
        return authority_.opened - before;
    }
    static std::string told(const sync::Reading& reading) {
        return reading.variable.name + ' ' + reading.variable.scope + ' ' +
               std::string(reading.variable.value.reveal_text()) + ' ' +
               std::to_string(reading.dot.hlc) + ' ' + hex(reading.dot.device) + ' ' +
               std::to_string(reading.conflicts);
    }
    std::vector<std::string> kept() {
        std::vector<std::string> out;
        const auto all = readings_.all();
        EXPECT_TRUE(all);
        for (const sync::Reading& one : **all)
            out.push_back(told(one));
        return out;
    }
    std::vector<std::string> fresh() {
        std::vector<std::string> out;
        EXPECT_TRUE(replica_.read_all([&](const sync::Reading& one) -> Result<> {
            if (one.variable.kind == sync::Kind::set) out.push_back(told(one));
            return {};
        }));
        std::ranges::sort(out);
        return out;
    }
    sync::Delta write(const std::vector<std::string>& names, std::string_view value,
                      std::string_view scope = "shared") {
        std::vector<sync::Change> changes;
        for (const std::string& name : names)
            changes.push_back({.scope = std::string(scope),
                               .name = name,
                               .value = Secret(value),
                               .kind = value.empty() ? sync::Kind::tombstone : sync::Kind::set,
                               .tags = {}});
        auto delta = replica_.write(std::move(changes));
        EXPECT_TRUE(delta);
        return std::move(*delta);
    }
    void hear(const sync::Delta& delta) {
        std::vector<sync::Cell> cells;
        for (const sync::Cell& cell : delta.cells)
            if (auto checked = sync::check_cell(authority_, cell.envelope))
                cells.push_back(*checked);
        EXPECT_TRUE(replica_.apply(cells, delta.to));
    }
    void undo(const std::string& name) {
        const auto work = [&]() -> Result<> {
            write({name}, "undone");
            EXPECT_TRUE(readings_.all());
            return fail(Code::denied, "No.");
        };
        EXPECT_FALSE(database->transaction(work));
    }
    void learn_keys() {
        authority_.inner.unknown_epochs.clear();
        replica_.keys_changed();
        EXPECT_TRUE(replica_.reexamine());
    }
    void any_step(test::SeededRandom& dice) {
        const std::string name(1, static_cast<char>('A' + dice.below(6)));
        const std::string value = std::to_string(dice.below(1000));
        ++clock_.wall;
        ++peer_.clock.wall;
        switch (dice.below(8)) {
        case 0: write({name}, value); break;
        case 1: write({name, "B", "A"}, value, "profile/dev"); break;
        case 2: write({name}, {}); break;
        case 3: hear(dice.chance(0.5) ? peer_.set(name, value) : peer_.erase(name)); break;
        case 4: undo(name); break;
        case 5: learn_keys(); break;
        case 6: // a change under a key that is not known here yet
            peer_.authority.epoch = ++newest_epoch_;
            authority_.inner.unknown_epochs.insert(newest_epoch_);
            hear(peer_.set(name, value));
            peer_.authority.epoch = 0;
            break;
        default: // the peer takes over what we have written
            EXPECT_TRUE(peer_.replica.apply(write({name}, value).cells, {}));
        }
    }

    test::SetClock clock_;
    test::SeededRandom random_{1};
    Counting authority_;
    storage::CellStore cells_ = store(true);
    sync::Replica replica_{cells_,  authority_,      clock_,
                           random_, test::device(1), sync::Replica::Holding::off};
    Readings readings_{cells_, replica_};
    mesh::Epoch newest_epoch_ = 0;
    test::Node peer_{2, test::Part::member};
};

TEST_F(ReadingsTest, OpenAfterAChangeOnlyWhatHasChanged) {
    std::vector<std::string> names;
    for (int i = 0; i < 300; ++i)
        names.push_back("V" + std::to_string(i));
    write(names, "1");
    EXPECT_EQ(opened_by_all(), 300U);
    EXPECT_EQ(opened_by_all(), 0U);
    write({"V7"}, "2");
    EXPECT_EQ(opened_by_all(), 1U);
    hear(peer_.set("FROM_AFAR", "1"));
    EXPECT_EQ(opened_by_all(), 1U);
    EXPECT_EQ(kept(), fresh());

    names.pop_back();
    write(names, {});
    EXPECT_EQ(opened_by_all(), 299U);
    write({"V299"}, "2");
    EXPECT_EQ(opened_by_all(), 1U) << "what is deleted is not opened again";
    EXPECT_EQ(kept().size(), 2U);
}

TEST_F(ReadingsTest, WhatATransactionUndidIsForgotten) {
    write({"A"}, "1");
    undo("A");
    EXPECT_EQ(kept(), fresh());
    write({"A"}, "2");
    EXPECT_EQ(kept(), fresh());
}

TEST_F(ReadingsTest, ThousandsOfChangesAreReadTogether) {
    EXPECT_FALSE(cells_.take_touched()) << "nobody had asked";
    EXPECT_EQ(cells_.take_touched()->size(), 0U);
    std::vector<std::string> names;
    for (int i = 0; i < 5000; ++i)
        names.push_back("V" + std::to_string(i));
    write(names, "1");
    EXPECT_FALSE(cells_.take_touched()) << "the list of them does not grow without end";
    write({"A"}, "1");
    EXPECT_EQ(cells_.take_touched()->size(), 1U);
}

TEST_F(ReadingsTest, AreWhatAFreshReadingGivesAfterAnything) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        test::SeededRandom dice(seed);
        for (int step = 0; step < 60; ++step) {
            any_step(dice);
            if (dice.chance(0.5)) {
                ASSERT_EQ(kept(), fresh()) << "seed " << seed << ", step " << step;
            }
        }
    }
}

} // namespace
} // namespace envmesh::node
