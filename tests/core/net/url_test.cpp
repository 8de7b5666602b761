// SPDX-License-Identifier: MIT
#include "core/net/websocket.h"

#include <gtest/gtest.h>

namespace envmesh::net {
namespace {

TEST(Url, ReadsHostsAndPorts) {
    EXPECT_EQ(Url::parse("wss://sync.example.org")->authority(), "sync.example.org:8765");
    EXPECT_EQ(Url::parse("wss://10.0.0.1:443/")->to_string(), "wss://10.0.0.1:443");
    EXPECT_EQ(Url::parse("wss://[2001:db8::1]:99")->host, "2001:db8::1");
    EXPECT_EQ(Url::parse("wss://[::1]")->to_string(), "wss://[::1]:8765");
    EXPECT_EQ(Url::parse_authority("localhost:65535")->port, 65535);
}

TEST(Url, RefusesEverythingElse) {
    for (const std::string_view bad : {"",
                                       "wss://",
                                       "wss:///",
                                       "http://x",
                                       "wss://x:",
                                       "wss://x:65536",
                                       "wss://x:-1",
                                       "wss://x:8765x",
                                       "wss://x:0",
                                       "wss://x:08",
                                       "wss://user@x",
                                       "wss://x/path",
                                       "wss://x?q",
                                       "wss://[::1",
                                       "wss://[x]",
                                       "wss://[::1]x",
                                       "wss://::1",
                                       "wss://.x",
                                       "wss://-x",
                                       "wss://a b",
                                       "wss://[fe80::1%eth0]",
                                       "WSS://x"}) {
        const auto url = Url::parse(bad);
        ASSERT_FALSE(url) << bad;
        EXPECT_EQ(url.error().code, Code::invalid) << bad;
        EXPECT_FALSE(url.error().fix.empty()) << bad;
    }
    EXPECT_FALSE(Url::parse("wss://" + std::string(254, 'x')));
}

TEST(Url, NamesTheUnencryptedScheme) {
    EXPECT_TRUE(Url::parse("ws://x").error().message.contains("ws://"));
}

TEST(Url, AnErrorCarriesNoControlCharacters) {
    EXPECT_FALSE(Url::parse("wss://x\x1b[2J").error().message.contains('\x1b'));
}

} // namespace
} // namespace envmesh::net
