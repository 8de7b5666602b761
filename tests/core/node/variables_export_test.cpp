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

class VariablesExportTest : public tests::MembersTest {
  protected:
    static api::Set injected(const std::string& key, const std::string& value,
                             const std::string& scope = {}) {
        api::Set call = set_call(key, value, scope);
        call.inject = "yes";
        return call;
    }
    /// "KEY=value", or "KEY: state" of what is not to be brought anywhere.
    static std::vector<std::string> injection(Variables& of) {
        const auto found = of.injection();
        EXPECT_TRUE(found);
        std::vector<std::string> out;
        for (const auto& item : found->items)
            out.push_back(item.key + "=" + std::string(item.value.reveal_text()));
        for (const auto& item : found->all)
            if (item.state == "withheld") out.push_back(item.key + ": " + item.reason);
        return out;
    }
};

TEST_F(VariablesExportTest, InjectsOnlyWhatIsMarkedForIt) {
    put(alice(), "A", "1");
    ASSERT_TRUE(alice().set(injected("B", "2")));
    put(alice(), "B", "3"); // the mark stays
    EXPECT_THAT(injection(alice()), ElementsAre("B=3"));
    EXPECT_TRUE(alice().get({"B", {}})->inject);
    EXPECT_FALSE(alice().get({"A", {}})->inject);
    api::Set call = set_call("B", "3");
    call.inject = "no";
    ASSERT_TRUE(alice().set(std::move(call)));
    EXPECT_THAT(injection(alice()), IsEmpty());
    call = set_call("B", "3");
    call.inject = "perhaps";
    EXPECT_EQ(alice().set(std::move(call)).error().code, Code::invalid);
}

TEST_F(VariablesExportTest, InjectsWhatThisMachineSees) {
    ASSERT_TRUE(alice().set(injected("A", "shared")));
    put(alice(), "A", "here", "device");
    EXPECT_THAT(injection(alice()), IsEmpty()) << "the narrower one counts, and is not marked";
    ASSERT_TRUE(alice().set(injected("A", "here", "device")));
    EXPECT_THAT(injection(alice()), ElementsAre("A=here"));
    ASSERT_TRUE(alice().erase({{"A"}, "device"}));
    EXPECT_THAT(injection(alice()), ElementsAre("A=shared"));
    ASSERT_TRUE(alice().erase({{"A"}, {}}));
    EXPECT_THAT(injection(alice()), IsEmpty());
}

TEST_F(VariablesExportTest, InjectsNothingThatAShellWouldNotGet) {
    api::Set call = injected("LD_PRELOAD", "/x.so");
    call.force = true;
    EXPECT_EQ(alice().set(std::move(call)).error().code, Code::invalid);
    call = injected("A", "1");
    call.visibility = "run";
    EXPECT_EQ(alice().set(std::move(call)).error().code, Code::invalid);
    call = injected("A", "1");
    call.type = "path";
    EXPECT_EQ(alice().set(std::move(call)).error().code, Code::invalid);
    ASSERT_TRUE(alice().set(injected("A", "1")));
    call = set_call("A", "1");
    call.visibility = "get"; // marked before
    ASSERT_TRUE(alice().set(std::move(call)));
    EXPECT_THAT(injection(alice()), ElementsAre(HasSubstr("A: only `get`")));
}

TEST_F(VariablesExportTest, InjectsWhatRunsCodeOnlyWhereItIsApproved) {
    carry(alice().set(injected("EDITOR", "vi")), *bob_);
    EXPECT_THAT(injection(alice()), ElementsAre("EDITOR=vi"));
    EXPECT_THAT(injection(bob()), ElementsAre(HasSubstr("EDITOR: alice set it")));
    ASSERT_TRUE(bob().trust({{"EDITOR"}, {bob().get({"EDITOR", {}})->version}, {}, {}}));
    EXPECT_THAT(injection(bob()), ElementsAre("EDITOR=vi"));
}

TEST_F(VariablesExportTest, VisibilityAndTypeGoWithIt) {
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

TEST_F(VariablesExportTest, EachLayerIsExplained) {
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
