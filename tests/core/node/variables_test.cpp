// SPDX-License-Identifier: MIT
#include "core/node/member.h"

#include "tests/support/node_fixture.h"

#include <gmock/gmock.h>

namespace envmesh::node {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using tests::set_call;

class VariablesTest : public tests::NodeTest {
  protected:
    VariablesTest()
        : alice_(first_member(machine(), "alice")), bob_(next_member(*alice_, machine(), "bob")) {}

    static void put(Member& member, const std::string& key, const std::string& value,
                    const std::string& scope = {}) {
        const auto done = member.variables().set(set_call(key, value, scope));
        ASSERT_TRUE(done) << done.error().message;
    }
    static std::string value(Member& member, const std::string& key,
                             const std::string& scope = {}) {
        const auto variable = member.variables().get({key, scope});
        return variable ? std::string(variable->value->reveal_text()) : "";
    }
    static std::optional<Code> refused(const Result<Variables::Changed>& changed) {
        return changed ? std::nullopt : std::optional(changed.error().code);
    }
    /// What `from` has written since, to `to`.
    static void carry(Result<Variables::Changed> changed, Member& to) {
        ASSERT_TRUE(changed);
        ASSERT_TRUE(to.replica().apply(changed->delta.cells, changed->delta.to));
    }
    static std::vector<std::string> exported(Member& member) {
        std::vector<std::string> out;
        const auto reply = member.variables().exported({});
        for (const auto& item : reply->items)
            out.push_back(item.key + '=' + std::string(item.value.reveal_text()));
        return out;
    }

    std::unique_ptr<Member> alice_;
    std::unique_ptr<Member> bob_;
};

TEST_F(VariablesTest, AllOfASetOrNoneOfIt) {
    api::Set call = set_call("GOOD", "1");
    call.items.push_back({"not a name", Secret(std::string_view("2"))});
    EXPECT_EQ(refused(alice_->variables().set(std::move(call))), Code::invalid);
    call = set_call("GOOD", "1");
    call.items.push_back({"GOOD", Secret(std::string_view("2"))});
    EXPECT_EQ(refused(alice_->variables().set(std::move(call))), Code::usage);
    call = set_call("GOOD", "1");
    call.items.push_back({"BIG", Secret(api::most_value_bytes + 1)});
    EXPECT_EQ(refused(alice_->variables().set(std::move(call))), Code::invalid);
    call = set_call("GOOD", "1");
    call.visibility = "everyone";
    EXPECT_EQ(refused(alice_->variables().set(std::move(call))), Code::invalid);
    EXPECT_EQ(refused(alice_->variables().set(set_call("GOOD", "1", "device/me"))), Code::invalid);
    EXPECT_EQ(alice_->variables().totals()->variables, 0U);
}

TEST_F(VariablesTest, AnErrorNamesTheVariableAndNeverItsValue) {
    const auto forbidden = alice_->variables().set(set_call("LD_PRELOAD", "s3cret"));
    ASSERT_FALSE(forbidden);
    EXPECT_THAT(forbidden.error().message, HasSubstr("LD_PRELOAD"));
    const auto unknown = alice_->variables().get({"NOBODY", {}});
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, Code::not_found);
    EXPECT_THAT(unknown.error().message, HasSubstr("NOBODY"));
    const auto zero = alice_->variables().set(set_call("KEY", std::string("s3cret\0x", 8)));
    ASSERT_FALSE(zero);
    for (const Error& error : {forbidden.error(), zero.error()})
        EXPECT_EQ((error.message + error.fix).find("s3cret"), std::string::npos);
}

TEST_F(VariablesTest, WhatCouldBreakAShellIsStoredOnlyByForceAndNeverExported) {
    EXPECT_EQ(refused(alice_->variables().set(set_call("LD_PRELOAD", "x.so"))), Code::denied);
    api::Set call = set_call("LD_PRELOAD", "x.so");
    call.force = true;
    call.visibility = "shell";
    ASSERT_TRUE(alice_->variables().set(std::move(call)));
    EXPECT_EQ(value(*alice_, "LD_PRELOAD"), "x.so");
    EXPECT_EQ(alice_->variables().get({"LD_PRELOAD", {}})->visibility, "get");
    EXPECT_THAT(exported(*alice_), IsEmpty());
}

TEST_F(VariablesTest, WhatRunsCodeIsExportedOnlyWhereItWasWritten) {
    carry(alice_->variables().set(set_call("PATH", "/alice")), *bob_);
    carry(alice_->variables().set(set_call("HARMLESS", "1")), *bob_);
    EXPECT_THAT(exported(*alice_), ElementsAre("HARMLESS=1", "PATH=/alice"));
    EXPECT_THAT(exported(*bob_), ElementsAre("HARMLESS=1"));
    EXPECT_THAT(bob_->variables().exported({})->skipped, ElementsAre(HasSubstr("PATH: alice")));
    put(*bob_, "PATH", "/bob");
    EXPECT_THAT(exported(*bob_), ElementsAre("HARMLESS=1", "PATH=/bob"));
}

TEST_F(VariablesTest, TheNarrowerScopeWinsUntilItIsDeleted) {
    const std::string own = "device/" + hex(alice_->identity().id());
    const std::string others = "device/" + hex(bob_->identity().id());
    put(*alice_, "EDITION", "shared");
    put(*alice_, "EDITION", "own", own);
    put(*alice_, "EDITION", "bob's", others);
    ASSERT_TRUE(alice_->variables().create_profile({"work"}));
    put(*alice_, "EDITION", "work", "profile/work");
    EXPECT_EQ(value(*alice_, "EDITION"), "own");
    EXPECT_EQ(value(*alice_, "EDITION", "shared"), "shared");
    EXPECT_EQ(value(*alice_, "EDITION", others), "bob's");
    EXPECT_THAT(exported(*alice_), ElementsAre("EDITION=own"));
    EXPECT_EQ(alice_->variables().list({})->variables.size(), 4U);

    ASSERT_TRUE(alice_->variables().erase({{"EDITION"}, {}}));
    EXPECT_EQ(value(*alice_, "EDITION"), "shared") << "delete takes what `get` shows";
    EXPECT_THAT(exported(*alice_), ElementsAre("EDITION=shared"));
    ASSERT_TRUE(alice_->variables().erase({{"EDITION"}, {}}));
    EXPECT_EQ(value(*alice_, "EDITION"), "");
    EXPECT_EQ(refused(alice_->variables().erase({{"EDITION"}, {}})), Code::not_found);
}

TEST_F(VariablesTest, ADeleteIsAllOrNothing) {
    put(*alice_, "ONE", "1");
    EXPECT_EQ(refused(alice_->variables().erase({{"ONE", "TWO"}, {}})), Code::not_found);
    EXPECT_EQ(refused(alice_->variables().erase({{"ONE", "ONE"}, {}})), Code::usage);
    EXPECT_EQ(value(*alice_, "ONE"), "1");
}

TEST_F(VariablesTest, AVisibilityStaysUntilAnotherIsAskedFor) {
    api::Set call = set_call("TOKEN", "1");
    call.visibility = "run";
    ASSERT_TRUE(alice_->variables().set(std::move(call)));
    put(*alice_, "TOKEN", "2");
    EXPECT_EQ(alice_->variables().get({"TOKEN", {}})->visibility, "run");
    EXPECT_THAT(exported(*alice_), IsEmpty());
    call = set_call("TOKEN", "3");
    call.visibility = "shell";
    ASSERT_TRUE(alice_->variables().set(std::move(call)));
    EXPECT_THAT(exported(*alice_), ElementsAre("TOKEN=3"));
}

TEST_F(VariablesTest, ConcurrentChangesAreToldAsAConflict) {
    auto at_alice = alice_->variables().set(set_call("KEY", "a"));
    put(*bob_, "KEY", "b");
    carry(std::move(at_alice), *bob_);
    EXPECT_TRUE(bob_->variables().get({"KEY", {}})->conflict);
    EXPECT_EQ(bob_->variables().totals()->conflicts, 1U);
    put(*bob_, "KEY", "settled");
    EXPECT_FALSE(bob_->variables().get({"KEY", {}})->conflict);
}

TEST_F(VariablesTest, AVersionThatIsNotThereIsAConflict) {
    api::Set call = set_call("A", "1");
    call.if_version = "none";
    const auto first = alice_->variables().set(std::move(call));
    ASSERT_TRUE(first);
    call = set_call("A", "2");
    call.if_version = "none";
    EXPECT_EQ(alice_->variables().set(std::move(call)).error().code, Code::conflict);
    call = set_call("A", "2");
    call.if_version = first->versions.at(0);
    EXPECT_TRUE(alice_->variables().set(std::move(call)));
}

// 60 values of 20,000 bytes and names that no shell gets between them: several pages of each.
class MemberPagesTest : public VariablesTest {
  protected:
    MemberPagesTest() {
        EXPECT_TRUE(alice_->variables().create_profile({"p"}));
        for (int i = 0; i < 60; ++i) {
            const std::string number = std::to_string(100 + i);
            carry(alice_->variables().set(set_call("V" + number, std::string(20'000, 'x'))), *bob_);
            carry(alice_->variables().set(set_call("V" + number, "profile", "profile/p")), *bob_);
            carry(alice_->variables().set(set_call("V" + number + "_PROXY", "p")), *bob_);
        }
    }
};

TEST_F(MemberPagesTest, PagesOfAListNeitherLoseNorRepeat) {
    std::vector<std::string> seen;
    std::size_t pages = 0;
    api::List call{true, {}, {}};
    do {
        const auto page = bob_->variables().list(call);
        ASSERT_TRUE(page);
        for (const api::Variable& variable : page->variables)
            seen.push_back(variable.key + '\n' + variable.scope);
        call.after = page->next;
        ++pages;
    } while (!call.after.empty());
    EXPECT_GT(pages, 2U);
    EXPECT_EQ(seen.size(), 180U);
    EXPECT_TRUE(std::ranges::is_sorted(seen));
    EXPECT_EQ(std::ranges::adjacent_find(seen), seen.end());
}

TEST_F(MemberPagesTest, PagesOfAnExportNeitherLoseNorRepeatWhatIsSkippedEither) {
    std::vector<std::string> seen, skipped;
    std::size_t pages = 0;
    api::Export call;
    do {
        const auto page = bob_->variables().exported(call);
        ASSERT_TRUE(page);
        for (const api::Export::Item& item : page->items)
            seen.push_back(item.key);
        std::ranges::copy(page->skipped, std::back_inserter(skipped));
        call.after = page->next;
        ++pages;
    } while (!call.after.empty());
    EXPECT_GT(pages, 2U);
    EXPECT_EQ(seen.size(), 60U);
    EXPECT_EQ(skipped.size(), 60U);
    EXPECT_EQ(std::ranges::adjacent_find(seen), seen.end());
    EXPECT_EQ(std::ranges::adjacent_find(skipped), skipped.end());
}

TEST_F(VariablesTest, NamesOfAChangeAreToldOnceAndSorted) {
    auto first = alice_->variables().set(set_call("B", "1"));
    auto second = alice_->variables().set(set_call("A", "1"));
    auto third = alice_->variables().set(set_call("B", "2"));
    ASSERT_TRUE(first && second && third);
    sync::Delta all = std::move(first->delta);
    std::ranges::move(second->delta.cells, std::back_inserter(all.cells));
    std::ranges::move(third->delta.cells, std::back_inserter(all.cells));
    EXPECT_THAT(alice_->variables().names_of(all), ElementsAre("A", "B"));
}

} // namespace
} // namespace envmesh::node
