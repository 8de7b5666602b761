// SPDX-License-Identifier: MIT
#include "tests/support/node_fixture.h"

#include <gmock/gmock.h>

namespace envmesh::node {
namespace {

using ::testing::ElementsAre;

class VariableCallsTest : public tests::NodeTest {};

TEST_F(VariableCallsTest, AChangeIsAnsweredBeforeTheNetworkIsAsked) {
    tests::Machine& server = blind_server();
    tests::Machine& alice = machine();
    init(alice, "alice", &server);
    stop(server);
    const auto reply = ask(alice, tests::set_call("KEY", "value"));
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_THAT(reply->keys, ElementsAre("KEY"));
    EXPECT_EQ(reply->versions.size(), 1U);
    EXPECT_EQ(reply->pending_sync, 1U);
    EXPECT_EQ(get(alice, "KEY"), "value");
    start(server);
    EXPECT_TRUE(synced(alice));
    EXPECT_EQ(ask(alice, api::Status{})->pending, 0U);
}

TEST_F(VariableCallsTest, AnEventNamesWhatChangedAndNoValue) {
    tests::Machine& alice = machine();
    init(alice, "alice");
    alice.events.clear();
    set(alice, "KEY", "value");
    ASSERT_EQ(alice.events.size(), 1U);
    EXPECT_EQ(alice.events[0].event, "variables-changed");
    EXPECT_THAT(alice.events[0].names, ElementsAre("KEY"));
    alice.events.clear();
    EXPECT_EQ(refusal(alice, tests::set_call("LD_PRELOAD", "x")), Code::denied);
    EXPECT_EQ(refusal(alice, api::Delete{{"NOBODY"}, {}}), Code::not_found);
    EXPECT_TRUE(alice.events.empty());
}

TEST_F(VariableCallsTest, EveryCallReachesTheMember) {
    tests::Machine& alice = machine();
    init(alice, "alice");
    set(alice, "KEY", "value");
    EXPECT_EQ(ask(alice, api::List{})->variables.at(0).key, "KEY");
    EXPECT_FALSE(ask(alice, api::List{})->variables.at(0).value) << "values only when asked for";
    EXPECT_TRUE(ask(alice, api::List{true, {}, {}})->variables.at(0).value);
    EXPECT_EQ(ask(alice, api::Export{})->items.at(0).value.reveal_text(), "value");
    EXPECT_THAT(ask(alice, api::Delete{{"KEY"}, {}})->keys, ElementsAre("KEY"));
    EXPECT_EQ(refusal(alice, api::Get{"KEY", {}}), Code::not_found);
}

TEST_F(VariableCallsTest, ABlindServerKnowsNoVariables) {
    tests::Machine& server = blind_server();
    EXPECT_EQ(refusal(server, api::Get{"KEY", {}}), Code::denied);
    EXPECT_EQ(refusal(server, tests::set_call("KEY", "value")), Code::denied);
    EXPECT_EQ(refusal(server, api::Delete{{"KEY"}, {}}), Code::denied);
    EXPECT_EQ(refusal(server, api::List{}), Code::denied);
    EXPECT_EQ(refusal(server, api::Export{}), Code::denied);
}

} // namespace
} // namespace envmesh::node
