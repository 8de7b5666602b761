// SPDX-License-Identifier: MIT
// Who gets in, and which chain both sides end with.
#include "core/sync/server_handshake.h"

#include "tests/core/sync/handshake_world.h"

#include <algorithm>

namespace envmesh::sync {
namespace {

void expect_refused(const Outcome& out, std::string_view reason, Code code = Code::denied) {
    EXPECT_FALSE(out.client_done);
    EXPECT_FALSE(out.server_done);
    ASSERT_TRUE(out.server_error && out.client_error);
    EXPECT_EQ(out.client_error->code, code);
    EXPECT_TRUE(out.client_error->message.contains(reason)) << out.client_error->message;
}

TEST(ServerHandshake, AMemberWithTheSameChainGetsIn) {
    HandshakeWorld world;
    const auto member = world.forge.added(mesh::Role::member);
    world.hosted = world.forge.chain;
    const Outcome out = world.shake(world.of(member, world.forge.chain));
    EXPECT_TRUE(out.both_done());
    EXPECT_FALSE(out.adopted);
    EXPECT_EQ(out.passed.size(), 5U); // hello, hello, proof, auth, agreed
}

TEST(ServerHandshake, TheClientIsGivenWhatItLacks) {
    HandshakeWorld world;
    const mesh::Chain before = world.forge.chain;
    const auto member = world.forge.added(mesh::Role::member);
    world.hosted = world.forge.chain;
    const Outcome admin = world.shake(world.of(world.forge.admin, before));
    EXPECT_TRUE(admin.both_done());
    EXPECT_EQ(admin.adopted->head(), world.forge.chain.head());
    const Outcome joiner = world.shake({&member, before.mesh_id(), nullptr, {}});
    EXPECT_TRUE(joiner.both_done());
    EXPECT_EQ(joiner.adopted->head(), world.forge.chain.head());
}

TEST(ServerHandshake, TheServerTakesALongerChain) {
    HandshakeWorld world;
    world.hosted = world.forge.chain;
    const auto member = world.forge.added(mesh::Role::member); // not known to the server yet
    const Outcome out = world.shake(world.of(member, world.forge.chain));
    EXPECT_TRUE(out.both_done());
    EXPECT_FALSE(out.adopted);
    EXPECT_EQ(world.hosted->head(), world.forge.chain.head());
}

TEST(ServerHandshake, TheClientIsToldWhyItsChainIsNotStored) {
    HandshakeWorld world;
    world.full = Error{Code::denied, "There is no room.", {}};
    expect_refused(world.shake(world.of(world.forge.admin, world.forge.chain)), "no room");
    EXPECT_FALSE(world.hosted);
}

// Whichever side holds the winner, and whichever is longer: both end with the same head.
TEST(ServerHandshake, AForkEndsOnThePreferredChain) {
    for (int longer = 0; longer < 4; ++longer) {
        HandshakeWorld world;
        const mesh::Chain base = world.forge.chain;
        mesh::Chain a = world.forge.with_added(base, world.forge.admin);
        mesh::Chain b = world.forge.with_added(base, world.forge.admin);
        if (longer & 1) a = world.forge.with_added(a, world.forge.admin);
        if (longer & 2) b = world.forge.with_added(b, world.forge.admin);
        for (const auto& [ours, theirs] : {std::pair(a, b), std::pair(b, a)}) {
            world.hosted = ours;
            const Outcome out = world.shake(world.of(world.forge.admin, theirs));
            ASSERT_TRUE(out.both_done()) << longer << out.client_error->message;
            const auto winner = mesh::Chain::preferred(a, b).head();
            EXPECT_EQ(world.hosted->head(), winner);
            EXPECT_EQ((out.adopted ? *out.adopted : theirs).head(), winner);
        }
    }
}

TEST(ServerHandshake, AnUnknownMeshIsMadeWithTheTokenOnly) {
    HandshakeWorld world;
    auto credentials = world.of(world.forge.admin, world.forge.chain);
    EXPECT_TRUE(world.shake(credentials).both_done());
    EXPECT_EQ(world.hosted->head(), world.forge.chain.head());
    world.hosted.reset();
    credentials.token = "open sesam";
    expect_refused(world.shake(credentials), "without its token");
    EXPECT_FALSE(world.hosted);
    credentials.chain = nullptr;
    expect_refused(world.shake(credentials), "does not have the mesh", Code::not_found);
}

TEST(ServerHandshake, StrangersAndRemovedDevicesAreRefused) {
    HandshakeWorld world;
    const auto leaving = world.forge.added(mesh::Role::admin);
    const mesh::Chain before = world.forge.chain;
    world.hosted = world.forge.with_removed(before, world.forge.admin, leaving);
    const auto stranger = world.forge.device();
    expect_refused(world.shake(world.of(stranger, before)), "not a member");
    expect_refused(world.shake(world.of(leaving, before)), "was removed");
    expect_refused(world.shake({&leaving, before.mesh_id(), nullptr, {}}), "was removed");
    const auto head = world.hosted->head();
    const mesh::Chain coup = world.forge.with_added(before, leaving); // a fork that loses
    expect_refused(world.shake(world.of(leaving, coup)), "was removed");
    EXPECT_EQ(world.hosted->head(), head);
}

TEST(ServerHandshake, AStolenIdOrAnotherConnectionProvesNothing) {
    HandshakeWorld world;
    world.hosted = world.forge.chain;
    const auto thief = world.forge.device();
    world.between = [&](std::size_t index, Bytes& message) {
        if (index != 3) return;
        const auto id = world.forge.admin.id();
        std::ranges::copy(id, message.begin() + 1 + 2 + 32);
    };
    expect_refused(world.shake(world.of(thief, world.forge.chain)), "did not prove");

    const Outcome recorded = [&world] {
        world.between = [](std::size_t, Bytes&) {};
        return world.shake(HandshakeWorld::of(world.forge.admin, world.forge.chain));
    }();
    ServerHandshake replay = world.accept(); // the same bytes again, to a new nonce
    EXPECT_TRUE(replay.receive(recorded.passed[0]));
    EXPECT_TRUE(replay.receive(recorded.passed[3])->refused);
    EXPECT_FALSE(replay.done());
}

TEST(ServerHandshake, TheChainSentIsTheChainThatWasSigned) {
    HandshakeWorld world;
    const mesh::Chain announced = world.forge.with_added(world.forge.chain, world.forge.admin);
    const mesh::Chain other = world.forge.with_added(world.forge.chain, world.forge.admin);
    world.between = [&](std::size_t, Bytes& message) {
        if (message[0] == 0x06) message = chain_parts(other, 0).front();
    };
    expect_refused(world.shake(world.of(world.forge.admin, announced)), "announced");
    EXPECT_FALSE(world.hosted);
}

TEST(ServerHandshake, AStrangerMaySendOneMebibyteOfChain) {
    HandshakeWorld world;
    ServerHandshake server = world.accept();
    ClientHandshake client(world.pin, world.of(world.forge.admin, world.forge.chain),
                           world.client_binding, world.forge.random);
    const Messages auth = world.greet(server, client);
    ASSERT_EQ(auth.size(), 1U);
    EXPECT_TRUE(server.receive(auth.front()));
    std::optional<Error> refused;
    for (std::uint32_t i = 0; i < 6 && !refused; ++i) {
        const auto step = server.receive(encode_handshake(ChainPart{i, false, {Bytes(250'000)}}));
        ASSERT_TRUE(step);
        refused = step->refused;
        EXPECT_EQ(refused.has_value(), i == 4);
    }
    EXPECT_TRUE(refused->message.contains("1024 KiB"));
    EXPECT_FALSE(server.receive(encode_handshake(ChainPart{5, true, {Bytes(1)}})));
}

TEST(ServerHandshake, AnswersAnUnknownVersionWithItsOwnAndNoProof) {
    HandshakeWorld world;
    ServerHandshake server = world.accept();
    const auto step = server.receive(Bytes{0x01, 0, 7, 0, 9, 1, 2, 3});
    ASSERT_TRUE(step && step->refused);
    EXPECT_EQ(step->refused->code, Code::protocol);
    ASSERT_EQ(step->send.size(), 1U);
    EXPECT_EQ(versions_of(step->send[0]), our_versions);
    EXPECT_FALSE(server.receive(encode_handshake(ClientHello{our_versions, {}})));
}

TEST(ServerHandshake, TheJoinPathTakesNoCredentials) {
    HandshakeWorld world;
    world.hosted = world.forge.chain;
    const Outcome out = world.shake(world.of(world.forge.admin, world.forge.chain), true);
    EXPECT_FALSE(out.client_done);
    EXPECT_FALSE(out.server_done);
    EXPECT_EQ(out.server_error->code, Code::protocol);
}

// Of a handshake with every kind of message, each byte of each message is changed once.
TEST(ServerHandshake, AnyChangedByteEndsIt) {
    const auto run = [](std::size_t index, std::size_t at) {
        HandshakeWorld world;
        const mesh::Chain base = world.forge.chain;
        const mesh::Chain a = world.forge.with_added(base, world.forge.admin);
        const mesh::Chain b = world.forge.with_added(base, world.forge.admin);
        const bool a_wins = mesh::Chain::preferred(a, b).head() == a.head();
        world.hosted = a_wins ? a : b; // both sides send their chain
        world.between = [=](std::size_t i, Bytes& message) {
            if (i == index) message[at] ^= static_cast<std::uint8_t>(1U << (at % 8));
        };
        return world.shake(world.of(world.forge.admin, a_wins ? b : a));
    };
    const Outcome honest = run(99, 0);
    ASSERT_TRUE(honest.both_done());
    ASSERT_EQ(honest.passed.size(), 8U);
    for (std::size_t index = 0; index < honest.passed.size(); ++index) {
        const bool chain = honest.passed[index][0] == 0x06;
        for (std::size_t at = 0; at < honest.passed[index].size(); at += chain && at > 20 ? 13 : 1)
            EXPECT_FALSE(run(index, at).both_done()) << index << " " << at;
    }
}

} // namespace
} // namespace envmesh::sync
