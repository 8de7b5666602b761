// SPDX-License-Identifier: MIT
#include "core/mesh/invite.h"

#include "tests/core/mesh/forge.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace envmesh::mesh {
namespace {

constexpr crypto::ShortHash server{1, 2, 3};

std::string code_text(const std::string& address, const crypto::ShortHash& key = server) {
    SeededRandom random;
    return std::string(InviteCode::create(random, key, address).to_text().reveal_text());
}

std::optional<Code> refusal(std::string_view text) {
    const auto code = InviteCode::parse(Secret(text));
    return code ? std::nullopt : std::optional(code.error().code);
}

/// A code with a right check around any payload.
std::string around(const Bytes& payload) {
    return base32(payload) + base32(crypto::hash256({payload})).substr(0, 2);
}

TEST(InviteCode, ComesBackAsItWas) {
    SeededRandom random;
    const auto made = InviteCode::create(random, server, "Host.example:8443");
    const auto read = InviteCode::parse(made.to_text());
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_TRUE(read->secret == made.secret);
    EXPECT_EQ(read->server_key, server);
    EXPECT_EQ(read->address, "Host.example:8443");
    EXPECT_EQ(read->rendezvous(), made.rendezvous());
    EXPECT_EQ(made.rendezvous(), crypto::hash128({view("EnvMesh-rv"), made.secret.reveal()}));
    EXPECT_EQ(refusal(code_text("", {})), std::nullopt);
}

TEST(InviteCode, ForgivesCaseWhiteSpaceAndDashes) {
    std::string text = code_text("a.b:1");
    std::string typed = " ";
    for (const char c : text)
        typed += {c >= 'a' ? static_cast<char>(c - 32) : c, '-', '\t'};
    EXPECT_EQ(refusal(typed + "\r\n"), std::nullopt);
    for (const std::string_view other : {"_", ".", "=", "0", "\xc2\xa0"})
        EXPECT_EQ(refusal(text + std::string(other)), Code::invalid) << other;
}

TEST(InviteCode, OneWrongMissingOrSwappedCharacterIsSeen) {
    const std::string good = code_text("a.b:1");
    std::size_t unseen = 0;
    for (std::size_t at = 0; at < good.size(); ++at)
        for (const char c : std::string_view("abcdefghijklmnopqrstuvwxyz234567")) {
            std::string bad = good;
            bad[at] = c;
            if (c != good[at] && !refusal(bad)) ++unseen;
        }
    EXPECT_LE(unseen, good.size() * 31 / 256); // 1 of 1024 is expected
    for (std::size_t size = 0; size < 50; ++size)
        EXPECT_EQ(refusal(good.substr(0, size)), Code::invalid);
    EXPECT_EQ(refusal(std::string(5000, 'a')), Code::invalid);
}

TEST(InviteCode, AnErrorDoesNotRepeatTheCode) {
    std::string bad = code_text("a.b:1");
    bad.back() = bad.back() == 'a' ? 'b' : 'a';
    const auto refused = InviteCode::parse(Secret(std::string_view(bad)));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message.find(bad.substr(0, 8)), std::string::npos);
}

TEST(InviteCode, RefusesAServerThatCannotBeUsed) {
    for (const char* good : {"a:1", "10.0.0.1:65535", "[::1]:8443", "my_host-1:80"})
        EXPECT_EQ(refusal(code_text(good)), std::nullopt) << good;
    for (const char* bad : {"a", "a:", ":1", "a:0", "a:01", "a:65536", "a:1x", "-a:1", "a b:1",
                            "a/b:1", "a@b:1", "[]:1", "[::1:1", "a:b:1", "\x1b[2J:1", "[g::1]:1"})
        EXPECT_EQ(refusal(code_text(bad)), Code::invalid) << bad;
    EXPECT_EQ(refusal(code_text(std::string(300, 'a') + ":1")), Code::invalid);
    EXPECT_EQ(refusal(code_text("a:1", {})), Code::invalid); // nothing vouches for the server
}

TEST(InviteCode, AnotherVersionIsToldApart) {
    Bytes payload(33, 0);
    payload[0] = 1;
    EXPECT_EQ(refusal(around(payload)), std::nullopt);
    payload[0] = 2;
    EXPECT_EQ(refusal(around(payload)), Code::too_new);
    payload[0] = 0;
    EXPECT_EQ(refusal(around(payload)), Code::invalid);
    EXPECT_EQ(refusal(around(Bytes(32, 1))), Code::invalid); // a byte short
}

} // namespace
} // namespace envmesh::mesh
