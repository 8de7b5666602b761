// SPDX-License-Identifier: MIT
// Whole nodes in one process: real files, real TLS over loopback, a blind server among them. The
// test drives the loop, so that nothing runs between two of its lines. A hang ends after a bounded
// time; nothing else depends on time.
#pragma once

#include "core/node/service.h"
#include "core/node/vault.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <deque>

namespace envmesh::tests {

class TemporaryHome final : public node::Home {
  public:
    Result<std::optional<Secret>> read(const std::filesystem::path& name,
                                       std::size_t most_bytes) override;
    Result<> write(const std::filesystem::path& name, View contents) override;
    Result<> move_aside(const std::filesystem::path& name) override;
    [[nodiscard]] std::filesystem::path path(const std::filesystem::path& name) const override;
    [[nodiscard]] bool has(const std::string& name) const;

  private:
    TempDir folder_;
};

/// The system's clock, which a test can set forward.
class LeapingClock final : public Clock {
  public:
    std::int64_t wall_ms() override { return clock_.wall_ms() + ahead_ms_; }
    std::int64_t steady_ms() override { return clock_.steady_ms() + ahead_ms_; }
    void leap(std::int64_t milliseconds) { ahead_ms_ += milliseconds; }

  private:
    SystemClock clock_;
    std::int64_t ahead_ms_ = 0;
};

struct Threads {
    asio::io_context io{1};
    asio::thread_pool crypto{2};
    asio::thread_pool slow{1};
};

/// One machine: what a node is given, and the node that its daemon would run.
struct Machine {
    Machine(Threads& threads, config::Config config);

    LeapingClock clock;
    SystemRandom random;
    TemporaryHome home;
    std::vector<api::Event> events;
    node::Context context;
    std::unique_ptr<node::Service> service;
    int shutdowns = 0;
};

/// A call under way. `cancel` is what the daemon does when the front end leaves.
struct Asked {
    std::optional<Result<api::Reply>> reply;
    asio::cancellation_signal cancellation;
    void cancel() { cancellation.emit(asio::cancellation_type::terminal); }
};

/// Members without a service: the first of a mesh, and one that it adds.
std::unique_ptr<node::Member> first_member(Machine& machine, const std::string& name);
std::unique_ptr<node::Member> next_member(node::Member& admin, Machine& machine,
                                          const std::string& name,
                                          mesh::Role role = mesh::Role::member);
/// The key of their databases.
Key vault_key();
api::Set set_call(const std::string& key, const std::string& value, const std::string& scope = {});

class NodeTest : public ::testing::Test {
  protected:
    static constexpr ipc::ClientId front_end = 1;

    NodeTest();
    ~NodeTest() override;

    /// A node that is running; ends with the test.
    Machine& machine();
    /// A blind server on a free port of 127.0.0.1.
    Machine& blind_server(const config::Config& config = server_config());
    static config::Config server_config();
    void start(Machine& machine);
    void stop(Machine& machine);
    [[nodiscard]] static std::string url_of(const Machine& server);
    [[nodiscard]] static std::string key_of(const Machine& server);

    /// Runs the loop until it holds; false when it did not for long.
    bool eventually(const std::function<bool()>& holds);
    /// Runs the loop for a moment: for what must not happen.
    void settle();
    template <class T>
    T run(Task<T> task);
    void run(Task<> task);

    Asked& begin(Machine& machine, api::Request request, ipc::ClientId client = front_end);
    Result<api::Reply> finish(Asked& asked);
    template <class Call>
    Result<typename Call::Reply> finish_as(Asked& asked);
    template <class Call>
    Result<typename Call::Reply> ask(Machine& machine, Call call, ipc::ClientId client = front_end);
    /// The code of the error, or nothing when it succeeded.
    template <class Call>
    std::optional<Code> refusal(Machine& machine, Call call, ipc::ClientId client = front_end);

    // What people do, with every step expected to succeed.
    void init(Machine& machine, const std::string& name, const Machine* server = nullptr);
    bool connected(Machine& machine);
    bool synced(Machine& machine);
    void set(Machine& machine, const std::string& key, const std::string& value,
             const std::string& scope = {});
    std::string get(Machine& machine, const std::string& key); // "" when there is none
    std::string invite(Machine& machine, const std::string& role = "member");
    static api::Join join_call(const std::string& code, const std::string& name);
    /// Up to the question at the joiner, which has not been answered.
    void introduce(Machine& admin, Machine& joiner, const std::string& name,
                   const std::string& role = "member");
    void add(Machine& admin, Machine& joiner, const std::string& name,
             const std::string& role = "member");
    /// The stage that a join is in.
    std::string stage(Machine& joiner);

    struct Pair {
        Machine& server;
        Machine& alice; // made the mesh
        Machine& bob;   // was invited
    };
    Pair two_members(const config::Config& config = server_config());

    Threads threads_;

  private:
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    std::deque<Machine> machines_;
    std::deque<Asked> asked_;
};

template <class T>
T NodeTest::run(Task<T> task) {
    std::optional<T> result;
    auto done = [&result](const std::exception_ptr& error, T value) {
        if (error) std::rethrow_exception(error);
        result = std::move(value);
    };
    asio::co_spawn(threads_.io, std::move(task), done);
    if (!eventually([&] { return result.has_value(); })) std::abort(); // it refers to our stack
    return std::move(*result);
}

template <class Call>
Result<typename Call::Reply> NodeTest::finish_as(Asked& asked) {
    auto reply = finish(asked);
    if (!reply) return std::unexpected(reply.error());
    return std::get<typename Call::Reply>(std::move(*reply));
}

template <class Call>
Result<typename Call::Reply> NodeTest::ask(Machine& machine, Call call, ipc::ClientId client) {
    return finish_as<Call>(begin(machine, std::move(call), client));
}

template <class Call>
std::optional<Code> NodeTest::refusal(Machine& machine, Call call, ipc::ClientId client) {
    const auto reply = ask(machine, std::move(call), client);
    return reply ? std::nullopt : std::optional(reply.error().code);
}

} // namespace envmesh::tests
