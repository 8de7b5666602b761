// SPDX-License-Identifier: MIT
#include "core/crypto/hash.h"

#include "tests/core/crypto/vectors.h"

#include <gtest/gtest.h>
#include <sodium.h>

namespace envmesh::crypto {
namespace {

/// The deterministic bytes of RFC 7693, appendix E.
Bytes sequence(std::size_t size) {
    Bytes out(size);
    std::uint32_t a = 0xDEAD4BADU * static_cast<std::uint32_t>(size);
    std::uint32_t b = 1;
    for (std::uint8_t& byte : out) {
        const std::uint32_t sum = a + b;
        a = b;
        b = sum;
        byte = static_cast<std::uint8_t>(sum >> 24U);
    }
    return out;
}

/// Ours where we have it (32 bytes), so that the grand hash stands for it.
Bytes blake2b(std::size_t size, View message, View key) {
    if (size == 32) {
        if (key.empty()) return to_bytes(hash256({message}));
        return to_bytes(derive(Key(key), text(message)).reveal());
    }
    Bytes out(size);
    crypto_generichash(out.data(), size, message.data(), message.size(), key.data(), key.size());
    return out;
}

TEST(Hash, PassesTheSelfTestOfRfc7693) {
    Hasher grand;
    for (const std::size_t size : {20U, 32U, 48U, 64U})
        for (const std::size_t length : {0U, 3U, 128U, 129U, 255U, 1024U}) {
            grand.add(blake2b(size, sequence(length), {}));
            grand.add(blake2b(size, sequence(length), sequence(size)));
        }
    EXPECT_EQ(hex(grand.finish()),
              "c23a7800d98123bd10f506c61e29da5603d763b8bbad2e737f5e765a7bccd475");
}

// Expected values from Python's hashlib.
TEST(Hash, JoinsItsParts) {
    const auto abc = {view("a"), view(""), View(), view("bc")};
    EXPECT_EQ(hex(hash256(abc)),
              "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
    EXPECT_EQ(hex(hash128(abc)), "cf4ab791c62b8d2b2109c90275287816");
    EXPECT_EQ(hash256({view("abc")}), hash256(abc));
    EXPECT_EQ(Hasher().add(view("ab")).add({}).add(view("c")).finish(), hash256(abc));
}

TEST(Hash, HmacHasTheVectorsOfRfc4231) {
    const auto hmac = [](View key, View message) {
        const View first = message.first(message.size() / 2);
        return hex(hmac_sha256(key_of(key), {first, message.subspan(first.size())}));
    };
    EXPECT_EQ(hmac(Bytes(20, 0x0b), view("Hi There")),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(hmac(view("Jefe"), view("what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(hmac(Bytes(20, 0xaa), Bytes(50, 0xdd)),
              "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    EXPECT_EQ(hmac(unhex("0102030405060708090a0b0c0d0e0f10111213141516171819"), Bytes(50, 0xcd)),
              "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
    // A longer key than a block counts as its SHA-256, which has our size.
    Bytes long_key(crypto_hash_sha256_BYTES);
    crypto_hash_sha256(long_key.data(), Bytes(131, 0xaa).data(), 131);
    EXPECT_EQ(hmac(long_key, view("Test Using Larger Than Block-Size Key - Hash Key First")),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Hash, EqualComparesSizesToo) {
    EXPECT_TRUE(equal({}, {}));
    EXPECT_TRUE(equal(view("ab"), view("ab")));
    EXPECT_FALSE(equal(view("ab"), view("ac")));
    EXPECT_FALSE(equal(view("ab"), view("abc")));
}

} // namespace
} // namespace envmesh::crypto
