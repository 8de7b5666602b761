// SPDX-License-Identifier: MIT
#include "core/net/resolve.h"

#include "tests/core/net/support.h"

namespace envmesh::net {
namespace {

constexpr std::chrono::milliseconds limit{10'000};

TEST(Resolve, FindsNamesAndTakesAddressesAsTheyAre) {
    asio::io_context io;
    const auto numeric = test::run(io, resolve("2001:db8::1", 99, limit));
    ASSERT_TRUE(numeric);
    EXPECT_EQ(numeric->front().address().to_string(), "2001:db8::1");
    EXPECT_EQ(numeric->front().port(), 99);
    const auto named = test::run(io, resolve("localhost", 7, limit));
    ASSERT_TRUE(named);
    ASSERT_EQ(named->size(), 2U);
    for (const auto& endpoint : *named) {
        EXPECT_TRUE(endpoint.address().is_loopback());
        EXPECT_EQ(endpoint.port(), 7);
    }
}

TEST(Resolve, NamesTheHostThatIsNotFound) {
    asio::io_context io;
    const auto none = test::run(io, resolve("two..dots", 7, limit));
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, Code::unreachable);
    EXPECT_TRUE(none.error().message.contains("two..dots"));
}

// The memory checkers see whether the late answer finds what has gone.
TEST(Resolve, DropsALateAnswer) {
    asio::io_context io;
    const auto late = test::run(io, resolve("two..dots", 7, std::chrono::milliseconds(0)));
    EXPECT_FALSE(late);
    io.restart();
    io.run();
}

} // namespace
} // namespace envmesh::net
