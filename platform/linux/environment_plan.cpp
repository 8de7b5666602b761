// SPDX-License-Identifier: MIT
#include "platform/linux/environment_plan.h"

#include <algorithm>
#include <set>
#include <utility>

namespace envmesh::platform {
namespace {

constexpr std::size_t most_names = 10'000;
constexpr std::size_t most_bytes = 1U << 20U; // half of what the kernel hands to a program

constexpr auto set_by_others = "something else has set it in systemd's user manager since";

const Secret* find(const Values& values, const std::string& name) {
    const auto found = values.find(name);
    return found == values.end() ? nullptr : &found->second;
}

bool is(const Secret* one, const Secret* other) {
    return one == nullptr || other == nullptr ? one == other : *one == *other;
}

// One name. `now` is what the manager has of it, null when that is nothing.
class Decision {
  public:
    Decision(const Situation& situation, Plan& plan, const std::string& name)
        : situation_(situation), plan_(plan), name_(name), wanted_(find(situation.wanted, name)) {
        const auto known = situation.known.all.find(name);
        if (known != situation.known.all.end()) step_.entry = known->second.copy();
        if (situation.manager != nullptr) now_ = find(situation.manager->environment, name);
        final_ = now_ != nullptr ? std::optional(now_->copy()) : std::nullopt;
    }

    void decide() {
        if (situation_.manager != nullptr) decide_manager();
        if (!situation_.bus.empty()) decide_activation();
        if (!step_.entry.is_over()) plan_.steps.emplace(name_, std::move(step_));
    }

  private:
    // The bus hands activation's environment on to the manager, so that our last word there, an
    // empty value, may stand here.
    [[nodiscard]] bool is_ours() const {
        const auto& entry = step_.entry;
        return !entry.ours.empty() && now_ != nullptr &&
               (entry.has(now_->reveal_text()) || (now_->empty() && entry.is_activated) ||
                std::ranges::any_of(entry.ours, [this](const Secret& one) {
                    return after_reload(one.reveal_text()) == now_->reveal_text();
                }));
    }

    // The same manager, the same wish, and yet another value: somebody has put it there since. What
    // stood there before ours is no such value: a crash came before ours did.
    [[nodiscard]] bool is_somebody_elses() const {
        const auto& entry = step_.entry;
        return now_ != nullptr && !is_ours() && wanted_ != nullptr &&
               entry.has(wanted_->reveal_text()) &&
               situation_.manager->identity == situation_.known.manager &&
               !(entry.before && *entry.before == *now_);
    }

    void decide_manager() {
        const auto why = wanted_ != nullptr ? refused_by_manager(wanted_->reveal_text())
                                            : std::optional<std::string>();
        if (why) plan_.refused.push_back({name_, *why});
        if (wanted_ != nullptr && !why)
            want();
        else if (is_ours())
            undo();
        else
            step_.entry.ours.clear(); // nothing of ours is there
    }

    void want() {
        auto& entry = step_.entry;
        if (is_somebody_elses()) {
            is_left_alone_ = true;
            plan_.refused.push_back({name_, set_by_others});
            return;
        }
        if (!is_ours()) entry.before = now_ != nullptr ? std::optional(now_->copy()) : std::nullopt;
        const bool replaces_ours = is_ours() && !is(now_, wanted_);
        entry.ours.clear();
        entry.ours.push_back(wanted_->copy());
        if (replaces_ours) entry.ours.push_back(now_->copy());
        if (!is(now_, wanted_)) plan_.change.set.emplace(name_, wanted_->copy());
        step_.settled = wanted_->copy();
        final_ = wanted_->copy();
    }

    void undo() {
        const auto& before = step_.entry.before;
        step_.ends_in_manager = true;
        final_ = before ? std::optional(before->copy()) : std::nullopt;
        if (before)
            plan_.change.set.emplace(name_, before->copy());
        else
            plan_.change.unset.push_back(name_);
    }

    // It can neither be read nor lose a name: it gets what the manager will have, or nothing.
    void decide_activation() {
        auto& entry = step_.entry;
        if (wanted_ != nullptr) {
            if (is_left_alone_) return;
            plan_.activation.emplace(name_, wanted_->copy());
            entry.is_activated = true;
        } else if (entry.is_activated && situation_.bus == situation_.known.bus) {
            const auto& last = situation_.manager != nullptr ? final_ : entry.before;
            plan_.activation.emplace(name_, last ? last->copy() : Secret());
            step_.ends_in_activation = true;
            if (situation_.manager != nullptr && !last && !step_.ends_in_manager)
                plan_.change.unset.push_back(name_); // the bus hands that empty value on
        } else {
            entry.is_activated = false; // another bus has never heard of it
        }
    }

    const Situation& situation_;
    Plan& plan_;
    const std::string& name_;
    const Secret* wanted_;
    const Secret* now_ = nullptr;
    std::optional<Secret> final_; // in the manager, when all is told
    bool is_left_alone_ = false;
    Step step_;
};

} // namespace

Plan plan(const Situation& situation) {
    Plan made;
    made.manager =
        situation.manager != nullptr ? situation.manager->identity : situation.known.manager;
    made.bus = situation.bus.empty() ? situation.known.bus : situation.bus;
    std::set<std::string> names;
    for (const auto& [name, value] : situation.wanted)
        names.insert(name);
    for (const auto& [name, entry] : situation.known.all)
        names.insert(name);
    for (const auto& name : names)
        Decision(situation, made, name).decide();
    return made;
}

Injections remembered(const Plan& plan) { return remembered(plan, Told::in_vain, Told::in_vain); }

Injections remembered(const Plan& plan, Told manager, Told activation) {
    Injections all{plan.manager, plan.bus, {}};
    for (const auto& [name, step] : plan.steps) {
        Injected entry = step.entry.copy();
        if (manager == Told::well && step.settled) {
            entry.ours.clear();
            entry.ours.push_back(step.settled->copy());
        }
        if (manager == Told::well && step.ends_in_manager) entry.ours.clear();
        if (activation == Told::well && step.ends_in_activation) entry.is_activated = false;
        if (!entry.is_over()) all.all.emplace(name, std::move(entry));
    }
    return all;
}

void compare(Plan& plan, const Values& environment) {
    for (const auto& [name, value] : plan.change.set) {
        const auto step = plan.steps.find(name);
        if (step == plan.steps.end() || !step->second.settled) continue; // not a wish, or refused
        const Secret* found = find(environment, name);
        if (is(found, &value)) continue;
        plan.refused.push_back(
            {name, found != nullptr ? set_by_others : "systemd's user manager did not take it"});
        step->second.settled.reset();
        step->second.ends_in_manager = found == nullptr; // else ours may come back with a reload
    }
}

Values choose(const std::vector<Assignment>& wanted, std::vector<Unpublished>& refused) {
    Values sorted, chosen;
    for (const auto& one : wanted)
        if (!sorted.emplace(one.name, one.value.copy()).second)
            refused.push_back({one.name, "it is wanted twice"});
    std::size_t bytes = 0;
    for (auto& [name, value] : sorted) {
        if (auto why = refused_everywhere(name, value.reveal_text())) {
            refused.push_back({name, std::move(*why)});
            continue;
        }
        const std::size_t more = name.size() + 1 + value.size();
        if (chosen.size() == most_names || bytes + more > most_bytes) {
            refused.push_back({name, "there are more than 10,000 variables, or more than 1 MiB"});
            continue;
        }
        bytes += more;
        chosen.emplace(name, std::move(value));
    }
    return chosen;
}

} // namespace envmesh::platform
