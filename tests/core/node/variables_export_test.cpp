// SPDX-License-Identifier: MIT
#include "core/node/variables.h"

#include "tests/support/members_fixture.h"

#include <gmock/gmock.h>

namespace envmesh::node {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using tests::set_call;

class VariablesExportTest : public tests::MembersTest {};

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
