// SPDX-License-Identifier: MIT
#include "core/mesh/keyring.h"

#include <gtest/gtest.h>

namespace envmesh::mesh {
namespace {

Key key(std::uint8_t byte) { return Key(Bytes(Key::size, byte)); }

TEST(Keyring, RecordIdIsHmacSha256OfScopeAndName) {
    const Keyring keyring(key(0x0b), 1, key(2));
    // Python: hmac.new(b"\x0b"*32, b"shared\0AWS_KEY", "sha256").hexdigest()[:32]
    EXPECT_EQ(hex(keyring.record_id("shared", "AWS_KEY")), "168d55d0b15f64ce174a41c8b4873799");
    EXPECT_NE(keyring.record_id("ab", "c"), keyring.record_id("a", "bc"));
}

TEST(Keyring, KeepsTheFirstKeyOfAnEpochAndEveryEpoch) {
    Keyring keyring(key(1), 10, key(2));
    keyring.add(11, key(3));
    keyring.add(10, key(4));
    EXPECT_TRUE(keyring.current_key() == key(2));
    keyring.make_current(11);
    EXPECT_TRUE(keyring.current_key() == key(3));
    EXPECT_TRUE(*keyring.epoch_key(10) == key(2));
    EXPECT_EQ(keyring.epoch_key(12), nullptr);
}

TEST(Keyring, TheFirstEpochIsNamedOnceTheGenesisIsKnown) {
    SystemRandom random;
    Keyring keyring = Keyring::create(random);
    const Key before = keyring.current_key().copy();
    EXPECT_FALSE(keyring.name_key() == before);
    keyring.name_first_epoch(77);
    EXPECT_EQ(keyring.current_epoch(), 77U);
    EXPECT_TRUE(keyring.current_key() == before);
    EXPECT_EQ(keyring.epoch_keys().size(), 1U);
}

} // namespace
} // namespace envmesh::mesh
