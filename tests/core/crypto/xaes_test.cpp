// SPDX-License-Identifier: MIT
#include "core/crypto/xaes.h"

#include "core/base/codec.h"
#include "core/crypto/hash.h"
#include "tests/core/crypto/vectors.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <memory>
#include <thread>

namespace envmesh::crypto {
namespace {

const Nonce alphabet = block<24>(view("ABCDEFGHIJKLMNOPQRSTUVWX"));

Key key_full_of(std::uint8_t byte) { return Key(Bytes(Key::size, byte)); }

/// OpenSSL 3.0 gives SHAKE's output in one call only.
class Shake128 {
  public:
    Shake128() { EVP_DigestInit_ex2(context_.get(), EVP_shake128(), nullptr); }
    void add(View bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
    Bytes finish(std::size_t size) {
        Bytes out(size);
        EVP_DigestFinalXOF(context_.get(), out.data(), out.size());
        return out;
    }

  private:
    std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

// The expected bytes of both tests stand in C2SP's XAES-256-GCM.md, "Test vectors".
TEST(Xaes, HasTheVectorsOfItsSpecification) {
    EXPECT_EQ(hex(xaes_seal(key_full_of(1), alphabet, {}, view("XAES-256-GCM"))),
              "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271");
    const View aad = view("c2sp.org/XAES-256-GCM");
    EXPECT_EQ(hex(xaes_seal(key_full_of(3), alphabet, aad, view("XAES-256-GCM"))),
              "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d");
}

TEST(Xaes, PassesTheAccumulatedTestOfItsSpecification) {
    constexpr std::size_t rounds = 10'000;
    const Bytes stream = Shake128().finish(rounds * (32 + 24 + 2 * 256));
    Reader random(stream);
    Shake128 ciphertexts;
    for (std::size_t round = 0; round < rounds; ++round) {
        const Key key(random.raw(Key::size));
        const Nonce nonce = random.block<24>();
        const View plaintext = random.run8();
        const View aad = random.run8();
        const Bytes sealed = xaes_seal(key, nonce, aad, plaintext);
        const auto opened = xaes_open(key, nonce, aad, sealed);
        ASSERT_TRUE(opened && equal(opened->reveal(), plaintext)) << round;
        ciphertexts.add(sealed);
    }
    EXPECT_EQ(hex(ciphertexts.finish(32)),
              "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939");
}

TEST(Xaes, OpensNothingThatWasAltered) {
    const Key key = key_full_of(3);
    const Bytes sealed = xaes_seal(key, alphabet, view("aad"), view("value"));
    ASSERT_EQ(xaes_open(key, alphabet, view("aad"), sealed).value(), Secret("value"));
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        Bytes altered = sealed;
        altered[i] ^= 0x80U;
        EXPECT_EQ(xaes_open(key, alphabet, view("aad"), altered).error().code, Code::corrupt) << i;
        EXPECT_FALSE(xaes_open(key, alphabet, view("aad"), View(sealed).first(i))) << i;
    }
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        Nonce altered = alphabet;
        altered[i] ^= 1U;
        EXPECT_FALSE(xaes_open(key, altered, view("aad"), sealed)) << i;
    }
    EXPECT_FALSE(xaes_open(key_full_of(2), alphabet, view("aad"), sealed));
    EXPECT_FALSE(xaes_open(key, alphabet, view("aaD"), sealed));
    EXPECT_FALSE(xaes_open(key, alphabet, {}, sealed));
}

TEST(Xaes, EmptyTextAndLargeText) {
    const Key key = key_full_of(1);
    const Bytes none = xaes_seal(key, alphabet, {}, {});
    EXPECT_EQ(none.size(), tag_size);
    EXPECT_EQ(xaes_open(key, alphabet, {}, none).value(), Secret());
    const Bytes large(3'000'000, 7);
    const Bytes sealed = xaes_seal(key, alphabet, {}, large);
    EXPECT_TRUE(xaes_open(key, alphabet, {}, sealed).value() == Secret(View(large)));
}

TEST(Xaes, ThreadsShareNothing) {
    std::vector<std::thread> threads;
    std::array<bool, 4> same{};
    for (std::size_t i = 0; i < same.size(); ++i)
        threads.emplace_back([&same, i] {
            const Key key = key_full_of(static_cast<std::uint8_t>(i));
            const Bytes first = xaes_seal(key, alphabet, view("aad"), view("text"));
            same[i] = true;
            for (int round = 0; round < 500; ++round) {
                same[i] &= xaes_seal(key, alphabet, view("aad"), view("text")) == first;
                same[i] &= xaes_open(key, alphabet, view("aad"), first).has_value();
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(same, (std::array{true, true, true, true}));
}

} // namespace
} // namespace envmesh::crypto
