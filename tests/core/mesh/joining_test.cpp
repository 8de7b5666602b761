// SPDX-License-Identifier: MIT
#include "core/mesh/invite.h"

#include "tests/core/mesh/joining_forge.h"

#include <gtest/gtest.h>

namespace envmesh::mesh {
namespace {

/// An invitation that has come to the point where the admin's person said yes.
struct Confirmed : Invitation {
    Bytes a1 = *inviter.on_commit(joining.commit());
    bool opened = inviter.on_opening(*joining.on_admin(a1)).has_value();
    Bytes a2 = *inviter.welcome(welcome());
};

TEST(Joining, AnyByteChangedOnTheWayIsRefused) {
    Confirmed sample;
    ASSERT_TRUE(sample.opened);
    for (std::size_t at = 0; at < sample.a1.size(); ++at) {
        Invitation it;
        Bytes bad = *it.inviter.on_commit(it.joining.commit());
        bad[at] ^= 1;
        EXPECT_FALSE(it.joining.on_admin(bad)) << at;
    }
    for (std::size_t at = 0; at < sample.a2.size(); ++at) {
        Confirmed it;
        it.a2[at] ^= 1;
        EXPECT_FALSE(it.joining.on_welcome(it.a2)) << at;
    }
}

TEST(Joining, WhoHasTheCodeChangesNoByteOfTheAdminsUnseen) {
    Confirmed sample;
    for (std::size_t at = 0; at < sample.size_of(MailSlot::a1, sample.a1); ++at) {
        Invitation it;
        const Bytes good = *it.inviter.on_commit(it.joining.commit());
        const auto j2 = it.joining.on_admin(it.altered(MailSlot::a1, good, at));
        ASSERT_TRUE(j2);
        EXPECT_FALSE(it.inviter.on_opening(*j2)) << at;
    }
    for (std::size_t at = 0; at < sample.size_of(MailSlot::a2, sample.a2); ++at) {
        Confirmed it;
        EXPECT_FALSE(it.joining.on_welcome(it.altered(MailSlot::a2, it.a2, at))) << at;
    }
}

TEST(Joining, TheWelcomeIsOfTheMeshTheDigitsWereFor) {
    Confirmed it;
    const Bytes a2 = *it.keys.open(MailSlot::a2, it.a2);
    Bytes content(a2.begin(), a2.end() - 64);
    const auto joins = [&it](const Bytes& signed_content, const crypto::Identity& by) {
        // The same steps again, with a reply that `by` signed.
        SeededRandom random;
        Joining joining(it.code, it.device, "laptop", "linux", random);
        Inviter inviter(it.code, it.forge.admin, it.forge.chain.mesh_id(), {}, random);
        Transcript transcript{it.code.rendezvous(), {}, {}, {}};
        const Bytes j1 = joining.commit();
        transcript.commit = block<32>(*it.keys.open(MailSlot::j1, j1));
        const Bytes a1 = *inviter.on_commit(j1);
        transcript.a1 = *it.keys.open(MailSlot::a1, a1);
        const Bytes j2 = *it.keys.open(MailSlot::j2, *joining.on_admin(a1));
        transcript.opening = to_bytes(Reader(j2).run16());
        Writer reply;
        reply.raw(signed_content).raw(transcript.sign(by, welcome_label, signed_content));
        return joining.on_welcome(it.keys.seal(MailSlot::a2, reply.bytes(), random)).has_value();
    };
    EXPECT_TRUE(joins(content, it.forge.admin));
    EXPECT_FALSE(joins(content, it.device));
    content.push_back(0);
    EXPECT_FALSE(joins(content, it.forge.admin));
    content.pop_back();
    content[0] ^= 1; // the mesh_id
    EXPECT_FALSE(joins(content, it.forge.admin));
}

TEST(Joining, AReplyOfAnotherInvitationIsRefused) {
    Confirmed it;
    SeededRandom random;
    random.fill(it.code.secret.writable()); // not the same draw as the first
    Joining other(it.code, it.device, "laptop", "linux", random);
    EXPECT_FALSE(other.on_admin(it.a1));
}

TEST(Joining, EachStepOnceAndInOrder) {
    {
        Confirmed it;
        EXPECT_EQ(it.joining.on_admin(it.a1).error().code, Code::denied);
        EXPECT_FALSE(it.joining.on_welcome(it.a2)); // it is over
    }
    {
        Confirmed it;
        ASSERT_TRUE(it.joining.on_welcome(it.a2));
        EXPECT_FALSE(it.joining.on_welcome(it.a2));
    }
    Invitation early;
    EXPECT_FALSE(early.joining.on_welcome(Bytes(200, 1)));
}

TEST(Joining, OwnTextsAreMadeFit) {
    Invitation it;
    Joining joining(it.code, it.device, std::string(90, 'n') + "\n", "", it.forge.random);
    ASSERT_TRUE(it.inviter.on_opening(*joining.on_admin(*it.inviter.on_commit(joining.commit()))));
    EXPECT_EQ(it.inviter.joiner().name, std::string(64, 'n'));
    EXPECT_EQ(it.inviter.joiner().platform, "unnamed");
}

} // namespace
} // namespace envmesh::mesh
