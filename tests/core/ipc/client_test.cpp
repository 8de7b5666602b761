// SPDX-License-Identifier: MIT
#include "core/ipc/client.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace envmesh::ipc {
namespace {

constexpr auto ever = Deadline::max();
constexpr std::string_view hello = R"({"hello":{"protocol":[1,1],"version":"2.0"}})";

// Plays a recording; a "timeout" in it is met once.
class Recording final : public Channel {
  public:
    explicit Recording(std::vector<std::string> bodies) {
        for (const auto& body : bodies)
            script_.push_back(body == "timeout" ? Bytes{}
                                                : to_bytes(frame(view(body)).value().reveal()));
    }
    Result<> write(View, Deadline) override { return {}; }
    Result<std::size_t> read(std::span<std::uint8_t> buffer, Deadline) override {
        if (script_.empty()) return fail(Code::unreachable, "The daemon has closed.");
        Bytes& next = script_.front();
        if (next.empty()) {
            script_.pop_front();
            return fail(Code::timeout, "The daemon is silent.");
        }
        const std::size_t count = std::min(buffer.size(), next.size());
        std::copy_n(next.begin(), count, buffer.begin());
        next.erase(next.begin(), next.begin() + static_cast<std::ptrdiff_t>(count));
        if (next.empty()) script_.pop_front();
        return count;
    }

  private:
    std::deque<Bytes> script_;
};

Result<Client> open(std::vector<std::string> bodies) {
    return Client::open(std::make_unique<Recording>(std::move(bodies)), "test", ever);
}

TEST(Client, NamesTheSideThatIsOld) {
    const auto older = open({R"({"hello":{"protocol":[0,0],"version":"0.0"}})"});
    ASSERT_FALSE(older);
    EXPECT_EQ(older.error().code, Code::protocol);
    EXPECT_TRUE(older.error().message.starts_with("The daemon (0.0) is older"));
    const auto newer = open({R"({"hello":{"protocol":[2,3],"version":"9.0"}})"});
    ASSERT_FALSE(newer);
    EXPECT_TRUE(newer.error().message.starts_with("This program"));
    EXPECT_TRUE(open({R"({"hello":{"protocol":[0,9],"version":"9.0"}})"}));
}

TEST(Client, ReportsWhatItIsToldInsteadOfAHello) {
    EXPECT_EQ(open({R"({"id":0,"error":{"code":"DENIED","message":"Full."}})"}).error().message,
              "Full.");
    EXPECT_EQ(open({"garbage"}).error().code, Code::protocol);
    EXPECT_EQ(open({}).error().code, Code::unreachable);
    EXPECT_EQ(open({"timeout"}).error().code, Code::timeout);
}

TEST(Client, TakesOnlyTheAnswerToItsQuestion) {
    EXPECT_TRUE(open({std::string(hello), R"({"id":1,"ok":true})"})->ask(api::Lock(), ever));
    const auto other = open({std::string(hello), R"({"id":2,"ok":true})"})->ask(api::Lock(), ever);
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, Code::protocol);
    const auto refused =
        open({std::string(hello), R"({"id":0,"error":{"code":"DENIED","message":"No."}})"})
            ->ask(api::Lock(), ever);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::denied);
}

TEST(Client, KeepsEventsThatComeBeforeAnAnswer) {
    auto client = open({std::string(hello), R"({"id":1,"ok":true})", R"({"event":"one"})",
                        R"({"id":2,"ok":true})", R"({"event":"two"})"});
    ASSERT_TRUE(client->ask(api::Watch(), ever));
    ASSERT_TRUE(client->ask(api::Lock(), ever));
    EXPECT_EQ(client->next_event(ever)->event, "one");
    EXPECT_EQ(client->next_event(ever)->event, "two");
}

TEST(Client, LosesNoEventToATimeout) {
    auto client =
        open({std::string(hello), R"({"id":1,"ok":true})", "timeout", R"({"event":"one"})"});
    ASSERT_TRUE(client->ask(api::Watch(), ever));
    EXPECT_EQ(client->next_event(ever).error().code, Code::timeout);
    EXPECT_EQ(client->next_event(ever)->event, "one");
}

TEST(Client, RefusesAQuestionThatNoFrameHolds) {
    auto client = open({std::string(hello)});
    api::Delete call;
    call.keys.emplace_back(most_frame_bytes, 'K');
    EXPECT_EQ(client->ask(std::move(call), ever).error().code, Code::invalid);
}

} // namespace
} // namespace envmesh::ipc
