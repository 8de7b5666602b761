// SPDX-License-Identifier: MIT
#include "core/sync/envelope.h"

#include <gtest/gtest.h>

namespace envmesh::sync {
namespace {

struct Signed {
    SystemRandom random;
    crypto::Identity author = crypto::Identity::create(random);
    mesh::MeshId mesh{1, 2, 3};
    Envelope envelope;

    Signed() {
        envelope.epoch = 7;
        envelope.record.fill(0x11);
        envelope.device = author.id();
        envelope.hlc = 0x0102030405060708;
        envelope.nonce.fill(0x22);
        envelope.sealed = Bytes(272, 0x33);
        envelope.signature = envelope.sign(author, mesh);
    }
};

TEST(Envelope, keeps_every_field_in_154_bytes_of_overhead) {
    const Signed made;
    const Bytes bytes = made.envelope.encode();
    EXPECT_EQ(bytes.size(), Envelope::overhead + 256);
    const auto parsed = Envelope::parse(bytes);
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->encode(), bytes);
    EXPECT_EQ(parsed->hlc, made.envelope.hlc);
    EXPECT_TRUE(parsed->authentic(made.author.public_identity().ed_pk, made.mesh));
}

TEST(Envelope, every_flipped_byte_is_refused_or_not_authentic) {
    const Signed made;
    const Bytes bytes = made.envelope.encode();
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        Bytes flipped = bytes;
        flipped[i] ^= 1;
        const auto parsed = Envelope::parse(flipped);
        EXPECT_FALSE(parsed && parsed->authentic(made.author.public_identity().ed_pk, made.mesh))
            << "byte " << i;
    }
}

TEST(Envelope, belongs_to_one_mesh) {
    const Signed made;
    const mesh::MeshId other{9};
    EXPECT_FALSE(made.envelope.authentic(made.author.public_identity().ed_pk, other));
    EXPECT_NE(made.envelope.aad(made.mesh), made.envelope.aad(other));
}

TEST(Envelope, associated_data_binds_the_place_of_the_ciphertext) {
    Signed made;
    const Bytes before = made.envelope.aad(made.mesh);
    Envelope moved = made.envelope;
    moved.record[0] ^= 1;
    EXPECT_NE(moved.aad(made.mesh), before);
    moved = made.envelope;
    ++moved.hlc;
    EXPECT_NE(moved.aad(made.mesh), before);
    moved = made.envelope;
    moved.nonce[0] ^= 1;
    EXPECT_EQ(moved.aad(made.mesh), before);
}

TEST(Envelope, refuses_what_has_the_wrong_size) {
    Signed made;
    Bytes bytes = made.envelope.encode();
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(Envelope::parse(View(bytes).first(size)).has_value());
    bytes.push_back(0);
    EXPECT_FALSE(Envelope::parse(bytes).has_value());
    made.envelope.sealed.resize(Envelope::most_bytes);
    EXPECT_FALSE(Envelope::parse(made.envelope.encode()).has_value());
    made.envelope.sealed.resize(256);
    made.envelope.hlc = 0;
    EXPECT_FALSE(Envelope::parse(made.envelope.encode()).has_value());
}

} // namespace
} // namespace envmesh::sync
