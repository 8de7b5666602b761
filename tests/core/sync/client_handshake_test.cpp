// SPDX-License-Identifier: MIT
// The client against a server that lies, and against somebody in between.
#include "core/sync/client_handshake.h"

#include "tests/core/sync/handshake_world.h"

namespace envmesh::sync {
namespace {

TEST(ClientHandshake, AcceptsTheServerByEitherPin) {
    HandshakeWorld world;
    world.hosted = world.forge.chain;
    EXPECT_TRUE(world.shake(world.of(world.forge.admin, world.forge.chain)).both_done());
    world.pin = pin_of(crypto::hash128({world.server.public_identity().ed_pk}));
    EXPECT_TRUE(world.shake(world.of(world.forge.admin, world.forge.chain)).both_done());
}

TEST(ClientHandshake, SaysNothingToAServerWithAnotherKey) {
    HandshakeWorld world;
    world.hosted = world.forge.chain;
    const auto expect_silent = [&world] {
        const Outcome out = world.shake(world.of(world.forge.admin, world.forge.chain));
        ASSERT_TRUE(out.client_error);
        EXPECT_EQ(out.passed.size(), 2U); // the two hellos
        EXPECT_EQ(out.client_error->code, Code::denied);
    };
    world.pin = pin_of(world.forge.admin);
    expect_silent();
    world.pin = pin_of(crypto::ShortHash{});
    expect_silent();
    world.pin = {};
    expect_silent();
}

TEST(ClientHandshake, KnowsItself) {
    HandshakeWorld world;
    world.pin = pin_of(world.forge.admin);
    const Outcome out = world.shake(world.of(world.server, world.forge.chain));
    ASSERT_TRUE(out.client_error);
    EXPECT_EQ(out.client_error->message, "That is this machine itself.");
}

TEST(ClientHandshake, LearnsAKeyOnlyWithoutNamingItself) {
    HandshakeWorld world;
    world.pin = {};
    world.pin.any = true;
    EXPECT_EQ(world.shake(world.of(world.forge.admin, world.forge.chain)).client_error->code,
              Code::internal);
    const Outcome probe = world.shake({}, true);
    EXPECT_TRUE(probe.client_done);
    EXPECT_EQ(probe.passed.size(), 3U); // hello, hello, proof: and no more
}

TEST(ClientHandshake, TellsTheFactsOfTheServer) {
    HandshakeWorld world;
    ServerHandshake server = world.accept(true);
    ClientHandshake client(world.pin, {}, world.client_binding, world.forge.random);
    EXPECT_TRUE(world.greet(server, client).empty());
    EXPECT_TRUE(client.done());
    EXPECT_TRUE(server.proved());
    EXPECT_FALSE(server.done());
    EXPECT_EQ(client.server().keys, world.server.public_identity());
    EXPECT_EQ(client.server().time_ms, 1234U);
}

TEST(ClientHandshake, AnOldProofIsWorthNothing) {
    HandshakeWorld world;
    world.hosted = world.forge.chain;
    const auto credentials = world.of(world.forge.admin, world.forge.chain);
    const Outcome recorded = world.shake(credentials);
    ClientHandshake client(world.pin, credentials, world.client_binding, world.forge.random);
    client.hello();
    EXPECT_TRUE(client.receive(recorded.passed[1]));
    EXPECT_EQ(client.receive(recorded.passed[2]).error().code, Code::denied);
    EXPECT_EQ(client.receive(recorded.passed[2]).error().code, Code::protocol); // over
}

TEST(ClientHandshake, AProofForAnotherConnectionFails) {
    HandshakeWorld world;
    world.hosted = world.forge.chain;
    world.client_binding = Block<32>{2};
    const Outcome out = world.shake(world.of(world.forge.admin, world.forge.chain));
    EXPECT_EQ(out.client_error->code, Code::denied);
    EXPECT_EQ(out.passed.size(), 3U);
}

TEST(ClientHandshake, RefusesAServerThatStripsTheBinding) {
    HandshakeWorld world;
    world.between = [](std::size_t index, Bytes& message) {
        if (index == 1) message.back() = 0; // Binding::none
    };
    EXPECT_EQ(world.shake(world.of(world.forge.admin, world.forge.chain)).client_error->code,
              Code::denied);
}

TEST(ClientHandshake, NamesTheSideThatIsOld) {
    HandshakeWorld world;
    const auto with_versions = [&world](std::uint8_t versions) {
        world.between = [versions](std::size_t index, Bytes& message) {
            if (index == 1) message[2] = message[4] = versions;
        };
        return *world.shake(world.of(world.forge.admin, world.forge.chain)).client_error;
    };
    EXPECT_EQ(with_versions(9).code, Code::protocol);
    EXPECT_TRUE(with_versions(9).fix.contains("this device"));
    EXPECT_TRUE(with_versions(0).fix.contains("the server"));
}

// Every answer of the server to the auth, made up: none may end in agreement.
TEST(ClientHandshake, AnAgreementOnAnotherChainIsRefused) {
    HandshakeWorld world;
    const mesh::Chain old = world.forge.chain;
    world.forge.added(mesh::Role::member);
    const mesh::Chain other = mesh::Forge().with_added(old, world.forge.admin);
    for (const mesh::Chain* claimed : {&old, &other}) {
        ServerHandshake server = world.accept();
        ClientHandshake client(world.pin, world.of(world.forge.admin, world.forge.chain),
                               world.client_binding, world.forge.random);
        EXPECT_EQ(world.greet(server, client).size(), 1U);
        for (const Bytes& message : chain_parts(*claimed, 0))
            EXPECT_TRUE(client.receive(message));
        const auto agreed = client.receive(encode_handshake(Agreed{point_of(*claimed)}));
        if (mesh::Chain::preferred(*claimed, world.forge.chain).head() == claimed->head())
            continue; // an honest winner of the fork
        EXPECT_EQ(agreed.error().code, Code::denied);
        EXPECT_FALSE(client.adopted());
    }
}

TEST(ClientHandshake, AServerCannotAskForTheChainForEver) {
    HandshakeWorld world;
    ServerHandshake server = world.accept();
    ClientHandshake client(world.pin, world.of(world.forge.admin, world.forge.chain),
                           world.client_binding, world.forge.random);
    EXPECT_EQ(world.greet(server, client).size(), 1U);
    const Bytes again = encode_handshake(NeedChain{0});
    EXPECT_TRUE(client.receive(again));
    EXPECT_TRUE(client.receive(again));
    EXPECT_EQ(client.receive(again).error().code, Code::protocol);
}

} // namespace
} // namespace envmesh::sync
