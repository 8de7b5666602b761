// SPDX-License-Identifier: MIT
#include "core/node/links.h"

#include "tests/support/air.h"
#include "tests/support/node_fixture.h"

namespace envmesh::node {
namespace {

class LinksTest : public tests::NodeTest {
  protected:
    struct One {
        tests::Machine& machine;
        std::unique_ptr<Member> member;
        std::unique_ptr<Links> links{};
        bool running = false;

        [[nodiscard]] std::string get(const std::string& key) const {
            auto found = member->variables().get({key, {}});
            return found && found->value ? std::string(found->value->reveal_text()) : "";
        }
    };

    ~LinksTest() override {
        for (One& one : all_)
            end(one);
    }
    tests::Machine& machine_with_lan() {
        tests::Machine& made = machine();
        made.context.config.enable_lan = true;
        return made;
    }
    One& first() {
        tests::Machine& made = machine_with_lan();
        return all_.emplace_back(made, first_member(made, "first"));
    }
    One& next(One& admin, const std::string& name) {
        tests::Machine& made = machine_with_lan();
        return all_.emplace_back(made, next_member(*admin.member, made, name));
    }
    void run(One& one) {
        one.machine.context.config.lan_listen = "127.0.0.1";
        one.machine.context.config.port = 0;
        if (one.machine.context.vicinity == nullptr)
            one.machine.context.vicinity = &air_.join("machine " + std::to_string(names_++));
        Links::Hooks hooks;
        hooks.applied = [](const sync::Delta&) {};
        hooks.mail = [](const mesh::MailMessage&) {};
        hooks.changed = [] {};
        one.links = std::make_unique<Links>(one.machine.context, *one.member, std::move(hooks));
        one.running = true;
        asio::co_spawn(threads_.io, one.links->run(), [&one](const std::exception_ptr& error) {
            EXPECT_FALSE(error);
            one.running = false;
        });
    }
    void end(One& one) {
        if (!one.links) return;
        asio::post(threads_.io, [&one] { one.links->stop(); }); // where cancelling is allowed
        if (!eventually([&] { return !one.running; })) std::abort();
        one.links.reset();
    }
    static void set(One& one, const std::string& key, const std::string& value) {
        auto changed = one.member->variables().set(tests::set_call(key, value));
        ASSERT_TRUE(changed) << changed.error().message;
        one.links->changed(changed->delta);
    }
    bool arrives(One& one, const std::string& key, const std::string& value) {
        return eventually([&] { return one.get(key) == value; });
    }
    std::size_t serving() {
        return static_cast<std::size_t>(std::ranges::count_if(
            all_, [](const One& one) { return one.links && one.links->server() != nullptr; }));
    }

    tests::Air air_;
    std::list<One> all_;
    int names_ = 0;
};

TEST_F(LinksTest, WithoutACloudSomebodyServesAndChangesGoBothWays) {
    One& a = first();
    One& b = next(a, "b");
    run(a);
    run(b);
    set(a, "FROM_A", "1");
    set(b, "FROM_B", "2");
    EXPECT_TRUE(arrives(b, "FROM_A", "1"));
    EXPECT_TRUE(arrives(a, "FROM_B", "2"));
    EXPECT_GE(serving(), 1U);
    for (const One& one : all_)
        EXPECT_EQ(one.links->tier(), one.links->server() ? Tier::serving : Tier::lan);
}

TEST_F(LinksTest, AServersGuestsReachEachOtherAndATakenOneIsReplaced) {
    One& a = first();
    One& b = next(a, "b");
    One& c = next(a, "c");
    run(a);
    ASSERT_TRUE(eventually([&] { return serving() == 1; }));
    for (One* one : {&b, &c})
        run(*one);
    ASSERT_TRUE(eventually([&] {
        return b.links->tier() == Tier::lan && c.links->tier() == Tier::lan;
    })) << "b has the list of members from a, where c is among them";
    set(b, "KEY", "through a");
    EXPECT_TRUE(arrives(c, "KEY", "through a"));
    EXPECT_EQ(serving(), 1U);
    end(a);
    set(b, "KEY", "without a");
    EXPECT_TRUE(arrives(c, "KEY", "without a"));
}

// A server that was started with a wrong clock is found once that is right, and each day anew.
TEST_F(LinksTest, AnotherDayIsAnnouncedAnew) {
    One& a = first();
    run(a);
    ASSERT_TRUE(eventually([&] { return !air_.said().empty(); }));
    const auto before = air_.said().begin()->second.text;
    a.machine.clock.leap(std::int64_t{5} * 24 * 3600 * 1000);
    asio::post(threads_.io, [&] { a.links->network_changed(); });
    EXPECT_TRUE(eventually([&] { return air_.said().begin()->second.text != before; }));
    const auto& text = air_.said().begin()->second.text;
    EXPECT_TRUE(mesh::is_our_beacon(text, a.member->keyring(), a.machine.clock.wall_ms()));
}

TEST_F(LinksTest, WhatWasTakenForAnotherMeshIsJudgedAnewWhenTheClockIsRight) {
    constexpr std::int64_t days = std::int64_t{5} * 24 * 3600 * 1000;
    One& a = first();
    a.machine.clock.leap(days);
    run(a);
    ASSERT_TRUE(eventually([&] { return !air_.said().empty(); }));
    One& b = next(a, "b");
    b.machine.context.config.mode = config::Mode::client_only;
    run(b);
    settle();
    EXPECT_EQ(b.links->tier(), Tier::offline) << "to its clock this is no announcement of today";
    b.machine.clock.leap(days);
    asio::post(threads_.io, [&] { b.links->network_changed(); });
    EXPECT_TRUE(eventually([&] { return b.links->tier() == Tier::lan; }));
}

TEST_F(LinksTest, WhoMayNotServeDoesNot) {
    One& a = first();
    a.machine.context.config.mode = config::Mode::client_only;
    run(a);
    One& b = next(a, "b");
    b.machine.context.config.enable_lan = false;
    run(b);
    tests::Machine& elsewhere = machine_with_lan();
    One& other = all_.emplace_back(elsewhere, first_member(elsewhere, "other"));
    run(other);
    ASSERT_TRUE(eventually([&] { return other.links->server() != nullptr; }));
    settle();
    EXPECT_EQ(serving(), 1U);
    EXPECT_EQ(a.links->tier(), Tier::offline);
    EXPECT_TRUE(a.links->neighbours().connected().empty()) << "it is of another mesh";
}

TEST_F(LinksTest, WhoeverCopiesAnAnnouncementIsToldNothing) {
    One& a = first();
    One& b = next(a, "b");
    b.machine.context.config.mode = config::Mode::client_only;
    tests::Machine& thief = blind_server(); // it takes every mesh
    const auto beacon = [&] {
        return mesh::make_beacon(a.member->keyring(), a.machine.random, a.machine.clock.wall_ms());
    };
    const auto port = net::Url::parse(url_of(thief))->port;
    for (int i = 0; i < 300; ++i)
        air_.say({"thief " + std::to_string(i), {"127.0.0.1"}, port, beacon(), {}});
    air_.say({"nowhere", {}, port, beacon(), {}});
    run(b);
    settle();
    EXPECT_TRUE(b.links->neighbours().connected().empty());
    EXPECT_EQ(b.links->tier(), Tier::offline);
    EXPECT_TRUE(ask(thief, api::Peers{})->peers.empty()) << "a mesh was named to it";
}

} // namespace
} // namespace envmesh::node
