// SPDX-License-Identifier: MIT
#include "core/node/approvals.h"

#include "tests/core/storage/fixture.h"

namespace envmesh::node {
namespace {

sync::Reading reading(const std::string& name, std::string_view value, std::uint8_t device = 1) {
    sync::Reading out;
    out.dot.device.fill(device);
    out.variable.name = name;
    out.variable.value = Secret(value);
    return out;
}

class ApprovalsTest : public storage::StorageTest {
  protected:
    bool has(const sync::Reading& one) { return approvals_.has(one).value(); }
    bool has_project(std::string_view path, std::string_view text) {
        return approvals_.has_project(path, text).value();
    }
    std::string stored() {
        std::string out;
        const auto settings = settings_.with_prefix("").value();
        for (const auto& [name, value] : settings)
            out += name + '=' + std::string(value.reveal_text()) + '\n';
        return out;
    }

    std::unique_ptr<storage::Database> database_ = storage::opened(file);
    storage::Settings settings_{*database_};
    Approvals approvals_{settings_};
};

TEST_F(ApprovalsTest, AreOfOneNameOneValueAndOneAuthor) {
    EXPECT_FALSE(has(reading("EDITOR", "vi")));
    ASSERT_TRUE(approvals_.add(reading("EDITOR", "vi")));
    EXPECT_TRUE(has(reading("EDITOR", "vi")));
    EXPECT_FALSE(has(reading("EDITOR", "vim")));
    EXPECT_FALSE(has(reading("EDITOR", "")));
    EXPECT_FALSE(has(reading("EDITOR", "vi", 2)));
    EXPECT_FALSE(has(reading("VISUAL", "vi")));
}

TEST_F(ApprovalsTest, AreOfOneType) {
    sync::Reading joined = reading("PYTHONPATH", "/opt/p");
    sync::put_type(joined.variable.tags, sync::Type::path_append);
    ASSERT_TRUE(approvals_.add(joined));
    EXPECT_TRUE(has(joined));
    EXPECT_FALSE(has(reading("PYTHONPATH", "/opt/p"))) << "it would replace what a shell has";
    sync::put_type(joined.variable.tags, sync::Type::path);
    EXPECT_FALSE(has(joined)) << "it would go before what a shell has";
}

TEST_F(ApprovalsTest, HoldForEveryScopeAndVersionOfThatValue) {
    ASSERT_TRUE(approvals_.add(reading("EDITOR", "vi")));
    sync::Reading later = reading("EDITOR", "vi");
    later.dot.hlc = 99;
    later.variable.scope = "profile/dev";
    EXPECT_TRUE(has(later));
}

TEST_F(ApprovalsTest, SeveralValuesStandUntilAllOfThemAreTakenBack) {
    ASSERT_TRUE(approvals_.add(reading("EDITOR", "vi")));
    ASSERT_TRUE(approvals_.add(reading("EDITOR", "ed")));
    ASSERT_TRUE(approvals_.add(reading("EDITOR", "ed"))); // again is no fault
    ASSERT_TRUE(approvals_.add(reading("EDITOR_2", "vi")));
    EXPECT_TRUE(has(reading("EDITOR", "vi")) && has(reading("EDITOR", "ed")));
    ASSERT_TRUE(approvals_.remove("EDITOR"));
    EXPECT_FALSE(has(reading("EDITOR", "vi")) || has(reading("EDITOR", "ed")));
    EXPECT_TRUE(has(reading("EDITOR_2", "vi"))) << "another name that begins alike";
    ASSERT_TRUE(approvals_.remove("EDITOR"));
}

TEST_F(ApprovalsTest, OfAProjectAreOfItsPlaceAndItsText) {
    ASSERT_TRUE(approvals_.add_project("/p/.envmesh.toml", "profile = 'a'"));
    EXPECT_TRUE(has_project("/p/.envmesh.toml", "profile = 'a'"));
    EXPECT_FALSE(has_project("/p/.envmesh.toml", "profile = 'a' "));
    EXPECT_FALSE(has_project("/q/.envmesh.toml", "profile = 'a'"));
    EXPECT_FALSE(has_project("/p/.envmesh.tomlp", "rofile = 'a'")) << "where one ends is certain";
    ASSERT_TRUE(approvals_.add_project("/q/.envmesh.toml", "profile = 'a'"));
    ASSERT_TRUE(approvals_.remove_project("/p/.envmesh.toml"));
    EXPECT_FALSE(has_project("/p/.envmesh.toml", "profile = 'a'"));
    EXPECT_TRUE(has_project("/q/.envmesh.toml", "profile = 'a'"));
}

TEST_F(ApprovalsTest, StoreNoValue) {
    ASSERT_TRUE(approvals_.add(reading("EDITOR", "s3cret-value")));
    ASSERT_TRUE(approvals_.add_project("/p", "s3cret-text"));
    EXPECT_EQ(stored().find("s3cret"), std::string::npos) << stored();
}

TEST_F(ApprovalsTest, AreThereAfterTheDatabaseWasOpenedAgain) {
    ASSERT_TRUE(approvals_.add(reading("EDITOR", "vi")));
    database_.reset();
    const auto again = storage::opened(file);
    storage::Settings settings(*again);
    EXPECT_TRUE(Approvals(settings).has(reading("EDITOR", "vi")).value());
}

} // namespace
} // namespace envmesh::node
