// SPDX-License-Identifier: MIT
#include "daemon/daemon.h"

#include "core/base/log.h"
#include "core/ipc/server.h"
#include "core/node/service.h"
#include "core/node/vault.h"
#include "daemon/home.h"
#include "platform/files.h"
#include "platform/local_socket.h"
#include "platform/process.h"

#include <csignal>
#include <thread>

#include <boost/asio/signal_set.hpp>

namespace envmesh::daemon {
namespace {

constexpr auto tick = std::chrono::minutes(1);

// What a node is given, with everything it points at; declared in the order of dependence.
struct Surroundings {
    Surroundings(const config::Config& config, DataFolder folder)
        : home(std::move(folder)), crypto(std::max(1U, std::thread::hardware_concurrency())),
          slow(1), context{io.get_executor(),
                           clock,
                           random,
                           crypto,
                           slow,
                           home,
                           config,
                           crypto::Argon2Limits::for_memory(platform::physical_memory()),
                           {},
                           platform::platform_name(),
                           [](const api::Event&) {}} {}

    SystemClock clock;
    SystemRandom random;
    DataFolder home;
    asio::io_context io{1};
    asio::thread_pool crypto;
    asio::thread_pool slow;
    node::Context context;
};

class Daemon {
  public:
    Daemon(Surroundings& around, std::filesystem::path socket)
        : around_(around), socket_(std::move(socket)), service_(around.context, [this] { stop(); }),
          server_(around.io.get_executor(), service_, platform::is_same_user),
          signals_(around.io, SIGINT, SIGTERM), tasks_(around.io.get_executor()) {
        around.context.publish = [this](const api::Event& event) { server_.publish(event); };
    }

    Result<> start() {
        if (auto started = service_.start(); !started) return started;
        auto listener = platform::listen_local(socket_);
        if (!listener) return std::unexpected(listener.error());
        if (auto listening = server_.listen(*listener); !listening) return listening;
        signals_.async_wait([this](const boost::system::error_code& ec, int) {
            if (!ec) stop();
        });
        watch_network();
        asio::co_spawn(around_.io, run(), [](const std::exception_ptr& error) {
            if (error) std::rethrow_exception(error);
        });
        tasks_.spawn(tick_forever());
        platform::notify_service_manager("READY=1");
        log_info("ready", "socket", socket_.string());
        return {};
    }

  private:
    // The one coroutine that is waited for by the loop itself: it returns when everything else has.
    Task<> run() {
        auto serving = server_.run();
        co_await std::move(serving);
        platform::notify_service_manager("STOPPING=1");
        network_.reset();
        auto stopping = service_.stop();
        co_await std::move(stopping);
        tasks_.cancel();
        auto joined = tasks_.join();
        co_await std::move(joined);
        platform::remove_local(socket_);
        signals_.cancel();
        log_info("stopped");
    }

    Task<> tick_forever() {
        while (true) {
            auto sleeping = sleep_for(tick);
            co_await std::move(sleeping);
            service_.tick();
        }
    }

    void watch_network() {
        auto watch = platform::NetworkWatch::start(
            [this] { asio::post(around_.io, [this] { service_.network_changed(); }); });
        if (!watch) return log_warning("network_watch_failed", "reason", watch.error().message);
        network_ = std::move(*watch);
    }

    void stop() {
        around_.context.publish({"shutdown", {}, {}, {}, {}});
        server_.stop();
    }

    Surroundings& around_;
    std::filesystem::path socket_;
    node::Service service_;
    ipc::Server server_;
    asio::signal_set signals_;
    std::unique_ptr<platform::NetworkWatch> network_;
    TaskGroup tasks_;
};

void set_log_level(std::string_view level) {
    const Level least = level == "debug"     ? Level::debug
                        : level == "warning" ? Level::warning
                        : level == "error"   ? Level::error
                                             : Level::info;
    set_log_sink({}, least);
}

} // namespace

Result<> run(const config::Config& config, const platform::Paths& paths) {
    set_log_level(config.log_level);
    auto folder = DataFolder::open(paths.data);
    if (!folder) return std::unexpected(folder.error());
    auto lock = platform::InstanceLock::take(paths.data / "daemon.lock");
    if (!lock) return std::unexpected(lock.error());
    Surroundings around(config, std::move(*folder));
    Daemon daemon(around, paths.socket);
    if (auto started = daemon.start(); !started) return started;
    around.io.run();
    return {};
}

Result<std::string> server_key(const config::Config& config, const platform::Paths& paths) {
    auto folder = DataFolder::open(paths.data);
    if (!folder) return std::unexpected(folder.error());
    Surroundings around(config, std::move(*folder));
    auto known = node::read_public_key(around.context);
    if (!known) return std::unexpected(known.error());
    if (*known) return crypto::server_fingerprint(**known);
    if (!config.is_cloud_server())
        return fail(Code::usage, "this configuration is not a cloud server's",
                    "use --config with mode = \"server-preferred\", enable_cloud = false and "
                    "enable_lan = false");
    auto key = node::open_or_make_server_vault(around.context);
    if (!key) return std::unexpected(key.error());
    auto identified = node::Server::identify(around.context, *key);
    if (!identified) return std::unexpected(identified.error());
    const crypto::PublicIdentity& keys = identified->identity.public_identity();
    if (auto stored = node::store_public_key(around.context, keys); !stored)
        return std::unexpected(stored.error());
    return crypto::server_fingerprint(keys.ed_pk);
}

Result<std::string> join_token(const config::Config& config, const platform::Paths& paths) {
    auto folder = DataFolder::open(paths.data);
    if (!folder) return std::unexpected(folder.error());
    Surroundings around(config, std::move(*folder));
    return node::read_or_make_token(around.context);
}

} // namespace envmesh::daemon
