// SPDX-License-Identifier: MIT
#include "core/node/variables.h"

#include "tests/support/members_fixture.h"

#include <gmock/gmock.h>

namespace envmesh::node {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using tests::set_call;

class VariablesScopesTest : public tests::MembersTest {};

TEST_F(VariablesScopesTest, TheNarrowestScopeCounts) {
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

TEST_F(VariablesScopesTest, AProfileMustBeThere) {
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

TEST_F(VariablesScopesTest, AnotherMachineByItsName) {
    put(alice(), "A", "for bob", "device/bob");
    EXPECT_THAT(lines(exported(alice())), IsEmpty());
    EXPECT_EQ(alice().set(set_call("A", "1", "device/nobody")).error().code, Code::invalid);
    const std::string nobody = "device/" + std::string(32, '0');
    EXPECT_EQ(alice().set(set_call("A", "1", nobody)).error().code, Code::invalid);
    EXPECT_EQ(alice().list({false, {}, nobody}).error().code, Code::invalid);
}

TEST_F(VariablesScopesTest, WhatChangesTheCodeThatRunsIsApprovedValueByValue) {
    const auto first = alice().set(set_call("EDITOR", "vi"));
    carry(first, *bob_);
    EXPECT_THAT(exported(bob()).skipped, ElementsAre(HasSubstr("EDITOR: alice set it")));
    ASSERT_EQ(bob().untrusted({true, {}})->variables.size(), 1U);
    ASSERT_TRUE(bob().trust({{"EDITOR"}, first->versions, {}, {}}));
    EXPECT_THAT(lines(exported(bob())), ElementsAre("EDITOR=vi"));
    EXPECT_THAT(bob().untrusted({false, {}})->variables, IsEmpty());

    carry(alice().set(set_call("EDITOR", "evil")), *bob_);
    EXPECT_THAT(lines(exported(bob())), IsEmpty());
    carry(alice().set(set_call("EDITOR", "vi")), *bob_);
    EXPECT_THAT(lines(exported(bob())), ElementsAre("EDITOR=vi"));
    ASSERT_TRUE(bob().distrust({{"EDITOR"}, {}}));
    EXPECT_THAT(lines(exported(bob())), IsEmpty());
    const std::string now = bob().get({"EDITOR", {}, {}})->version;
    EXPECT_EQ(bob().trust({{"EDITOR", "ABSENT"}, {now, "1"}, {}, {}}).error().code, Code::conflict);
    EXPECT_THAT(lines(exported(bob())), IsEmpty()); // all or none
}

TEST_F(VariablesScopesTest, WhatHasChangedSinceItWasShownIsNotApproved) {
    const auto shown = alice().set(set_call("EDITOR", "vi"));
    carry(shown, *bob_);
    const auto other = alice().set(set_call("PAGER", "less"));
    carry(other, *bob_);
    const api::Trust seen{
        {"EDITOR", "PAGER"}, {shown->versions.at(0), other->versions.at(0)}, {}, {}};
    carry(alice().set(set_call("PAGER", "evil")), *bob_);
    EXPECT_EQ(bob().trust(seen).error().code, Code::conflict);
    EXPECT_EQ(bob().trust({{"EDITOR", "PAGER"}, shown->versions, {}, {}}).error().code,
              Code::usage);
    EXPECT_THAT(lines(exported(bob())), IsEmpty()); // all or none
    ASSERT_TRUE(bob().trust({{"EDITOR"}, shown->versions, {}, {}}));
    EXPECT_THAT(lines(exported(bob())), ElementsAre("EDITOR=vi"));
}

TEST_F(VariablesScopesTest, WhatAProjectBringsIsApprovedAsItIsSeenThere) {
    ASSERT_TRUE(alice().create_profile({"dev"}));
    carry(alice().set(set_call("PAGER", "shared")), *bob_);
    const auto in_project = alice().set(set_call("PAGER", "dev", "profile/dev"));
    carry(in_project, *bob_);
    const std::string text = "profile = \"dev\"\n";
    ASSERT_TRUE(bob().trust({{}, {}, "/p", text}));
    const api::Scoping inside{{}, "/p", text};
    const auto waiting = bob().untrusted({false, inside});
    ASSERT_EQ(waiting->variables.size(), 2U);
    ASSERT_TRUE(bob().trust({{"PAGER"}, in_project->versions, {}, {}}));
    EXPECT_THAT(lines(exported(bob(), inside)), ElementsAre("PAGER=dev"));
    EXPECT_THAT(lines(exported(bob())), IsEmpty()) << "the shared one was not approved";
}

TEST_F(VariablesScopesTest, WhatIsRequiredIsMissingUntilItReachesWhoAsks) {
    const std::string text = "required = [\"SEEN\", \"PAGER\", \"ONLY_RUN\"]\n";
    const api::Scoping inside{{}, "/p", text};
    ASSERT_TRUE(bob().trust({{}, {}, "/p", text}));
    api::Set call = set_call("SEEN", "1");
    call.visibility = "get";
    ASSERT_TRUE(bob().set(std::move(call)));
    call = set_call("ONLY_RUN", "1");
    call.visibility = "run";
    ASSERT_TRUE(bob().set(std::move(call)));
    const auto pager = alice().set(set_call("PAGER", "less"));
    carry(pager, *bob_);
    EXPECT_THAT(exported(bob(), inside).missing, ElementsAre("SEEN", "PAGER", "ONLY_RUN"));
    EXPECT_THAT(exported(bob(), inside, true).missing, ElementsAre("SEEN", "PAGER"));
    ASSERT_TRUE(bob().trust({{"PAGER"}, pager->versions, {}, {}}));
    EXPECT_THAT(exported(bob(), inside, true).missing, ElementsAre("SEEN"));
}

TEST_F(VariablesScopesTest, AProjectCountsOnceItIsTrusted) {
    ASSERT_TRUE(alice().create_profile({"dev"}));
    put(alice(), "A", "dev", "profile/dev");
    const std::string text = "profile = \"dev\"\nrequired = [\"A\", \"B\"]\n";
    const api::Scoping inside{{}, "/p/.envmesh.toml", text};
    EXPECT_THAT(exported(alice(), inside).skipped, ElementsAre(HasSubstr("not trusted")));
    EXPECT_THAT(lines(exported(alice(), inside)), IsEmpty());
    ASSERT_TRUE(alice().trust({{}, {}, inside.project, text}));
    EXPECT_THAT(lines(exported(alice(), inside)), ElementsAre("A=dev"));
    EXPECT_THAT(exported(alice(), inside).missing, ElementsAre("B"));
    EXPECT_THAT(exported(alice(), {{}, inside.project, text + "#"}).skipped,
                ElementsAre(HasSubstr("not trusted")));
    EXPECT_THAT(exported(alice(), {{}, "/elsewhere", text}).skipped,
                ElementsAre(HasSubstr("not trusted")));
    put(alice(), "B", "shared");
    EXPECT_THAT(exported(alice(), inside).missing, IsEmpty());
    EXPECT_EQ(alice().trust({{}, {}, "/p", "profile = 7"}).error().code, Code::invalid);
    ASSERT_TRUE(alice().distrust({{}, inside.project}));
    EXPECT_THAT(lines(exported(alice(), inside)), ElementsAre("B=shared"));
}

} // namespace
} // namespace envmesh::node
