// SPDX-License-Identifier: MIT
#include "core/node/invitation.h"

#include "tests/support/node_fixture.h"

namespace envmesh::node {
namespace {

class InvitationTest : public tests::NodeTest {
  protected:
    static api::Invite as(const std::string& role) {
        api::Invite call;
        call.role = role;
        return call;
    }
    void SetUp() override { init(alice_, "alice", &server_); }
    /// The joiner is told so, sooner or later.
    Error refused(tests::Machine& joiner) {
        Error error;
        EXPECT_TRUE(eventually([&] {
            const auto reply = ask(joiner, api::JoinWait{1});
            if (!reply) error = reply.error();
            return !reply;
        }));
        return error;
    }

    tests::Machine& server_ = blind_server();
    tests::Machine& alice_ = machine();
    tests::Machine& bob_ = machine();
};

TEST_F(InvitationTest, NeedsAConnection) {
    stop(server_);
    ASSERT_TRUE(eventually([&] { return ask(alice_, api::Status{})->tier == "offline"; }));
    const auto invited = ask(alice_, api::Invite{});
    ASSERT_FALSE(invited);
    EXPECT_EQ(invited.error().code, Code::unreachable);
    EXPECT_FALSE(invited.error().fix.empty());
}

TEST_F(InvitationTest, OnlyAnAdminInvitesAndOnlyAsWhatExists) {
    EXPECT_EQ(refusal(alice_, as("king")), Code::invalid);
    EXPECT_EQ(refusal(alice_, as("server")), Code::invalid);
    add(alice_, bob_, "bob", "reader");
    EXPECT_EQ(ask(bob_, api::Peers{})->peers.size(), 2U);
    EXPECT_EQ(refusal(bob_, api::Invite{}), Code::denied);
    tests::Machine& carol = machine();
    tests::Machine& dave = machine();
    add(alice_, carol, "carol", "admin");
    add(carol, dave, "dave");
    EXPECT_TRUE(eventually([&] { return ask(alice_, api::Devices{})->devices.size() == 4; }));
}

TEST_F(InvitationTest, NoIsToldToTheJoinerAndAddsNobody) {
    const std::string code = invite(alice_);
    ASSERT_TRUE(ask(bob_, join_call(code, "bob")));
    ASSERT_TRUE(ask(alice_, api::InviteWait{}));
    EXPECT_EQ(refusal(alice_, api::InviteAnswer{false}), Code::denied);
    EXPECT_EQ(refused(bob_).code, Code::denied);
    EXPECT_EQ(ask(alice_, api::Devices{})->devices.size(), 1U);
    EXPECT_FALSE(bob_.home.has(vault_file));
    add(alice_, bob_, "bob"); // with another invitation
}

TEST_F(InvitationTest, ASecondUserOfACodeVoidsItForAll) {
    tests::Machine& mallory = machine();
    const std::string code = invite(alice_);
    ASSERT_TRUE(ask(bob_, join_call(code, "bob")));
    ASSERT_TRUE(ask(alice_, api::InviteWait{}));
    EXPECT_EQ(refusal(mallory, join_call(code, "mallory")), Code::denied);
    EXPECT_EQ(refused(bob_).code, Code::denied);
    ASSERT_TRUE(eventually([&] { return refusal(alice_, api::InviteWait{1}) == Code::denied; }));
    EXPECT_EQ(refusal(alice_, api::InviteAnswer{true}), Code::denied);
    EXPECT_EQ(ask(alice_, api::Devices{})->devices.size(), 1U);
}

TEST_F(InvitationTest, ASecondUserAfterTheYesVoidsItForAllOrComesTooLate) {
    for (const int steps : {0, 1, 5, 20, 50, 100, 200}) {
        tests::Machine& joiner = machine();
        tests::Machine& mallory = machine();
        const std::string code = invite(alice_);
        const auto digits = ask(joiner, join_call(code, "bob"));
        ASSERT_TRUE(digits) << steps << ": " << digits.error().message;
        ASSERT_TRUE(ask(alice_, api::InviteWait{}));
        tests::Asked& yes = begin(alice_, api::InviteAnswer{true});
        for (int i = 0; i < steps; ++i)
            threads_.io.run_one_for(std::chrono::milliseconds(20));
        tests::Asked& second = begin(mallory, join_call(code, "mallory"));
        const bool done = finish(yes).has_value();
        EXPECT_FALSE(finish(second)) << steps;
        const auto welcomed = [&] {
            const auto reply = ask(joiner, api::JoinWait{1});
            return reply ? reply->stage == "confirm" : false;
        };
        EXPECT_EQ(eventually([&] { return welcomed() || !ask(joiner, api::JoinWait{1}); }) &&
                      welcomed(),
                  done)
            << steps;
    }
}

TEST_F(InvitationTest, EndsForTheJoinerWhenTheInviterLocks) {
    ASSERT_TRUE(ask(bob_, join_call(invite(alice_), "bob")));
    ASSERT_TRUE(ask(alice_, api::InviteWait{}));
    ASSERT_TRUE(ask(alice_, api::Lock{}));
    EXPECT_EQ(refused(bob_).code, Code::denied);
}

TEST_F(InvitationTest, EndsForAJoinerThatWaitsWhenItExpires) {
    api::Invite call;
    call.ttl_s = 1;
    const auto invited = ask(alice_, call);
    ASSERT_TRUE(invited);
    ASSERT_TRUE(ask(bob_, join_call(std::string(invited->code.reveal_text()), "bob")));
    EXPECT_EQ(refused(bob_).code, Code::not_found);
}

TEST_F(InvitationTest, ExpiresForBothSides) {
    const std::string code = invite(alice_);
    alice_.clock.leap(601'000);
    server_.clock.leap(601'000);
    EXPECT_EQ(refusal(alice_, api::InviteWait{}), Code::not_found);
    EXPECT_EQ(refusal(bob_, join_call(code, "bob")), Code::not_found);
}

TEST_F(InvitationTest, AYesThatComesTooLateAddsNobody) {
    const std::string code = invite(alice_);
    ASSERT_TRUE(ask(bob_, join_call(code, "bob")));
    ASSERT_TRUE(ask(alice_, api::InviteWait{}));
    alice_.clock.leap(601'000);
    EXPECT_EQ(refusal(alice_, api::InviteAnswer{true}), Code::not_found);
    EXPECT_EQ(ask(alice_, api::Devices{})->devices.size(), 1U);
}

TEST_F(InvitationTest, WaitsNoLongerThanAskedAndAnswersOnlyOnce) {
    const std::string code = invite(alice_);
    EXPECT_TRUE(ask(alice_, api::InviteWait{1})->waiting);
    EXPECT_EQ(refusal(alice_, api::InviteAnswer{true}), Code::conflict);
    ASSERT_TRUE(ask(bob_, join_call(code, "bob")));
    ASSERT_FALSE(ask(alice_, api::InviteWait{})->waiting);
    EXPECT_TRUE(ask(alice_, api::InviteAnswer{true}));
    EXPECT_EQ(refusal(alice_, api::InviteAnswer{true}), Code::conflict);
    EXPECT_EQ(ask(alice_, api::Devices{})->devices.size(), 2U);
}

TEST_F(InvitationTest, EndsWithTheFrontEndThatAskedForIt) {
    const std::string code = invite(alice_);
    ASSERT_TRUE(ask(bob_, join_call(code, "bob")));
    tests::Asked& other = begin(alice_, api::InviteWait{});
    ASSERT_TRUE(finish(other));
    alice_.service->disconnected(2); // somebody else's
    EXPECT_EQ(stage(bob_), "waiting");
    alice_.service->disconnected(front_end);
    EXPECT_EQ(refused(bob_).code, Code::denied);
    EXPECT_EQ(refusal(alice_, api::InviteAnswer{true}), Code::not_found);
    alice_.service->tick();
    invite(alice_);
}

TEST_F(InvitationTest, OutlivesALostConnection) {
    const std::string code = invite(alice_);
    ASSERT_TRUE(ask(bob_, join_call(code, "bob")));
    ASSERT_TRUE(ask(alice_, api::InviteWait{}));
    // Another admin's change of the chain ends every session of the mesh; so does adding a device,
    // which is what a yes does before the last letter is written.
    ASSERT_TRUE(ask(alice_, api::InviteAnswer{true}));
    EXPECT_TRUE(eventually([&] { return stage(bob_) == "confirm"; }));
}

TEST_F(InvitationTest, AWaitEndsWhenItsFrontEndLeaves) {
    invite(alice_);
    tests::Asked& waiting = begin(alice_, api::InviteWait{});
    settle();
    ASSERT_FALSE(waiting.reply);
    waiting.cancel();
    settle();
    EXPECT_TRUE(waiting.reply);
}

} // namespace
} // namespace envmesh::node
