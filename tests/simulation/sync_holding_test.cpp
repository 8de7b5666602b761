// SPDX-License-Identifier: MIT
// Wrong clocks with holding and the sender's correction (S2, A4): members learn the true time when
// they connect; one never does and writes ten years ahead. Nobody honest publishes a stamp of the
// future, nobody shows what the rogue wrote before its time, and nothing is lost.
// ENVMESH_SEED runs one seed.
#include "tests/support/sync_world.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace envmesh::test {
namespace {

constexpr std::int64_t ten_years = std::int64_t{10} * 365 * 86'400'000;
constexpr std::int64_t beginning = std::int64_t{50} * 365 * 86'400'000;

class HoldingWorld {
  public:
    explicit HoldingWorld(std::uint64_t seed);
    void run();
    std::vector<std::string> faults;

  private:
    void step();
    void write(Node& node);
    void connect(Node& node, bool whole);
    void set_clocks();
    void judge_step();
    void judge_end();
    template <class T>
    void must(const Result<T>& done) {
        if (!done) faults.push_back(done.error().message);
    }
    std::set<std::string> values_at(Node& node);
    Node& rogue() { return *members_.back(); }

    SeededRandom random_;
    std::int64_t now_ = beginning;
    std::vector<std::unique_ptr<Node>> members_;
    Node server_{101, Part::server, Replica::Holding::on};
    std::map<const Node*, std::int64_t> skews_;
    std::set<const Node*> corrected_; // know the true time
    std::vector<std::string> writes_;
    std::map<std::string, std::set<std::string>> past_;
    VersionVector published_;
    Limits limits_{.batch_cells = 2, .window = 2, .unstaged_batches = 2};
};

HoldingWorld::HoldingWorld(std::uint64_t seed) : random_(seed) {
    const std::size_t members = 3 + random_.below(3);
    const std::int64_t skews[] = {0, 4 * 60'000, -3'600'000, 3'600'000, -ten_years, ten_years};
    for (std::size_t i = 0; i < members; ++i) {
        members_.push_back(
            std::make_unique<Node>(static_cast<int>(i) + 1, Part::member, Replica::Holding::on));
        skews_[members_.back().get()] = skews[random_.below(6)];
    }
    skews_[&rogue()] = ten_years;
    set_clocks();
}

void HoldingWorld::set_clocks() {
    for (auto& member : members_)
        member->clock.wall = now_ + skews_[member.get()];
    server_.clock.wall = now_;
}

/// The values of all cells that can be opened, held ones too: what is there.
std::set<std::string> HoldingWorld::values_at(Node& node) {
    std::set<std::string> out;
    must(node.store.each([&](const Cell& cell) -> Result<> {
        const auto variable = node.authority.open(Envelope::parse(cell.envelope).value());
        if (variable) out.emplace(variable->value.reveal_text());
        return {};
    }));
    return out;
}

void HoldingWorld::write(Node& node) {
    const std::string name = "V" + std::to_string(random_.below(4));
    const std::string value =
        name + ":" + std::to_string(writes_.size()) + (&node == &rogue() ? " rogue" : "");
    const auto cells = node.store.cells_of(node.authority.record_id("shared", name)).value();
    for (const Cell& cell : cells) {
        if (cell.state != CellState::readable) continue;
        const auto seen = node.authority.open(Envelope::parse(cell.envelope).value()).value();
        const std::string text(seen.value.reveal_text());
        past_[value].insert(text);
        past_[value].merge(std::set(past_[text]));
    }
    writes_.push_back(value);
    node.set(name, value);
}

/// The offset is known before the first message, as the handshake tells it.
void HoldingWorld::connect(Node& node, bool whole) {
    if (&node != &rogue()) {
        must(node.replica.correct_clock(now_ - node.clock.wall));
        corrected_.insert(&node);
    }
    Link link(node, server_, limits_);
    must(link.client.start());
    for (std::size_t left = whole ? 100'000 : random_.below(20); left > 0 && !link.idle(); --left)
        must(link.deliver(link.to_server.empty() ? Session::Side::client : Session::Side::server));
    must(link.client.close());
    must(link.server.close());
}

void HoldingWorld::judge_step() {
    must(server_.store.each([&](const Cell& cell) -> Result<> {
        if (cell.device != rogue().id && wall_ms_of(cell.hlc) > now_ + hold_ahead_ms)
            faults.emplace_back("an honest member published a stamp of the future");
        return {};
    }));
    const VersionVector versions = server_.store.versions().value();
    if (!mesh::covers(versions, published_)) faults.emplace_back("a version went back (I7)");
    published_ = versions;
    for (auto& member : members_) {
        if (!corrected_.contains(member.get())) continue;
        for (int i = 0; i < 4; ++i)
            if (member->value("V" + std::to_string(i)).ends_with("rogue"))
                faults.emplace_back("a held change shows");
    }
}

void HoldingWorld::step() {
    now_ += random_.between(1, 60'000);
    set_clocks();
    Node& node = *members_[random_.below(members_.size())];
    const std::size_t action = random_.below(100);
    if (action < 55) {
        write(node);
    } else if (action < 95) {
        connect(node, random_.chance(0.5));
    } else if (&node != &rogue()) {
        skews_[&node] = random_.chance(0.5) ? 0 : ten_years; // someone sets the clock
        corrected_.erase(&node);
        set_clocks();
    }
    must(node.replica.reexamine());
}

void HoldingWorld::judge_end() {
    const auto there = values_at(*members_[0]);
    std::set<std::string> covered;
    for (const std::string& value : there)
        covered.insert(past_[value].begin(), past_[value].end());
    for (const std::string& value : writes_)
        if (!there.contains(value) && !covered.contains(value))
            faults.push_back("lost write " + value);
    for (auto& member : members_) {
        if (member->store.digest().value() != server_.store.digest().value())
            faults.emplace_back("contents differ");
        if (member->store.outbox_size().value() != 0) faults.emplace_back("outbox not drained");
        for (int i = 0; i < 4; ++i) {
            const std::string name = "V" + std::to_string(i);
            const bool waits = member.get() == &rogue();
            if (!waits && member->value(name) != members_[0]->value(name))
                faults.push_back("winners differ");
        }
    }
}

void HoldingWorld::run() {
    for (std::size_t i = 40 + random_.below(100); i > 0 && faults.empty(); --i) {
        step();
        judge_step();
    }
    for (int round = 0; round < 3; ++round)
        for (auto& member : members_)
            connect(*member, true);
    judge_step();
    judge_end();
    now_ += ten_years + ten_years; // its time has come
    for (auto& member : members_) {
        set_clocks();
        must(member->replica.reexamine());
        if (member->store.count(CellState::held).value() != 0) faults.emplace_back("still held");
        for (int i = 0; i < 4; ++i)
            if (member->value("V" + std::to_string(i)) != rogue().value("V" + std::to_string(i)))
                faults.emplace_back("winners differ after release");
    }
}

TEST(SyncSimulation, wrong_clocks_are_corrected_or_held) {
    const char* only = std::getenv("ENVMESH_SEED");
    const char* more = std::getenv("ENVMESH_SEEDS");
    const std::uint64_t first = only != nullptr ? std::strtoull(only, nullptr, 10) : 0;
    const std::uint64_t seeds = more != nullptr ? std::strtoull(more, nullptr, 10) : 250;
    int failed = 0;
    for (std::uint64_t seed = first; seed < (only != nullptr ? first + 1 : seeds); ++seed) {
        HoldingWorld world(seed);
        world.run();
        if (world.faults.empty()) continue;
        ADD_FAILURE() << "holding: ENVMESH_SEED=" << seed << ": " << world.faults.front();
        if (++failed == 5) break;
    }
}

} // namespace
} // namespace envmesh::test
