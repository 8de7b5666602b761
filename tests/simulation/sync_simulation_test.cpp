// SPDX-License-Identifier: MIT
// Many meshes, each from one seed: members and blind servers with clocks ten years apart, links
// that break in the middle of a stream, restored backups and lying servers; held against the causal
// history that the test keeps beside them. ENVMESH_SEED runs one seed of each scenario.
#include "tests/support/causal_history.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace envmesh::test {
namespace {

struct Scenario {
    bool skew = false;
    bool restore = false;
    bool lies = false;
};

constexpr std::int64_t ten_years = std::int64_t{10} * 365 * 86'400'000;
constexpr std::int64_t beginning = std::int64_t{50} * 365 * 86'400'000;

class World {
  public:
    World(std::uint64_t seed, const Scenario& scenario);
    void run();
    std::vector<std::string> faults;
    std::uint64_t repairs = 0;

  private:
    struct Drift {
        double rate = 1;
        std::int64_t skew = 0;
    };

    void step();
    void write(Node& node);
    void connect(Node& from, Node& to);
    void deliver();
    void cut(std::size_t link);
    void drop_links_of(const Node& node);
    void back_up_or_restore(Node& node);
    void pass_on(Link& origin);
    void tell(Node& node, const Delta& delta, const Link* but);
    void lie(Link& link);
    void set_clocks();
    void check_equal_versions();
    void heal();
    void judge();
    void must(const Result<>& done, const char* what);
    Node& any(std::vector<std::unique_ptr<Node>>& nodes) {
        return *nodes[random_.below(nodes.size())];
    }
    std::vector<Node*> everyone();

    SeededRandom random_;
    Scenario scenario_;
    std::int64_t now_ = beginning;
    std::vector<std::unique_ptr<Node>> members_;
    std::vector<std::unique_ptr<Node>> servers_;
    std::vector<std::unique_ptr<Link>> links_;
    std::map<const Node*, Drift> drifts_;
    std::map<const Node*, MemoryStore::State> backups_;
    std::set<std::pair<const Node*, const Node*>> partitions_;
    std::vector<std::string> records_;
    History history_;
    Limits limits_;
    double break_chance_ = 0;
    bool restored_ = false;
};

World::World(std::uint64_t seed, const Scenario& scenario) : random_(seed), scenario_(scenario) {
    const std::size_t members = 2 + random_.below(5);
    const std::size_t servers = 1 + random_.below(2);
    for (std::size_t i = 0; i < members; ++i)
        members_.push_back(std::make_unique<Node>(static_cast<int>(i) + 1, Part::member));
    for (std::size_t i = 0; i < servers; ++i)
        servers_.push_back(std::make_unique<Node>(static_cast<int>(i) + 101, Part::server));
    for (const auto& member : members_) {
        const std::int64_t skews[] = {0, 0, random_.between(-3'600'000, 3'600'000), -ten_years,
                                      ten_years};
        drifts_[member.get()] = {1 + static_cast<double>(random_.between(-200, 200)) * 1e-6,
                                 scenario.skew ? skews[random_.below(5)] : 0};
    }
    break_chance_ = random_.chance(0.7) ? 0.15 : 0.01;
    const std::size_t records = 1 + random_.below(12);
    for (std::size_t i = 0; i < records; ++i)
        records_.push_back("V" + std::to_string(i));
    limits_.batch_cells = 1 + random_.below(4);
    limits_.window = 1 + random_.below(4);
    limits_.unstaged_batches = 1 + random_.below(3);
    limits_.outgoing_bytes = random_.chance(0.2) ? 600 : limits_.outgoing_bytes;
}

/// Two links of one pair share an inbox: a conflict over it ends one of them, as any link may end.
void World::must(const Result<>& done, const char* what) {
    if (!done && done.error().code != Code::conflict)
        faults.push_back(std::string(what) + ": " + done.error().message);
}

void World::set_clocks() {
    for (auto& [node, drift] : drifts_) {
        const auto passed = static_cast<double>(now_ - beginning) * drift.rate;
        const_cast<Node*>(node)->clock.wall =
            beginning + static_cast<std::int64_t>(passed) + drift.skew;
    }
}

std::vector<Node*> World::everyone() {
    std::vector<Node*> out;
    for (auto& node : members_)
        out.push_back(node.get());
    for (auto& node : servers_)
        out.push_back(node.get());
    return out;
}

void World::write(Node& node) {
    std::string record = records_[random_.below(records_.size())];
    const Kind kind = random_.chance(0.2) ? Kind::tombstone : Kind::set;
    std::vector<Change> changes(1);
    changes[0] = history_.next(node, std::move(record), kind);
    const auto delta = node.replica.write(std::move(changes));
    if (!delta) return faults.push_back("write: " + delta.error().message);
    tell(node, *delta, nullptr);
}

void World::tell(Node& node, const Delta& delta, const Link* but) {
    for (auto& link : links_) {
        if (link.get() == but) continue;
        if (&link->client_node == &node) must(link->client.changed(delta), "changed");
        if (&link->server_node == &node) must(link->server.changed(delta), "changed");
    }
}

void World::pass_on(Link& origin) {
    for (const Delta& delta : origin.client.take_applied())
        tell(origin.client_node, delta, &origin);
    for (const Delta& delta : origin.server.take_applied())
        tell(origin.server_node, delta, &origin);
}

void World::connect(Node& from, Node& to) {
    if (&from == &to || partitions_.contains({&from, &to})) return;
    for (auto& link : links_)
        if (&link->client_node == &from && &link->server_node == &to)
            return must(link->client.resync(), "resync");
    links_.push_back(std::make_unique<Link>(from, to, limits_));
    must(links_.back()->client.start(), "start");
}

/// What a lying server may do to progress: claim that a device has written far more.
void World::lie(Link& link) {
    auto message = decode(link.to_client.front()).value();
    const auto inflate = [&](VersionVector& versions) {
        const DeviceId device = any(members_).id;
        const Hlc huge[] = {~Hlc{0}, version_of(versions, device) + (Hlc{1} << 40U), 1};
        versions[device] = huge[random_.below(3)];
    };
    if (auto* begin = std::get_if<Begin>(&message)) inflate(begin->target);
    if (auto* applied = std::get_if<Applied>(&message)) inflate(applied->versions);
    if (auto* settled = std::get_if<Settled>(&message)) inflate(settled->versions);
    if (auto* push = std::get_if<Push>(&message)) inflate(push->to);
    link.to_client.front() = encode(message);
}

void World::deliver() {
    std::vector<Link*> busy;
    for (auto& link : links_)
        if (!link->idle()) busy.push_back(link.get());
    if (busy.empty()) return;
    Link& link = *busy[random_.below(busy.size())];
    const bool to_server =
        link.to_client.empty() || (!link.to_server.empty() && random_.chance(0.5));
    const bool liar = scenario_.lies && &link.server_node == servers_[0].get();
    if (!to_server && liar && random_.chance(0.3)) lie(link);
    const auto done = link.deliver(to_server ? Session::Side::server : Session::Side::client);
    must(done, "deliver");
    pass_on(link);
    const auto is_same = [&](const auto& other) { return other.get() == &link; };
    if (!done || random_.chance(break_chance_))
        cut(static_cast<std::size_t>(std::ranges::find_if(links_, is_same) - links_.begin()));
}

void World::cut(std::size_t index) {
    Link& link = *links_[index];
    if (random_.chance(0.8)) must(link.client.close(), "close");
    if (random_.chance(0.8)) must(link.server.close(), "close");
    repairs += link.client.counters().repairs;
    links_.erase(links_.begin() + static_cast<std::ptrdiff_t>(index));
}

void World::drop_links_of(const Node& node) {
    for (std::size_t i = links_.size(); i-- > 0;)
        if (&links_[i]->client_node == &node || &links_[i]->server_node == &node) cut(i);
}

void World::back_up_or_restore(Node& node) {
    const auto backup = backups_.find(&node);
    if (backup == backups_.end() || random_.chance(0.5)) {
        backups_[&node] = node.store.state();
        return;
    }
    drop_links_of(node);
    node.store.restore(backup->second);
    restored_ = true;
}

void World::step() {
    now_ += random_.between(1, 60'000);
    set_clocks();
    Node& member = any(members_);
    const double action = random_.chance(0.5) ? 0 : static_cast<double>(random_.below(1000)) / 1000;
    if (action < 0.35) {
        for (std::size_t i = random_.below(12); i-- > 0;)
            deliver();
    } else if (action < 0.60) {
        for (std::size_t i = 1 + random_.below(3); i-- > 0;)
            write(member);
    } else if (action < 0.85) {
        connect(member, random_.chance(0.2) ? any(members_) : any(servers_));
    } else if (action < 0.91) {
        if (!links_.empty()) cut(random_.below(links_.size()));
    } else if (action < 0.95) {
        const std::pair pair{&member, &any(servers_)};
        if (!partitions_.erase(pair)) partitions_.insert(pair);
    } else if (action < 0.97 && servers_.size() > 1) {
        connect(*servers_[0], *servers_[1]);
    } else if (scenario_.restore) {
        back_up_or_restore(random_.chance(0.8) ? member : any(servers_));
    }
}

/// I1 after each step: equal version vectors, equal contents; and each version is held (A1).
void World::check_equal_versions() {
    std::map<VersionVector, std::pair<Hash, DeviceId>> seen;
    for (Node* node : everyone()) {
        const VersionVector versions = node->store.versions().value();
        for (const auto& [device, hlc] : versions)
            if (!restored_ && node->store.newest_of(device).value() != hlc)
                faults.push_back("a version is not the newest held");
        const auto [at, added] = seen.try_emplace(versions, node->store.digest().value(), node->id);
        if (!added && at->second.first != node->store.digest().value())
            faults.push_back("I1: nodes " + hex(node->id) + " and " + hex(at->second.second));
    }
}

void World::heal() {
    while (!links_.empty())
        cut(0);
    partitions_.clear();
    for (int round = 0; round < 4; ++round) {
        for (Node* from : everyone())
            for (auto& to : servers_) {
                if (from == to.get()) continue;
                now_ += 1000;
                set_clocks();
                Link link(*from, *to, limits_);
                must(link.client.start(), "start");
                must(link.run(), "run");
                repairs += link.client.counters().repairs;
                if (round == 3 && !link.client.in_sync()) faults.push_back("client not in sync");
                if (round == 3 && !link.server.in_sync()) faults.push_back("server not in sync");
            }
    }
}

void World::judge() {
    std::set<Hash> digests;
    for (Node* node : everyone())
        digests.insert(node->store.digest().value());
    if (digests.size() != 1) faults.emplace_back("contents differ");
    for (const std::string& record : records_) {
        std::set<std::string> winners;
        for (auto& member : members_) {
            const auto reading = member->replica.read("shared", record).value();
            winners.insert(reading ? hex(reading->dot.device) + std::to_string(reading->dot.hlc)
                                   : "none");
        }
        if (winners.size() != 1) faults.push_back("winners of " + record + " differ");
        if (!restored_) history_.judge(*members_[0], record, faults);
    }
    for (auto& member : members_)
        if (member->store.outbox_size().value() != 0) faults.emplace_back("outbox not drained");
    if (!restored_ && repairs != 0) faults.emplace_back("repair without a restore");
}

void World::run() {
    const std::size_t steps = 120 + random_.below(240);
    for (std::size_t i = 0; i < steps && faults.empty(); ++i) {
        step();
        if (!restored_) check_equal_versions();
    }
    if (!faults.empty()) return;
    heal();
    judge();
}

void simulate(const char* name, const Scenario& scenario, std::uint64_t seeds) {
    const char* only = std::getenv("ENVMESH_SEED");
    const std::uint64_t first = only != nullptr ? std::strtoull(only, nullptr, 10) : 0;
    const char* more = std::getenv("ENVMESH_SEEDS");
    if (more != nullptr) seeds = std::strtoull(more, nullptr, 10);
    std::uint64_t repairs = 0;
    std::uint64_t failed = 0;
    for (std::uint64_t seed = first; seed < (only != nullptr ? first + 1 : seeds); ++seed) {
        World world(seed, scenario);
        world.run();
        repairs += world.repairs;
        if (world.faults.empty()) continue;
        ++failed;
        ADD_FAILURE() << name << ": ENVMESH_SEED=" << seed << ": " << world.faults.front();
        if (failed == 5) break;
    }
    testing::Test::RecordProperty("repairs", std::to_string(repairs));
}

TEST(SyncSimulation, honest_nodes_converge) { simulate("honest", {}, 300); }
TEST(SyncSimulation, clocks_ten_years_apart_lose_nothing) { simulate("skew", {.skew = true}, 300); }
TEST(SyncSimulation, restored_backups_heal) {
    simulate("restore", {.skew = true, .restore = true}, 250);
}
TEST(SyncSimulation, a_lying_server_hides_nothing) {
    simulate("lies", {.skew = true, .lies = true}, 150);
}

} // namespace
} // namespace envmesh::test
