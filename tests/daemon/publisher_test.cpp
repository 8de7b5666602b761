// SPDX-License-Identifier: MIT
#include "daemon/publisher.h"

#include "platform/fake/environment.h"
#include "tests/support/node_fixture.h"

namespace envmesh::daemon {
namespace {

using Values = std::map<std::string, std::string>;

class PublisherTest : public tests::NodeTest {
  protected:
    PublisherTest() {
        alice_.context.published = [this] { return publisher_->published(); };
        alice_.context.publish = [this](const api::Event&) { publisher_->changed(); };
        init(alice_, "alice");
        publisher_->start();
    }
    ~PublisherTest() override {
        end();
        stop(alice_);
    }

    std::unique_ptr<platform::SessionEnvironment> environment() {
        auto made = std::make_unique<platform::fake::Environment>();
        environment_ = made.get();
        return made;
    }
    void end() {
        publisher_->stop();
        run(publisher_->join());
    }
    void inject(const std::string& key, const std::string& value) {
        api::Set call = tests::set_call(key, value);
        call.inject = "yes";
        ASSERT_TRUE(ask(alice_, std::move(call)));
    }
    bool has(const Values& wanted) {
        return eventually([&] { return environment_->published() == wanted; });
    }
    std::string state_of(const std::string& key) {
        const auto told = ask(alice_, api::Injected{});
        for (const auto& item : told->items)
            if (item.key == key) return item.state;
        return {};
    }

    asio::thread_pool pool_{1};
    platform::fake::Environment* environment_ = nullptr; // the publisher's
    tests::Machine& alice_ = machine();
    std::unique_ptr<Publisher> publisher_ = std::make_unique<Publisher>(
        alice_.context.executor, *alice_.service, pool_, environment(), "there is none");
};

TEST_F(PublisherTest, FollowsTheVariablesAndTheLock) {
    inject("A", "1");
    set(alice_, "B", "2");
    EXPECT_TRUE(has({{"A", "1"}}));
    EXPECT_TRUE(eventually([&] { return state_of("A") == "there"; }));
    inject("A", "3");
    EXPECT_EQ(state_of("A"), "waiting") << "that one is not there yet";
    EXPECT_TRUE(has({{"A", "3"}}));
    ASSERT_TRUE(ask(alice_, api::Lock{}));
    EXPECT_TRUE(has({}));
    ASSERT_TRUE(ask(alice_, api::Unlock{Secret(std::string_view("alice's password"))}));
    EXPECT_TRUE(has({{"A", "3"}}));
    ASSERT_TRUE(ask(alice_, api::Delete{{"A"}, {}}));
    EXPECT_TRUE(has({}));
}

TEST_F(PublisherTest, ABurstIsBroughtThereTogether) {
    EXPECT_TRUE(eventually([&] { return environment_->times_published() == 1; }));
    Values all;
    for (int i = 0; i < 30; ++i) {
        inject("A" + std::to_string(i), "1");
        all["A" + std::to_string(i)] = "1";
    }
    EXPECT_TRUE(has(all));
    EXPECT_LT(environment_->times_published(), 15);
}

TEST_F(PublisherTest, TakesAllBackAtTheEnd) {
    inject("A", "1");
    EXPECT_TRUE(has({{"A", "1"}}));
    end();
    EXPECT_EQ(environment_->published(), Values{});
}

TEST_F(PublisherTest, TellsWhatIsRefusedAndWhatFails) {
    environment_->refuse("A", "it is empty");
    inject("A", "1");
    inject("Z", "1");
    EXPECT_TRUE(eventually([&] { return state_of("A") == "partly"; }));
    environment_->refuse("A", "there is no room", true);
    inject("A", "2");
    EXPECT_TRUE(eventually([&] { return state_of("A") == "refused"; }));
    environment_->fail_with(Error{Code::storage, "the disk is full", {}});
    inject("B", "1");
    EXPECT_TRUE(eventually([&] { return publisher_->published().reason == "the disk is full"; }));
    EXPECT_EQ(state_of("B"), "waiting");
    environment_->fail_with(std::nullopt); // and nothing changes
    EXPECT_TRUE(eventually([&] { return state_of("B") == "there"; }));
}

TEST_F(PublisherTest, TellsOfOneThatIsNowhereAlsoWhereNothingElseIs) {
    environment_->refuse("A", "there is no room", true);
    inject("A", "1");
    EXPECT_TRUE(eventually([&] { return state_of("A") == "refused"; }));
}

TEST_F(PublisherTest, TriesAgainWhatWasNotTakenBack) {
    inject("A", "1");
    EXPECT_TRUE(has({{"A", "1"}}));
    environment_->fail_with(Error{Code::timeout, "the manager is silent", {}});
    ASSERT_TRUE(ask(alice_, api::Lock{}));
    EXPECT_TRUE(eventually([&] { return !publisher_->published().reason.empty(); }));
    environment_->fail_with(std::nullopt);
    EXPECT_TRUE(has({}));
}

} // namespace
} // namespace envmesh::daemon
