// SPDX-License-Identifier: MIT
#include "tests/support/tiers_script.h"

namespace envmesh::test {

Script make_script(std::uint64_t seed, const std::vector<What>& faults) {
    SeededRandom random(seed + 0x5c21);
    Script out;
    Time at = 0;
    const auto add = [&](Time when, What what, Time lasts) {
        Block<8> dice{};
        random.fill(dice);
        out.push_back({when, what, lasts, Reader(dice).u64()});
    };
    const auto some = [&](Time from, Time to, std::size_t most) {
        for (std::size_t i = random.below(most + 1); i-- > 0;)
            add(random.between(from, to), What::write, 1);
    };
    for (std::size_t i = random.below(3); i-- > 0;)
        add(0, What::write, random.between(1, 40));
    for (std::size_t left = 8 + random.below(20); left > 0; --left) {
        const double kind = static_cast<double>(random.below(100)) / 100;
        const Time gap = kind < 0.2   ? random.between(210'000, 260'000)
                         : kind < 0.4 ? random.between(0, 3'000)
                                      : random.between(5'000, 90'000);
        some(at, at + gap, 4);
        at += gap;
        const Time lasts =
            random.chance(0.5) ? random.between(500, 30'000) : random.between(30'000, 300'000);
        const What what = faults[random.below(faults.size())];
        add(at, what, lasts);
        for (std::size_t i = what == What::storm ? random.below(4) : 0; i-- > 0;)
            add(at + random.between(-20'000, 20'000), What::write, random.between(5, 30));
        if (random.chance(0.3)) some(at, at + 2'000, 2);
        if (random.chance(0.5)) some(at + lasts, at + lasts + 2'000, 4); // while links come back
        if (random.chance(0.1)) add(at + random.between(0, lasts), What::write, 10);
    }
    std::ranges::sort(out, {}, [](const Action& one) { return std::pair(one.at, one.dice); });
    return out;
}

std::string to_string(const Script& script) {
    constexpr std::array names{"write",      "cut",           "storm",      "split",
                               "no_route",   "lose_cloud",    "mute_cloud", "flap_cloud",
                               "wipe_cloud", "restore_cloud", "kill",       "unplug",
                               "sleep",      "forbid"};
    std::string out;
    for (const Action& action : script)
        out += "\n  " + std::to_string(action.at) +
               " ms: " + names.at(static_cast<std::size_t>(action.what)) + " " +
               std::to_string(action.lasts);
    return out;
}

Script shrunk(Script script, int most, const std::function<bool(const Script&)>& fails) {
    for (std::size_t size = (script.size() + 1) / 2; size > 0; size /= 2)
        for (std::size_t from = 0; from < script.size() && most > 0; --most) {
            Script less = script;
            const auto first = less.begin() + static_cast<std::ptrdiff_t>(from);
            const std::size_t count = std::min(size, less.size() - from);
            less.erase(first, first + static_cast<std::ptrdiff_t>(count));
            if (fails(less))
                script = std::move(less);
            else
                from += size;
        }
    return script;
}

} // namespace envmesh::test
