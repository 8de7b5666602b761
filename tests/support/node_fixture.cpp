// SPDX-License-Identifier: MIT
#include "tests/support/node_fixture.h"

#include "core/base/log.h"
#include "platform/files.h"

namespace envmesh::tests {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 30s; // for a hang, not for speed

crypto::Argon2Limits cheap() { return {1, 8 * 1024, 10, 64 * 1024, 1, 8 * 1024}; }

Task<> answer(node::Service& service, api::Request request, ipc::ClientId client, Asked& asked) {
    auto handling = service.handle(std::move(request), client);
    asked.reply = co_await std::move(handling);
}

void rethrow(const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
}

} // namespace

Result<std::optional<Secret>> TemporaryHome::read(const std::filesystem::path& name,
                                                  std::size_t most_bytes) {
    auto contents = platform::read_file(path(name), most_bytes);
    if (contents) return std::optional(std::move(*contents));
    if (contents.error().code == Code::not_found) return std::optional<Secret>();
    return std::unexpected(contents.error());
}

Result<> TemporaryHome::write(const std::filesystem::path& name, View contents) {
    return platform::replace_file(path(name), contents);
}

Result<> TemporaryHome::move_aside(const std::filesystem::path& name) {
    for (const char* suffix : {"", "-wal", "-shm"}) {
        const std::string file = name.string() + suffix;
        if (has(file))
            std::filesystem::rename(path(file), path(name.string() + ".unreadable" + suffix));
    }
    return {};
}

std::filesystem::path TemporaryHome::path(const std::filesystem::path& name) const {
    return folder_.path() / name;
}

bool TemporaryHome::has(const std::string& name) const {
    return std::filesystem::exists(path(name));
}

Machine::Machine(Threads& threads, config::Config config)
    : context{threads.io.get_executor(),
              clock,
              random,
              threads.crypto,
              threads.slow,
              home,
              std::move(config),
              cheap(),
              {},
              "linux",
              [this](const api::Event& event) { events.push_back(event); }} {
    context.timeouts.close = 100ms;
}

Key vault_key() { return Key(Block<32>{7}); }

std::unique_ptr<node::Member> first_member(Machine& machine, const std::string& name) {
    auto identity = crypto::Identity::create(machine.random);
    auto keyring = mesh::Keyring::create(machine.random);
    const sync::Hlc hlc = sync::next_hlc(0, machine.clock.wall_ms());
    auto chain = mesh::Chain::create(identity, name, keyring, hlc, machine.random);
    auto member =
        node::Member::create(machine.context, vault_key(),
                             {std::move(identity), std::move(keyring), std::move(chain), name, {}});
    if (!member) std::abort();
    return std::move(*member);
}

std::unique_ptr<node::Member> next_member(node::Member& admin, Machine& machine,
                                          const std::string& name, mesh::Role role) {
    auto identity = crypto::Identity::create(machine.random);
    if (!admin.add_device(identity.public_identity(), role, name)) std::abort();
    mesh::Chain chain = admin.chain();
    auto keyring = mesh::open_keyring(chain, identity);
    if (!keyring) std::abort();
    auto member = node::Member::create(
        machine.context, vault_key(),
        {std::move(identity), std::move(*keyring), std::move(chain), name, {}});
    if (!member) std::abort();
    return std::move(*member);
}

api::Set set_call(const std::string& key, const std::string& value, const std::string& scope) {
    api::Set call;
    call.items.push_back({key, Secret(value)});
    call.scope = scope;
    return call;
}

NodeTest::NodeTest() : work_(threads_.io.get_executor()) { set_log_sink({}, Level::error); }

NodeTest::~NodeTest() {
    for (Machine& machine : machines_)
        stop(machine);
}

Machine& NodeTest::machine() {
    config::Config config;
    config.enable_lan = false;
    Machine& machine = machines_.emplace_back(threads_, config);
    start(machine);
    return machine;
}

Machine& NodeTest::blind_server(const config::Config& config) {
    Machine& machine = machines_.emplace_back(threads_, config);
    start(machine);
    return machine;
}

config::Config NodeTest::server_config() {
    config::Config config;
    config.mode = config::Mode::server_preferred;
    config.enable_cloud = false;
    config.enable_lan = false;
    config.port = 0;
    return config;
}

void NodeTest::start(Machine& machine) {
    machine.service =
        std::make_unique<node::Service>(machine.context, [&machine] { ++machine.shutdowns; });
    const auto started = machine.service->start();
    ASSERT_TRUE(started) << started.error().message;
    if (machine.service->server()) machine.context.config.port = machine.service->server()->port();
}

void NodeTest::stop(Machine& machine) {
    if (!machine.service) return;
    run(machine.service->stop());
    machine.service.reset();
}

std::string NodeTest::url_of(const Machine& server) {
    return "wss://127.0.0.1:" + std::to_string(server.context.config.port);
}

std::string NodeTest::key_of(const Machine& server) {
    return crypto::server_fingerprint(server.service->server()->keys().ed_pk);
}

bool NodeTest::eventually(const std::function<bool()>& holds) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > until) return false;
        threads_.io.run_one_for(10ms);
    }
    return true;
}

void NodeTest::settle() { threads_.io.run_for(50ms); }

void NodeTest::run(Task<> task) {
    bool ended = false;
    auto done = [&ended](const std::exception_ptr& error) {
        rethrow(error);
        ended = true;
    };
    asio::co_spawn(threads_.io, std::move(task), done);
    if (!eventually([&] { return ended; })) std::abort(); // it refers to our stack
}

Asked& NodeTest::begin(Machine& machine, api::Request request, ipc::ClientId client) {
    Asked& asked = asked_.emplace_back();
    asio::co_spawn(threads_.io, answer(*machine.service, std::move(request), client, asked),
                   asio::bind_cancellation_slot(asked.cancellation.slot(), rethrow));
    return asked;
}

Result<api::Reply> NodeTest::finish(Asked& asked) {
    if (!eventually([&] { return asked.reply.has_value(); }))
        return fail(Code::timeout, "no answer");
    return std::move(*asked.reply);
}

void NodeTest::init(Machine& machine, const std::string& name, const Machine* server) {
    api::Init call;
    call.name = name;
    call.password = Secret(name + "'s password");
    if (server != nullptr) {
        call.server = url_of(*server);
        call.server_key = key_of(*server);
    }
    const auto done = ask(machine, std::move(call));
    ASSERT_TRUE(done) << done.error().message;
    ASSERT_TRUE(server == nullptr || connected(machine));
}

bool NodeTest::connected(Machine& machine) {
    return eventually([&] {
        const auto status = ask(machine, api::Status{});
        return status && status->tier != "offline";
    });
}

bool NodeTest::synced(Machine& machine) {
    const auto reply = ask(machine, api::Sync{});
    return reply && reply->complete;
}

void NodeTest::set(Machine& machine, const std::string& key, const std::string& value,
                   const std::string& scope) {
    const auto done = ask(machine, set_call(key, value, scope));
    ASSERT_TRUE(done) << done.error().message;
}

std::string NodeTest::get(Machine& machine, const std::string& key) {
    const auto variable = ask(machine, api::Get{key, {}});
    return variable && variable->value ? std::string(variable->value->reveal_text())
                                       : std::string();
}

std::string NodeTest::invite(Machine& machine, const std::string& role) {
    api::Invite call;
    call.role = role;
    const auto invited = ask(machine, std::move(call));
    if (invited) return std::string(invited->code.reveal_text());
    ADD_FAILURE() << invited.error().message;
    return {};
}

api::Join NodeTest::join_call(const std::string& code, const std::string& name) {
    return {Secret(code), Secret(name + "'s password"), name};
}

void NodeTest::introduce(Machine& admin, Machine& joiner, const std::string& name,
                         const std::string& role) {
    const std::string code = invite(admin, role);
    const auto digits = ask(joiner, join_call(code, name));
    ASSERT_TRUE(digits) << digits.error().message;
    const auto seen = ask(admin, api::InviteWait{});
    ASSERT_TRUE(seen) << seen.error().message;
    EXPECT_EQ(seen->check, digits->check);
    EXPECT_EQ(seen->name, name);
    const auto answered = ask(admin, api::InviteAnswer{true});
    ASSERT_TRUE(answered) << answered.error().message;
    ASSERT_TRUE(eventually([&] { return stage(joiner) == "confirm"; }));
}

void NodeTest::add(Machine& admin, Machine& joiner, const std::string& name,
                   const std::string& role) {
    introduce(admin, joiner, name, role);
    const auto confirmed = ask(joiner, api::JoinConfirm{true});
    ASSERT_TRUE(confirmed) << confirmed.error().message;
    ASSERT_TRUE(eventually([&] { return stage(joiner) == "done"; }));
    ASSERT_TRUE(connected(joiner));
}

std::string NodeTest::stage(Machine& joiner) {
    const auto reply = ask(joiner, api::JoinWait{1});
    if (reply) return reply->stage;
    ADD_FAILURE() << reply.error().message;
    return "failed";
}

NodeTest::Pair NodeTest::two_members(const config::Config& config) {
    Machine& server = blind_server(config);
    Pair pair{server, machine(), machine()};
    init(pair.alice, "alice", &server);
    add(pair.alice, pair.bob, "bob");
    return pair;
}

} // namespace envmesh::tests
