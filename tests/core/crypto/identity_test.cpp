// SPDX-License-Identifier: MIT
#include "core/crypto/identity.h"

#include "tests/core/crypto/vectors.h"

#include <gtest/gtest.h>

namespace envmesh::crypto {
namespace {

// RFC 7748, section 6.1.
constexpr auto bob_secret = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
constexpr auto bob_public = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
constexpr auto alice_secret = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
constexpr auto alice_public = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
// RFC 8032, section 7.1, test 1.
constexpr auto first_seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

Identity identity(std::string_view ed_seed, std::string_view x_secret) {
    return Identity::restore(unhex(ed_seed), unhex(x_secret)).value();
}

struct SignatureVector {
    const char* seed;
    const char* ed_pk;
    const char* message;
    const char* signature;
};
constexpr SignatureVector rfc8032[] = {
    {first_seed, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
     "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"},
};

TEST(Identity, SignsAsInRfc8032) {
    for (const SignatureVector& vector : rfc8032) {
        const Identity self = identity(vector.seed, bob_secret);
        const Bytes message = unhex(vector.message);
        const Signature signature = self.sign("", {message});
        EXPECT_EQ(hex(self.public_identity().ed_pk), vector.ed_pk);
        EXPECT_EQ(hex(signature), vector.signature);
        EXPECT_TRUE(verify(self.public_identity().ed_pk, "", {message}, signature));
    }
}

TEST(Identity, LabelAndPartsAreSignedInOnePiece) {
    const Identity self = identity(first_seed, bob_secret);
    const PublicKey ed_pk = self.public_identity().ed_pk;
    const Signature signature = self.sign("label", {view("on"), view("e")});
    EXPECT_EQ(signature, self.sign("", {view("labelone")}));
    EXPECT_TRUE(verify(ed_pk, "label", {view("one")}, signature));
    EXPECT_FALSE(verify(ed_pk, "Label", {view("one")}, signature));
    EXPECT_FALSE(verify(ed_pk, "label", {view("two")}, signature));
    EXPECT_FALSE(verify(PublicKey{}, "label", {view("one")}, signature));
    for (std::size_t i = 0; i < signature.size(); ++i) {
        Signature altered = signature;
        altered[i] ^= 1U;
        EXPECT_FALSE(verify(ed_pk, "label", {view("one")}, altered)) << i;
    }
}

TEST(Identity, PublicKeysAndIdAreDerived) {
    EXPECT_EQ(hex(identity(first_seed, alice_secret).public_identity().x_pk), alice_public);
    const Identity bob = identity(first_seed, bob_secret);
    EXPECT_EQ(hex(bob.public_identity().x_pk), bob_public);
    // From Python's hashlib.
    EXPECT_EQ(hex(bob.id()), "ada7f20060b37e8ece9b278699a099b2");
    EXPECT_EQ(server_fingerprint(bob.public_identity().ed_pk),
              "7849ac3049680be1ef762efe0d36e01733c3464eb0c7c558138acf24bb263bd3");
}

TEST(Identity, RestoresWhatItGaveAndNothingElse) {
    CountingRandom random;
    const Identity self = Identity::create(random);
    EXPECT_NE(self.ed_seed(), self.x_secret());
    const auto again = Identity::restore(self.ed_seed().reveal(), self.x_secret().reveal());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->public_identity(), self.public_identity());
    for (const std::size_t size : {0U, 31U, 33U}) {
        EXPECT_EQ(Identity::restore(Bytes(size), Bytes(32)).error().code, Code::corrupt);
        EXPECT_EQ(Identity::restore(Bytes(32), Bytes(size)).error().code, Code::corrupt);
    }
}

// From Alice's key of RFC 7748 as the box's own to Bob's, put together from the published parts
// (X25519, HSalsa20, XSalsa20, Poly1305, BLAKE2b) by another implementation.
TEST(Identity, OpensAForeignBox) {
    const Identity bob = identity(first_seed, bob_secret);
    const Bytes sealed = unhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
                               "be53227981885fb2aab5c372e995c2c1c6698ca398976039f00d2e03c15b5e39"
                               "0e282e13d8667fab8b1ef0f264");
    const auto message = bob.open_box(sealed);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->reveal_text(), "an epoch key, wrapped for Bob");
}

TEST(Identity, BoxOpensForOneDeviceOnly) {
    const Identity bob = identity(first_seed, bob_secret);
    const Identity alice = identity(first_seed, alice_secret);
    const Bytes sealed = seal_to(bob.public_identity().x_pk, view("m"));
    ASSERT_EQ(sealed.size(), 49U);
    EXPECT_EQ(bob.open_box(sealed).value(), Secret("m"));
    EXPECT_EQ(alice.open_box(sealed).error().code, Code::denied);
    EXPECT_EQ(bob.open_box(seal_to(bob.public_identity().x_pk, {})).value(), Secret());
    for (std::size_t size = 0; size < sealed.size(); ++size) {
        EXPECT_FALSE(bob.open_box(View(sealed).first(size))) << size;
        Bytes altered = sealed;
        altered[size] ^= 0x40U;
        EXPECT_FALSE(bob.open_box(altered)) << size;
    }
}

TEST(Identity, NothingIsSealedToAKeyThatAnybodyHas) {
    EXPECT_EQ(seal_to(PublicKey{}, view("message")), Bytes(48 + 7));
}

} // namespace
} // namespace envmesh::crypto
