// SPDX-License-Identifier: MIT
#include "core/node/server.h"

#include "core/crypto/vault.h"
#include "core/storage/database.h"
#include "tests/support/node_fixture.h"

#include <csignal>
#include <fstream>

#include <sys/resource.h>

namespace envmesh::node {
namespace {

class ServerTest : public tests::NodeTest {
  protected:
    /// Whether a mesh can be made on the server with this token.
    bool can_create(const tests::Machine& server, const std::string& token) {
        tests::Machine& founder = machine();
        api::Init call;
        call.name = "founder";
        call.password = Secret(std::string_view("p"));
        call.server = url_of(server);
        call.server_key = key_of(server);
        call.server_token = token;
        EXPECT_TRUE(ask(founder, std::move(call)));
        const auto synced = [&] {
            const auto status = ask(founder, api::Status{});
            return status->tier == "cloud" || status->reason != "not connected yet";
        };
        EXPECT_TRUE(eventually(synced));
        const bool created = ask(founder, api::Status{})->tier == "cloud";
        refusal_ = ask(founder, api::Status{})->reason;
        stop(founder);
        return created;
    }
    static config::Config with(config::NewMeshes policy) {
        config::Config config = server_config();
        config.new_meshes = policy;
        return config;
    }

    std::string refusal_; // what the last founder was told
};

/// While it lives, no file of this process can grow beyond a page, as on a failing disk.
class NoRoom {
  public:
    NoRoom() : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit little{4096, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &little);
    }
    ~NoRoom() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }
    NoRoom(const NoRoom&) = delete;
    NoRoom& operator=(const NoRoom&) = delete;

  private:
    void (*handler_)(int);
    rlimit before_{};
};

TEST_F(ServerTest, WhoMayMakeAMeshIsTheOwnersChoice) {
    EXPECT_TRUE(can_create(blind_server(with(config::NewMeshes::open)), {}));
    EXPECT_FALSE(can_create(blind_server(with(config::NewMeshes::closed)), {}));
    tests::Machine& asking = blind_server(with(config::NewMeshes::token));
    EXPECT_FALSE(can_create(asking, {}));
    EXPECT_FALSE(can_create(asking, "guessed"));
    EXPECT_TRUE(ask(asking, api::Peers{})->peers.empty());
    EXPECT_TRUE(can_create(asking, *read_or_make_token(asking.context)));
    EXPECT_EQ(ask(asking, api::Peers{})->peers.size(), 1U);
}

TEST_F(ServerTest, WithoutAWordLoopbackIsOpenAndEveryOtherAddressAsksForTheToken) {
    EXPECT_TRUE(can_create(blind_server(), {}));
    config::Config everywhere = server_config();
    everywhere.listen = "0.0.0.0";
    EXPECT_FALSE(can_create(blind_server(everywhere), {}));
}

TEST_F(ServerTest, ClosedToNewMeshesStillServesTheOnesItHas) {
    tests::Machine& server = blind_server();
    tests::Machine& alice = machine();
    init(alice, "alice", &server);
    stop(server);
    server.context.config.new_meshes = config::NewMeshes::closed;
    start(server);
    alice.service->network_changed();
    EXPECT_TRUE(connected(alice));
}

TEST_F(ServerTest, TakesNoMoreMeshesThanItsOwnerAllows) {
    config::Config config = server_config();
    config.max_meshes = 1;
    tests::Machine& server = blind_server(config);
    tests::Machine& alice = machine();
    init(alice, "alice", &server);
    EXPECT_FALSE(can_create(server, {}));
    EXPECT_NE(refusal_.find("as many meshes as it takes"), std::string::npos) << refusal_;
    tests::Machine& bob = machine();
    add(alice, bob, "bob"); // the one that is there grows on
    stop(server);
    server.context.config.max_meshes = 2;
    start(server);
    EXPECT_TRUE(can_create(server, {}));
}

TEST_F(ServerTest, TheMemberListCountsInTheQuota) {
    auto model = first_member(machine(), "alice");
    ASSERT_TRUE(model->variables().set(tests::set_call("KEY", "value")));
    const std::uint64_t cells = model->replica().store().usage()->bytes;
    std::uint64_t chain = 0;
    for (const mesh::Entry& entry : model->chain().entries())
        chain += entry.encoded.size();
    for (const unsigned missing : {0U, 1U}) {
        config::Config config = server_config();
        config.quota_bytes = chain + cells - missing;
        tests::Machine& alice = machine();
        init(alice, "alice", &blind_server(config));
        set(alice, "KEY", "value");
        EXPECT_EQ(synced(alice), missing == 0);
        const auto status = ask(alice, api::Status{});
        EXPECT_EQ(status->pending, missing);
        EXPECT_EQ(status->reason.find("quota") != std::string::npos, missing == 1)
            << status->reason;
    }
    config::Config config = server_config();
    config.quota_bytes = chain / 2;
    EXPECT_FALSE(can_create(blind_server(config), {}));
    EXPECT_NE(refusal_.find("member list is over"), std::string::npos) << refusal_;
}

TEST_F(ServerTest, TakesChangesAgainWhenItsDiskDoes) {
    tests::Machine& server = blind_server();
    tests::Machine& alice = machine();
    init(alice, "alice", &server);
    stop(server);
    set(alice, "KEY", "value");
    start(server);
    const auto state = [&] { return ask(server, api::Status{})->state; };
    {
        const NoRoom full;
        alice.service->network_changed();
        ASSERT_TRUE(eventually([&] { return state() == "degraded"; }));
        server.clock.leap(60'000);
        server.service->tick();
        EXPECT_EQ(state(), "degraded") << "there is no room yet";
    }
    server.clock.leap(60'000);
    server.service->tick();
    EXPECT_EQ(state(), "unlocked");
    alice.service->tick(); // the same disk
    alice.service->network_changed();
    EXPECT_TRUE(connected(alice));
    EXPECT_TRUE(synced(alice));
    EXPECT_EQ(ask(alice, api::Status{})->pending, 0U);
}

TEST_F(ServerTest, ARestartKeepsIdentityMembersAndChanges) {
    const Pair pair = two_members();
    const std::string key = key_of(pair.server);
    set(pair.alice, "KEY", "value");
    ASSERT_TRUE(synced(pair.alice));
    ASSERT_TRUE(eventually([&] { return get(pair.bob, "KEY") == "value"; }));
    stop(pair.bob);
    stop(pair.server);
    start(pair.server);
    EXPECT_EQ(key_of(pair.server), key);
    EXPECT_EQ(ask(pair.server, api::Peers{})->peers.size(), 2U);
    pair.alice.service->network_changed();
    tests::Machine& carol = machine();
    ASSERT_TRUE(connected(pair.alice));
    add(pair.alice, carol, "carol");
    EXPECT_EQ(get(carol, "KEY"), "value");
}

TEST_F(ServerTest, APortInUseIsNamed) {
    tests::Machine& first = blind_server();
    tests::Machine& second = machine();
    stop(second);
    second.context.config = first.context.config;
    Service service(second.context, [] {});
    const auto started = service.start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, Code::conflict);
    EXPECT_NE(started.error().message.find(std::to_string(first.context.config.port)),
              std::string::npos);
}

// The server's own encryption taken away: what it could read if it wanted to.
TEST_F(ServerTest, CanReadNoNameAndNoValue) {
    Pair pair = two_members();
    set(pair.alice, "CANARYNAME", "canary-value");
    ASSERT_TRUE(synced(pair.alice));
    set(pair.bob, "CANARYNAME", "canary-value-2");
    ASSERT_TRUE(synced(pair.bob));
    const auto key = open_or_make_server_vault(pair.server.context);
    ASSERT_TRUE(key);
    auto database =
        storage::Database::open(pair.server.home.path(database_file), crypto::database_key(*key));
    ASSERT_TRUE(database);
    const std::filesystem::path plain = pair.server.home.path("plain.db");
    const std::string copy = "ATTACH DATABASE '" + plain.string() +
                             "' AS plain KEY ''; SELECT sqlcipher_export('plain'); DETACH plain;";
    ASSERT_TRUE((*database)->run(copy.c_str()));
    std::ifstream stream(plain, std::ios::binary);
    const std::string all(std::istreambuf_iterator<char>(stream), {});
    const Bytes mesh_id = *from_hex(ask(pair.alice, api::Status{})->mesh);
    EXPECT_NE(all.find(text(mesh_id)), std::string::npos) << "the search finds what is there";
    for (const char* secret : {"CANARYNAME", "canary-value", "alice", "bob"})
        EXPECT_EQ(all.find(secret), std::string::npos) << secret;
}

} // namespace
} // namespace envmesh::node
