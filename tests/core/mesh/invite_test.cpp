// SPDX-License-Identifier: MIT
#include "core/mesh/invite.h"

#include "tests/core/mesh/joining_forge.h"

#include <gtest/gtest.h>

namespace envmesh::mesh {
namespace {

TEST(Inviter, BothSidesSeeTheSameDigitsAndTheWelcomeArrives) {
    Invitation it;
    const auto a1 = it.inviter.on_commit(it.joining.commit());
    ASSERT_TRUE(a1) << a1.error().message;
    const auto j2 = it.joining.on_admin(*a1);
    ASSERT_TRUE(j2) << j2.error().message;
    const auto opened = it.inviter.on_opening(*j2);
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(it.inviter.check(), it.joining.check());
    EXPECT_EQ(it.inviter.check().size(), 6U);
    EXPECT_EQ(it.inviter.joiner().keys, it.device.public_identity());
    EXPECT_EQ(it.inviter.joiner().name, "laptop");
    EXPECT_EQ(it.inviter.joiner().platform, "linux");
    const auto a2 = it.inviter.welcome(it.welcome());
    ASSERT_TRUE(a2) << a2.error().message;
    const auto welcome = it.joining.on_welcome(*a2);
    ASSERT_TRUE(welcome) << welcome.error().message;
    EXPECT_EQ(welcome->mesh_id, it.forge.chain.mesh_id());
    EXPECT_EQ(welcome->chain_height, it.forge.chain.height());
    EXPECT_EQ(welcome->chain_head, it.forge.chain.head());
    EXPECT_EQ(welcome->admin_name, "desk");
    EXPECT_EQ(welcome->head, (Bytes{1, 2, 3}));
    EXPECT_EQ(welcome->cloud_url, "wss://host:1");
    EXPECT_EQ(welcome->cloud_key, "ab");
    EXPECT_EQ(it.joining.admin_key(), it.forge.admin.public_identity().ed_pk);
}

TEST(Inviter, AnyByteChangedOnTheWayIsRefused) {
    Invitation sample;
    const Bytes j1 = sample.joining.commit();
    for (std::size_t at = 0; at < j1.size(); ++at) {
        Invitation it;
        Bytes bad = it.joining.commit();
        bad[at] ^= 1;
        EXPECT_FALSE(it.inviter.on_commit(bad)) << at;
    }
    const Bytes j2 = *sample.joining.on_admin(*sample.inviter.on_commit(j1));
    for (std::size_t at = 0; at < j2.size(); ++at) {
        Invitation it;
        Bytes bad = *it.joining.on_admin(*it.inviter.on_commit(it.joining.commit()));
        bad[at] ^= 1;
        EXPECT_FALSE(it.inviter.on_opening(bad)) << at;
    }
}

TEST(Inviter, WhoHasTheCodeChangesNoByteOfTheJoinersUnseen) {
    for (std::size_t at = 0; at < sizeof(Hash); ++at) {
        Invitation it;
        const auto a1 = it.inviter.on_commit(it.altered(MailSlot::j1, it.joining.commit(), at));
        ASSERT_TRUE(a1);
        EXPECT_FALSE(it.inviter.on_opening(*it.joining.on_admin(*a1))) << at;
    }
    Invitation sample;
    const Bytes j2 = *sample.joining.on_admin(*sample.inviter.on_commit(sample.joining.commit()));
    for (std::size_t at = 0; at < sample.size_of(MailSlot::j2, j2); ++at) {
        Invitation it;
        const Bytes good = *it.joining.on_admin(*it.inviter.on_commit(it.joining.commit()));
        EXPECT_FALSE(it.inviter.on_opening(it.altered(MailSlot::j2, good, at))) << at;
    }
}

/// Somebody with the code takes the device's place after the admin has spoken: without the
/// commitment it could try openings until the digits are those on the device's screen.
TEST(Inviter, AnotherOpeningThanTheOneCommittedToIsRefused) {
    Invitation it;
    const Bytes j1 = it.joining.commit();
    const Bytes a1 = *it.inviter.on_commit(j1);
    const auto intruder = it.forge.device();
    const Opening opening{{intruder.public_identity(), "laptop", "linux"}, {}};
    const Transcript transcript{it.code.rendezvous(), block<32>(*it.keys.open(MailSlot::j1, j1)),
                                *it.keys.open(MailSlot::a1, a1), opening.encode()};
    const Bytes j2 = Writer()
                         .run16(transcript.opening)
                         .raw(transcript.sign(intruder, opening_label, {}))
                         .bytes();
    EXPECT_FALSE(it.inviter.on_opening(it.keys.seal(MailSlot::j2, j2, it.forge.random)));
}

TEST(Inviter, AMiddleManIsSeenByTheDigits) {
    Invitation it;
    Inviter false_admin(it.code, it.device, it.forge.chain.mesh_id(), it.forge.chain.head(),
                        it.forge.random);
    const auto intruder = it.forge.device();
    Joining false_joiner(it.code, intruder, "laptop", "linux", it.forge.random);
    const auto to_victim = false_admin.on_commit(it.joining.commit());
    ASSERT_TRUE(it.joining.on_admin(*to_victim));
    const auto from_admin = it.inviter.on_commit(false_joiner.commit());
    ASSERT_TRUE(it.inviter.on_opening(*false_joiner.on_admin(*from_admin)));
    EXPECT_NE(it.inviter.check(), it.joining.check());
}

TEST(Inviter, EachStepOnceAndInOrder) {
    {
        Invitation it;
        const Bytes j1 = it.joining.commit();
        ASSERT_TRUE(it.inviter.on_commit(j1));
        EXPECT_EQ(it.inviter.on_commit(j1).error().code, Code::denied);
    }
    {
        Invitation it;
        EXPECT_FALSE(it.inviter.on_opening(it.joining.commit()));
        EXPECT_FALSE(it.inviter.on_commit(it.joining.commit())); // it is over
    }
    {
        Invitation it;
        const Bytes j2 = *it.joining.on_admin(*it.inviter.on_commit(it.joining.commit()));
        EXPECT_FALSE(it.inviter.on_opening(Bytes(100, 1)));
        EXPECT_FALSE(it.inviter.on_opening(j2)); // a second try would be a second guess
        EXPECT_FALSE(it.inviter.welcome(it.welcome()));
    }
    {
        Invitation it;
        ASSERT_TRUE(it.inviter.on_opening(
            *it.joining.on_admin(*it.inviter.on_commit(it.joining.commit()))));
        ASSERT_TRUE(it.inviter.welcome(it.welcome()));
        EXPECT_FALSE(it.inviter.welcome(it.welcome()));
    }
}

TEST(Inviter, AJoinersTextsAreCheckedAsAStrangers) {
    for (const std::string& bad : {std::string("a\x1b[2J"), std::string(65, 'x'), std::string()}) {
        Invitation it;
        const Opening opening{{it.device.public_identity(), bad, "linux"}, {}};
        Transcript transcript{
            it.code.rendezvous(), crypto::hash256({opening.encode()}), {}, opening.encode()};
        const Bytes j1 = it.keys.seal(MailSlot::j1, transcript.commit, it.forge.random);
        const Bytes a1 = *it.inviter.on_commit(j1);
        transcript.a1 = *it.keys.open(MailSlot::a1, a1);
        const Bytes j2 = Writer()
                             .run16(transcript.opening)
                             .raw(transcript.sign(it.device, opening_label, {}))
                             .bytes();
        EXPECT_FALSE(it.inviter.on_opening(it.keys.seal(MailSlot::j2, j2, it.forge.random)));
    }
}

TEST(Inviter, AWelcomeFitsItsSlotAndNamesTheMesh) {
    const auto code = [](auto change) {
        Invitation it;
        const Bytes j2 = *it.joining.on_admin(*it.inviter.on_commit(it.joining.commit()));
        if (!it.inviter.on_opening(j2)) return std::optional(Code::internal);
        Welcome welcome = it.welcome();
        change(welcome);
        const auto a2 = it.inviter.welcome(welcome);
        return a2 ? std::nullopt : std::optional(a2.error().code);
    };
    EXPECT_EQ(code([](Welcome& welcome) { welcome.head.resize(60'000); }), std::nullopt);
    EXPECT_EQ(code([](Welcome& welcome) { welcome.head.resize(70'000); }), Code::invalid);
    EXPECT_EQ(code([](Welcome& welcome) { welcome.mesh_id[0] ^= 1; }), Code::invalid);
    EXPECT_EQ(code([](Welcome& welcome) { welcome.admin_name = "\n"; }), Code::invalid);
}

} // namespace
} // namespace envmesh::mesh
