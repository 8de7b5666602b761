// SPDX-License-Identifier: MIT
// Which variable counts, what is approved, what was there before.
#include "core/node/member.h"

#include "tests/support/node_fixture.h"

#include <gmock/gmock.h>

namespace envmesh::node {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using tests::set_call;

class ScopesTest : public tests::NodeTest {
  protected:
    ScopesTest()
        : alice_(first_member(machine(), "alice")), bob_(next_member(*alice_, machine(), "bob")) {}

    Variables& alice() { return alice_->variables(); }
    Variables& bob() { return bob_->variables(); }
    static void put(Variables& variables, const std::string& key, const std::string& value,
                    const std::string& scope = {}) {
        const auto done = variables.set(set_call(key, value, scope));
        ASSERT_TRUE(done) << done.error().message;
    }
    static void carry(const Result<Variables::Changed>& changed, Member& to) {
        ASSERT_TRUE(changed) << changed.error().message;
        ASSERT_TRUE(to.replica().apply(changed->delta.cells, changed->delta.to));
    }
    static api::Export::Reply exported(Variables& variables, api::Scoping scoping = {},
                                       bool run = false) {
        auto reply = variables.exported({std::move(scoping), run, {}});
        EXPECT_TRUE(reply) << reply.error().message;
        return reply ? std::move(*reply) : api::Export::Reply{};
    }
    static std::vector<std::string> lines(const api::Export::Reply& reply) {
        std::vector<std::string> out;
        for (const auto& item : reply.items)
            out.push_back(item.key + '=' + std::string(item.value.reveal_text()));
        return out;
    }

    std::unique_ptr<Member> alice_;
    std::unique_ptr<Member> bob_;
};

TEST_F(ScopesTest, TheNarrowestScopeCounts) {
    ASSERT_TRUE(alice().create_profile({"dev"}));
    ASSERT_TRUE(alice().create_profile({"eu"}));
    put(alice(), "A", "shared");
    EXPECT_THAT(lines(exported(alice())), ElementsAre("A=shared"));
    put(alice(), "A", "dev", "profile/dev");
    put(alice(), "A", "eu", "profile/eu");
    put(alice(), "B", "only in dev", "profile/dev");
    EXPECT_THAT(lines(exported(alice())), ElementsAre("A=shared"));
    EXPECT_THAT(lines(exported(alice(), {{"dev"}, {}, {}})), ElementsAre("A=dev", "B=only in dev"));
    EXPECT_THAT(lines(exported(alice(), {{"dev", "eu"}, {}, {}})),
                ElementsAre("A=eu", "B=only in dev"));
    ASSERT_TRUE(alice().use_profiles({{"eu", "dev"}}));
    EXPECT_THAT(lines(exported(alice())), ElementsAre("A=dev", "B=only in dev"));
    put(alice(), "A", "this machine", "device");
    EXPECT_THAT(lines(exported(alice())), ElementsAre("A=this machine", "B=only in dev"));
    EXPECT_EQ(alice().get({"A", {}, {}})->value->reveal_text(), "this machine");
    EXPECT_EQ(alice().get({"A", "shared", {}})->value->reveal_text(), "shared");
    ASSERT_TRUE(alice().use_profiles({}));
    EXPECT_THAT(lines(exported(alice())), ElementsAre("A=this machine"));
}

TEST_F(ScopesTest, AProfileMustBeThere) {
    EXPECT_EQ(alice().set(set_call("A", "1", "profile/typo")).error().code, Code::not_found);
    EXPECT_EQ(alice().use_profiles({{"typo"}}).error().code, Code::not_found);
    EXPECT_EQ(alice().exported({{{"typo"}, {}, {}}, false, {}}).error().code, Code::not_found);
    EXPECT_EQ(alice().create_profile({"../x"}).error().code, Code::invalid);
    ASSERT_TRUE(alice().create_profile({"dev"}));
    EXPECT_EQ(alice().create_profile({"dev"}).error().code, Code::conflict);
    carry(alice().set(set_call("A", "1", "profile/dev")), *bob_);
    ASSERT_TRUE(bob().use_profiles({{"dev"}}));
    EXPECT_THAT(lines(exported(bob())), ElementsAre("A=1"));
    EXPECT_EQ(bob().profiles()->profiles.at(0).place, 1U);
    EXPECT_EQ(bob().delete_profile({"dev"}).error().code, Code::conflict); // in use
    ASSERT_TRUE(bob().use_profiles({}));
    EXPECT_THAT(bob().delete_profile({"dev"})->keys, ElementsAre("A"));
    EXPECT_THAT(bob().profiles()->profiles, IsEmpty());
}

TEST_F(ScopesTest, AnotherMachineByItsName) {
    put(alice(), "A", "for bob", "device/bob");
    EXPECT_THAT(lines(exported(alice())), IsEmpty());
    EXPECT_EQ(alice().set(set_call("A", "1", "device/nobody")).error().code, Code::invalid);
}

TEST_F(ScopesTest, WhatChangesTheCodeThatRunsIsApprovedValueByValue) {
    carry(alice().set(set_call("EDITOR", "vi")), *bob_);
    EXPECT_THAT(exported(bob()).skipped, ElementsAre(HasSubstr("EDITOR: alice set it")));
    ASSERT_EQ(bob().untrusted({true})->variables.size(), 1U);
    ASSERT_TRUE(bob().trust({{"EDITOR"}, {}, {}}));
    EXPECT_THAT(lines(exported(bob())), ElementsAre("EDITOR=vi"));
    EXPECT_THAT(bob().untrusted({})->variables, IsEmpty());

    carry(alice().set(set_call("EDITOR", "evil")), *bob_);
    EXPECT_THAT(lines(exported(bob())), IsEmpty());
    carry(alice().set(set_call("EDITOR", "vi")), *bob_);
    EXPECT_THAT(lines(exported(bob())), ElementsAre("EDITOR=vi"));
    ASSERT_TRUE(bob().distrust({{"EDITOR"}, {}}));
    EXPECT_THAT(lines(exported(bob())), IsEmpty());
    EXPECT_EQ(bob().trust({{"EDITOR", "ABSENT"}, {}, {}}).error().code, Code::not_found);
    EXPECT_THAT(lines(exported(bob())), IsEmpty()); // all or none
}

TEST_F(ScopesTest, AProjectCountsOnceItIsTrusted) {
    ASSERT_TRUE(alice().create_profile({"dev"}));
    put(alice(), "A", "dev", "profile/dev");
    const std::string text = "profile = \"dev\"\nrequired = [\"A\", \"B\"]\n";
    const api::Scoping inside{{}, "/p/.envmesh.toml", text};
    EXPECT_THAT(exported(alice(), inside).skipped, ElementsAre(HasSubstr("not trusted")));
    EXPECT_THAT(lines(exported(alice(), inside)), IsEmpty());
    ASSERT_TRUE(alice().trust({{}, inside.project, text}));
    EXPECT_THAT(lines(exported(alice(), inside)), ElementsAre("A=dev"));
    EXPECT_THAT(exported(alice(), inside).missing, ElementsAre("B"));
    EXPECT_THAT(exported(alice(), {{}, inside.project, text + "#"}).skipped,
                ElementsAre(HasSubstr("not trusted")));
    EXPECT_THAT(exported(alice(), {{}, "/elsewhere", text}).skipped,
                ElementsAre(HasSubstr("not trusted")));
    EXPECT_EQ(alice().trust({{}, "/p", "profile = 7"}).error().code, Code::invalid);
    ASSERT_TRUE(alice().distrust({{}, inside.project}));
    EXPECT_THAT(lines(exported(alice(), inside)), IsEmpty());
}

TEST_F(ScopesTest, VisibilityAndTypeGoWithIt) {
    api::Set call = set_call("DIRS", "/a:/b");
    call.type = "path-append";
    call.visibility = "run";
    ASSERT_TRUE(alice().set(std::move(call)));
    EXPECT_THAT(lines(exported(alice())), IsEmpty());
    EXPECT_EQ(exported(alice(), {}, true).items.at(0).type, "path-append");
    put(alice(), "DIRS", "/c"); // keeps both
    EXPECT_EQ(exported(alice(), {}, true).items.at(0).type, "path-append");
    call = set_call("DIRS", "/c");
    call.type = "list";
    EXPECT_EQ(alice().set(std::move(call)).error().code, Code::invalid);
}

TEST_F(ScopesTest, AVersionThatIsNotThereIsAConflict) {
    api::Set call = set_call("A", "1");
    call.if_version = "none";
    const auto first = alice().set(std::move(call));
    ASSERT_TRUE(first);
    call = set_call("A", "2");
    call.if_version = "none";
    EXPECT_EQ(alice().set(std::move(call)).error().code, Code::conflict);
    call = set_call("A", "2");
    call.if_version = first->versions.at(0);
    EXPECT_TRUE(alice().set(std::move(call)));
}

TEST_F(ScopesTest, AnOlderVersionComesBackAsANewOne) {
    put(alice(), "A", "one");
    put(alice(), "A", "two");
    ASSERT_TRUE(alice().erase({{"A"}, {}}));
    const auto past = alice().history({"A", {}, true, 0});
    ASSERT_TRUE(past) << past.error().message;
    ASSERT_EQ(past->entries.size(), 3U);
    EXPECT_TRUE(past->entries[0].deleted);
    EXPECT_EQ(past->entries[0].state, "current");
    EXPECT_EQ(past->entries[1].value->reveal_text(), "two");
    EXPECT_EQ(past->entries[2].value->reveal_text(), "one");
    EXPECT_EQ(past->entries[2].number, 3U);
    ASSERT_TRUE(alice().roll_back({"A", {}, past->entries[2].version}));
    EXPECT_EQ(alice().get({"A", {}, {}})->value->reveal_text(), "one");
    EXPECT_EQ(alice().history({"A", {}, false, 0})->entries.size(), 4U);
    EXPECT_FALSE(alice().history({"A", {}, false, 0})->entries[0].value);
    EXPECT_EQ(alice().roll_back({"A", {}, "9"}).error().code, Code::not_found);
    EXPECT_EQ(alice().history({"ABSENT", {}, true, 0}).error().code, Code::not_found);
}

TEST_F(ScopesTest, BothOfAConflictAreKeptUntilOneIsTaken) {
    auto by_alice = alice().set(set_call("A", "alice's"));
    auto by_bob = bob().set(set_call("A", "bob's"));
    carry(by_alice, *bob_);
    carry(by_bob, *alice_);
    const auto past = alice().history({"A", {}, true, 0});
    ASSERT_EQ(past->entries.size(), 2U);
    EXPECT_EQ(past->entries[0].state, "current");
    EXPECT_EQ(past->entries[1].state, "conflict");
    EXPECT_EQ(alice().totals()->conflicts, 1U);
    const std::string lost(past->entries[1].value->reveal_text());
    carry(alice().roll_back({"A", {}, past->entries[1].version}), *bob_);
    EXPECT_EQ(bob().get({"A", {}, {}})->value->reveal_text(), lost);
    EXPECT_EQ(alice().totals()->conflicts, 0U);
    EXPECT_EQ(bob().totals()->conflicts, 0U);
}

TEST_F(ScopesTest, EachLayerIsExplained) {
    ASSERT_TRUE(alice().create_profile({"dev"}));
    put(alice(), "A", "1");
    put(alice(), "A", "2", "profile/dev");
    put(alice(), "A", "3", "device/bob");
    put(alice(), "A", "4", "device");
    ASSERT_TRUE(alice().erase({{"A"}, "device"}));
    const auto why = alice().explain({"A", {}});
    ASSERT_TRUE(why) << why.error().message;
    ASSERT_EQ(why->layers.size(), 4U);
    EXPECT_TRUE(why->layers[0].deleted);
    EXPECT_TRUE(why->layers[1].used);
    EXPECT_EQ(why->layers[1].scope, "shared");
    EXPECT_EQ(why->layers[2].reason, "its profile is not in use");
    EXPECT_EQ(why->layers[3].reason, "it is for another machine");
    EXPECT_TRUE(why->exported);
    carry(alice().set(set_call("PAGER", "less")), *bob_);
    EXPECT_FALSE(bob().explain({"PAGER", {}})->exported);
    EXPECT_THAT(bob().explain({"PAGER", {}})->reason, HasSubstr("alice set it"));
    EXPECT_EQ(alice().explain({"ABSENT", {}}).error().code, Code::not_found);
}

} // namespace
} // namespace envmesh::node
