// SPDX-License-Identifier: MIT
#include "core/sync/handshake_message.h"

#include <gtest/gtest.h>

namespace envmesh::sync {
namespace {

std::vector<HandshakeMessage> one_of_each() {
    ClientAuth joiner;
    ClientAuth member;
    member.chain = ChainPoint{7, {1}};
    member.token = "token";
    return {ClientHello{{1, 2}, {3}},
            ServerHello{{1, 1}, {{1}, {2}}, {3}, {4}, 5, Binding::tls_exporter},
            ServerProof{{9}},
            joiner,
            member,
            NeedChain{3},
            ChainPart{3, true, {{1, 2}, {3}}},
            Agreed{{7, {1}}},
            Refusal{{Code::denied, "No.", "Ask."}}};
}

TEST(HandshakeMessage, EveryKindSurvivesTheTrip) {
    for (const HandshakeMessage& message : one_of_each()) {
        const Bytes bytes = encode_handshake(message);
        EXPECT_EQ(bytes[0], message.index() + 1);
        const auto back = decode_handshake(bytes);
        ASSERT_TRUE(back) << message.index();
        EXPECT_EQ(encode_handshake(*back), bytes);
    }
}

TEST(HandshakeMessage, IsNeitherShorterNorLonger) {
    for (const HandshakeMessage& message : one_of_each()) {
        Bytes bytes = encode_handshake(message);
        for (std::size_t size = 0; size < bytes.size(); ++size)
            EXPECT_FALSE(decode_handshake(View(bytes).first(size))) << message.index();
        bytes.push_back(0);
        EXPECT_EQ(decode_handshake(bytes).error().code, Code::protocol) << message.index();
    }
}

TEST(HandshakeMessage, FlagsHaveOneForm) {
    Bytes auth = encode_handshake(ClientAuth{});
    auth[1 + 2 + 32 + 16] = 2;
    EXPECT_FALSE(decode_handshake(auth));
    Bytes part = encode_handshake(ChainPart{0, false, {{1}}});
    part[5] = 2;
    EXPECT_FALSE(decode_handshake(part));
    EXPECT_FALSE(decode_handshake(encode_handshake(ChainPart{})));
    EXPECT_FALSE(decode_handshake(Bytes{0x09}));
    EXPECT_FALSE(decode_handshake(Bytes{}));
}

TEST(HandshakeMessage, HoldsToTheSizes) {
    ClientAuth auth;
    auth.token = std::string(most_handshake_bytes, 'x');
    EXPECT_FALSE(decode_handshake(encode_handshake(auth)));
    EXPECT_TRUE(
        decode_handshake(encode_handshake(ChainPart{0, true, {Bytes(most_part_bytes - 12)}})));
    EXPECT_FALSE(
        decode_handshake(encode_handshake(ChainPart{0, true, {Bytes(most_part_bytes - 11)}})));
}

TEST(HandshakeMessage, ARefusalCannotForgeWhatTheTerminalShows) {
    const auto hostile = Refusal{{Code::denied, "no\x1b[2J\nok", "\xff"}};
    const auto back = decode_handshake(encode_handshake(hostile));
    ASSERT_TRUE(back);
    const Error& error = std::get<Refusal>(*back).error;
    EXPECT_EQ(error.message, "no [2J ok");
    EXPECT_EQ(error.fix, "(unreadable)");
    const auto wordy = Refusal{{Code::denied, std::string(70'000, 'x'), {}}};
    EXPECT_TRUE(decode_handshake(encode_handshake(wordy)));
}

TEST(HandshakeMessage, TheVersionsOfAFutureHelloAreRead) {
    const Bytes future{0x01, 0, 7, 0, 9, 1, 2, 3};
    EXPECT_EQ(versions_of(future), (VersionRange{7, 9}));
    EXPECT_EQ(versions_of(Bytes{0x01, 0, 7, 0}), std::nullopt);
    EXPECT_EQ(versions_of(encode_handshake(NeedChain{7})), std::nullopt);
}

} // namespace
} // namespace envmesh::sync
