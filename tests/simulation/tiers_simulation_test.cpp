// SPDX-License-Identifier: MIT
// Many meshes, each from one seed, whose machines choose for themselves who serves: the cloud fails
// in every way, the local network splits, servers crash, machines sleep, and all write throughout.
// Held against the causal history, and against what the election promises (election.h).
// ENVMESH_SEED runs one seed of each scenario, ENVMESH_SEEDS that many.
#include "tests/support/causal_history.h"
#include "tests/support/tiers_faults.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>
#include <iostream>

namespace envmesh::test {
namespace {

constexpr Time seen_within_ms = 150'000;    // a change, by all in reach, whatever fails elsewhere
constexpr Time linked_within_ms = 60'000;   // by all that links lead to
constexpr Time roles_within_ms = 500'000;   // of the end of all faults
constexpr Time longest_silence_ms = 65'000; // before a link is given up (websocket_link.cpp)
constexpr Time tick_ms = 10'000;
constexpr std::size_t most_events = 1'000'000;

class World final : public FaultyWorld {
  public:
    explicit World(std::uint64_t seed);
    void run(const Script& script);
    /// How long a write took to all in reach, made when the cloud was lost and nobody served.
    std::vector<Time> after_reset;
    std::vector<Time> after_silence;
    Time slowest = 0; // of all writes, since the last fault near it

  private:
    struct Role {
        Time changed = 0; // steady
        int life = -1;
    };
    /// A change on its way to all that its author can reach.
    struct Watch {
        const Member* author = nullptr;
        Hlc hlc = 0;
        Mask group = 0;
        Mask waiting = 0;
        Time since = 0;
        std::vector<Time>* measured = nullptr;
        Mask linked = 0;
        Time linked_since = 0;
    };

    void act(const Action& action);
    void write_one(Member& member, SeededRandom& dice) override;
    void disturbed(Mask machines) override;
    void has_more(Machine& machine) override;
    void role_changes(Member& member, RoleChange change) override;
    void links_changed(const Machine& of) override;
    [[nodiscard]] Mask linked_with(const Machine& machine) const;
    [[nodiscard]] Mask without(const Watch& watch) const;

    bool advance(Time until);
    void tick();
    void check_equal_versions();
    void finish();
    [[nodiscard]] bool converged();
    void judge_roles();
    void judge_quiet();
    void judge_contents();

    History history_;
    std::vector<std::string> records_;
    std::map<const Member*, Role> roles_;
    std::vector<Watch> watches_;
    std::set<DeviceId> stood_; // served since all is whole
    Time disturbed_ = 0;
    std::vector<Time>* measured_ = nullptr;
    std::size_t events_ = 0;
};

World::World(std::uint64_t seed) : FaultyWorld(seed) {
    for (std::size_t i = 1 + random.below(random.chance(0.3) ? 60 : 12); i-- > 0;)
        records_.push_back("V" + std::to_string(i));
}

// Changes, and what becomes of them

void World::act(const Action& action) {
    const bool calm = now() - disturbed_ > seen_within_ms && cloud.running() &&
                      std::ranges::none_of(members, [](const auto& one) { return one->serving; });
    perform(action);
    SeededRandom dice(action.dice + 1);
    Member& member = any(dice);
    const bool silence = action.what == What::mute_cloud && action.lasts > longest_silence_ms;
    if (!calm || !member.running() || !(silence || action.what == What::lose_cloud)) return;
    measured_ = silence ? &after_silence : &after_reset;
    write_one(member, dice);
    measured_ = nullptr;
}

void World::write_one(Member& member, SeededRandom& dice) {
    std::string record = records_[dice.below(records_.size())];
    const Kind kind = dice.chance(0.2) ? Kind::tombstone : Kind::set;
    std::vector<Change> changes(1);
    changes[0] = history_.next(member.node, std::move(record), kind);
    write(member, std::move(changes));
    Watch one{&member, 0, group_of(member), 0, now(), measured_, linked_with(member), now()};
    one.hlc = version_of(member.node.store.state().versions, member.node.id);
    one.waiting = without(one);
    if (one.waiting != 0) watches_.push_back(one);
}

/// A link that is new brings what was missed, and one that breaks may take something along.
void World::links_changed(const Machine& of) {
    for (Watch& one : watches_) {
        const Mask linked = linked_with(*one.author);
        if (linked == one.linked && (linked & bit(of)) == 0) continue;
        one.linked = linked;
        one.linked_since = now();
    }
}

Mask World::linked_with(const Machine& machine) const {
    std::vector<Mask> pairs;
    for (const WirePtr& wire : wires()) {
        const Machine& one = wire->client.machine;
        const Machine& other = wire->server.machine;
        if (wire->client.open && wire->server.open && path(one, other))
            pairs.push_back(bit(one) | bit(other));
    }
    return joined(bit(machine), pairs);
}

/// Who of the group does not have it.
Mask World::without(const Watch& watch) const {
    Mask out = 0;
    const auto add = [&](const Machine& machine) {
        const auto& versions = machine.node.store.state().versions;
        if (version_of(versions, watch.author->node.id) < watch.hlc) out |= bit(machine);
    };
    add(cloud);
    for (const auto& member : members)
        add(*member);
    return out & watch.group;
}

void World::has_more(Machine& machine) {
    for (Watch& one : watches_) {
        if ((one.waiting & bit(machine)) == 0) continue;
        one.waiting = without(one);
        if (one.waiting != 0) continue;
        slowest = std::max(slowest, now() - one.since);
        if (one.measured != nullptr) one.measured->push_back(now() - one.since);
    }
    std::erase_if(watches_, [](const Watch& one) { return one.waiting == 0; });
}

void World::disturbed(Mask machines) {
    disturbed_ = now();
    for (Watch& one : watches_) {
        const Mask group = group_of(*one.author);
        if (group == one.group && (machines & group) == 0) continue;
        one.group = group;
        one.waiting = one.author->running() ? without(one) : 0;
        one.since = one.linked_since = now();
        one.linked = linked_with(*one.author);
        one.measured = nullptr;
    }
    std::erase_if(watches_, [](const Watch& one) { return one.waiting == 0; });
}

void World::role_changes(Member& member, RoleChange change) {
    const std::string who = name_of(member);
    const Time at = steady(member);
    Role& role = roles_[&member];
    if (change != RoleChange::forced && role.life == member.life &&
        at - role.changed < node::between_roles_ms)
        faults.push_back(who + " changed its role twice within a minute");
    role = {at, member.life};
    if (change == RoleChange::forced) disturbed(bit(member));
    const Line* lowest = member.lowest();
    if (change == RoleChange::begin) {
        if (whole()) stood_.insert(member.node.id);
        if (!member.may_serve || !member.allowed) faults.push_back(who + " serves and may not");
        if (member.has_cloud() || lowest != nullptr) faults.push_back(who + " is not needed");
    } else if (change == RoleChange::end) {
        const bool yields = lowest != nullptr && lowest->target.node.id < member.node.id;
        const bool yielded = member.saw_lower && at - *member.saw_lower < node::between_roles_ms;
        const Time least = node::steady_after_ms + (yielded ? 0 : node::between_roles_ms);
        const bool back = member.has_cloud() && at - member.cloud->up_since >= least;
        if (!yields && !back) faults.push_back(who + " leaves its guests alone");
    }
}

// The run

bool World::advance(Time until) {
    while (faults.empty() && agenda.step(until))
        if (++events_ > most_events) faults.emplace_back("it never comes to rest");
    return faults.empty();
}

void World::tick() {
    check_equal_versions();
    for (const auto& member : members)
        if (member->serving && !(member->may_serve && member->allowed))
            faults.push_back(name_of(*member) + " goes on serving");
    for (const Watch& one : watches_) {
        const bool slow = now() - one.linked_since > linked_within_ms;
        if (now() - one.since > seen_within_ms || (slow && (one.linked & one.waiting) != 0))
            faults.push_back("a change of " + name_of(*one.author) + " has not come to all " +
                             (slow ? "linked" : "in reach") + ": " + std::to_string(one.waiting));
    }
    agenda.at(now() + tick_ms, [this] { tick(); });
}

/// I1: equal version vectors, equal contents.
void World::check_equal_versions() {
    std::map<VersionVector, Hash> seen;
    const auto check = [&](Machine& machine) {
        const Hash digest = machine.node.store.digest().value();
        const auto [at, added] = seen.try_emplace(machine.node.store.state().versions, digest);
        if (!added && at->second != digest) faults.push_back("I1: " + name_of(machine));
    };
    check(cloud);
    for (const auto& member : members)
        check(*member);
}

void World::run(const Script& script) {
    for (const auto& member : members)
        start(*member);
    tick();
    for (const Action& action : script) {
        if (!advance(action.at)) return;
        act(action);
    }
    finish();
    if (faults.empty()) judge_roles();
    if (faults.empty()) judge_quiet();
    if (faults.empty()) judge_contents();
}

void World::finish() {
    make_whole();
    const Time end = now();
    while (advance(now() + 1'000) && !converged())
        if (now() - end > seen_within_ms) faults.emplace_back("contents differ in the end");
    if (!advance(end + seen_within_ms)) return;
    stood_.clear(); // until here a lower one may have relied on a cloud that it had lost
    for (const auto& member : members)
        if (member->serving) stood_.insert(member->node.id);
    advance(end + roles_within_ms);
}

bool World::converged() {
    std::set<Hash> digests;
    if ((group_of(*members[0]) & bit(cloud)) != 0)
        digests.insert(cloud.node.store.digest().value());
    for (const auto& member : members)
        digests.insert(member->node.store.digest().value());
    return digests.size() == 1;
}

/// The lowest of those that stood, where someone lacks the cloud; nobody else.
void World::judge_roles() {
    std::set<DeviceId> serving;
    bool needed = false;
    for (const auto& member : members) {
        const bool lacks = !cloud_returns() || !member->uses_cloud;
        needed = needed || (lacks && member->may_serve);
        if (!member->serving) continue;
        serving.insert(member->node.id);
        if (!lacks) faults.emplace_back("someone serves beside the cloud");
    }
    if (serving.size() != (needed ? 1U : 0U))
        faults.push_back(std::to_string(serving.size()) + " servers remain");
    else if (needed && !cloud_returns() && *serving.begin() != *stood_.begin())
        faults.emplace_back("a server with a higher id remains");
}

/// Nothing is said when nothing happens, and a change goes over each link once, with its answer.
void World::judge_quiet() {
    const std::uint64_t before = messages;
    if (!advance(now() + 100'000)) return;
    if (messages != before) faults.emplace_back("messages without a cause");
    SeededRandom dice(before);
    write_one(any(dice), dice);
    if (!advance(now() + 10'000)) return;
    if (!converged()) faults.emplace_back("a change takes long in peace");
    // Each machine but the author heard it by one link first, and does not tell it there.
    std::uint64_t least = 0;
    for (const WirePtr& wire : wires())
        least += wire->client.open ? 4U : 0U;
    const auto members_there = static_cast<std::uint64_t>(std::popcount(group_of(*members[0])));
    least -= 2 * (members_there - 1);
    if (messages - before > least)
        faults.push_back(std::to_string(messages - before) + " messages for one change, not " +
                         std::to_string(least));
}

void World::judge_contents() {
    for (const std::string& record : records_) {
        std::set<std::string> winners;
        for (const auto& member : members) {
            const auto reading = member->node.replica.read("shared", record).value();
            winners.insert(reading ? hex(reading->dot.device) + std::to_string(reading->dot.hlc)
                                   : "none");
        }
        if (winners.size() != 1) faults.push_back("winners of " + record + " differ");
        history_.judge(members[0]->node, record, faults);
    }
    for (const auto& member : members)
        if (member->node.store.outbox_size().value() != 0)
            faults.emplace_back("an outbox was not drained");
}

// Many of them

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* value = std::getenv(name);
    return value != nullptr ? std::strtoull(value, nullptr, 10) : otherwise;
}

/// The first fault of the script, with what happened cut down to what matters.
std::string explain(std::uint64_t seed, const Script& script) {
    const auto fault = [seed](const Script& tried) {
        World world(seed);
        world.run(tried);
        return world.faults.empty() ? std::string() : world.faults.front();
    };
    const auto fails = [&](const Script& tried) { return !fault(tried).empty(); };
    const Script least = shrunk(script, 200, fails);
    return fault(script) + "; least script, " + fault(least) + ":" + to_string(least);
}

struct Sum {
    std::uint64_t seeds = 0;
    Totals totals;
    std::uint64_t resumed = 0;
    Time slowest = 0;
    std::vector<Time> after_reset;
    std::vector<Time> after_silence;
    void add(const World& world) {
        ++seeds;
        totals.add(world.totals);
        resumed += world.resumed;
        slowest = std::max(slowest, world.slowest);
        after_reset.insert(after_reset.end(), world.after_reset.begin(), world.after_reset.end());
        after_silence.insert(after_silence.end(), world.after_silence.begin(),
                             world.after_silence.end());
    }
};

std::string percentiles(std::vector<Time> times) {
    if (times.empty()) return "never";
    std::ranges::sort(times);
    std::string out = std::to_string(times.size()) + " times";
    for (const auto& [name, percent] : {std::pair("p50", 50U), {"p95", 95U}, {"max", 100U}})
        out += std::string(", ") + name + " " +
               std::to_string(times[(times.size() - 1) * percent / 100]) + " ms";
    return out;
}

void report(const char* name, const Sum& sum) {
    const Totals& totals = sum.totals;
    std::cout << name << ": " << sum.seeds << " seeds, " << totals.writes << " writes, "
              << totals.role_changes() << " role changes (" << totals.failovers << " failovers, "
              << totals.fail_backs << " fail backs, " << totals.yields << " yields, "
              << totals.forced << " forced), " << sum.resumed << " transfers resumed\n"
              << "  from the cloud's reset until a write was with all in reach: "
              << percentiles(sum.after_reset)
              << "\n  from its silence: " << percentiles(sum.after_silence)
              << "\n  any write, after the last fault near it: max " << sum.slowest << " ms\n";
}

struct Part {
    const char* name;
    std::vector<What> pool;
    std::uint64_t number; // of those with that pool
};
void PrintTo(const Part& part, std::ostream* out) { *out << part.name << ' ' << part.number; }

// In parts, which run beside each other.
void simulate(const Part& part) {
    const auto& [name, pool, number] = part;
    std::uint64_t seeds = from_environment("ENVMESH_SEEDS", 100);
    const std::uint64_t first = from_environment("ENVMESH_SEED", number * seeds);
    if (std::getenv("ENVMESH_SEED") != nullptr) seeds = 1;
    Sum sum;
    std::uint64_t failed = 0;
    for (std::uint64_t seed = first; seed < first + seeds && failed < 5; ++seed) {
        const Script script = make_script(seed, pool);
        World world(seed);
        world.run(script);
        sum.add(world);
        if (world.faults.empty()) continue;
        ++failed;
        ADD_FAILURE() << name << ": ENVMESH_SEED=" << seed << ": " << explain(seed, script);
    }
    report(name, sum);
}

class TiersSimulation : public testing::TestWithParam<Part> {};

TEST_P(TiersSimulation, AllAgreeAndOneServes) { simulate(GetParam()); }

std::vector<Part> parts(const char* name, std::uint64_t count, const std::vector<What>& pool) {
    std::vector<Part> out;
    for (std::uint64_t number = 0; number < count; ++number)
        out.push_back({name, pool, number});
    return out;
}

std::string name_of(const testing::TestParamInfo<Part>& info) {
    return info.param.name + std::to_string(info.param.number);
}

using enum What;

INSTANTIATE_TEST_SUITE_P(Anything, TiersSimulation,
                         testing::ValuesIn(parts("all", 6,
                                                 {cut, split, split, no_route, lose_cloud,
                                                  lose_cloud, mute_cloud, flap_cloud, wipe_cloud,
                                                  kill, restore_cloud, unplug, sleep, sleep, forbid,
                                                  storm})),
                         name_of);
INSTANTIATE_TEST_SUITE_P(TheCloudFails, TiersSimulation,
                         testing::ValuesIn(parts("cloud", 3,
                                                 {lose_cloud, lose_cloud, mute_cloud, flap_cloud,
                                                  wipe_cloud, restore_cloud, no_route, storm})),
                         name_of);
INSTANTIATE_TEST_SUITE_P(ServersMeet, TiersSimulation,
                         testing::ValuesIn(parts("split", 3,
                                                 {lose_cloud, split, split, no_route, cut, storm})),
                         name_of);
INSTANTIATE_TEST_SUITE_P(
    ServersCrashAndSleep, TiersSimulation,
    testing::ValuesIn(parts("crash", 2, {lose_cloud, mute_cloud, kill, unplug, sleep, forbid})),
    name_of);

} // namespace
} // namespace envmesh::test
