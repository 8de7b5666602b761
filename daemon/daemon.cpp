// SPDX-License-Identifier: MIT
#include "daemon/daemon.h"

#include "core/ipc/server.h"
#include "core/node/service.h"
#include "daemon/desktop.h"
#include "daemon/generation.h"
#include "daemon/log.h"
#include "daemon/network_news.h"
#include "daemon/surroundings.h"
#include "daemon/vicinity.h"
#include "platform/local_socket.h"
#include "platform/process.h"

#include <csignal>
#include <cstdlib>
#include <utility>

#include <boost/asio/signal_set.hpp>

namespace envmesh::daemon {
namespace {

constexpr auto tick = std::chrono::minutes(1);
constexpr auto patience_with_commands = std::chrono::seconds(2); // those that print

class Daemon {
  public:
    Daemon(Surroundings& around, const platform::Paths& paths)
        : around_(around), socket_(paths.socket),
          neighbourhood_(around.io.get_executor(), around.random),
          service_(around.context, [this] { stop(); }),
          server_(around.io.get_executor(), service_, platform::is_same_user),
          signals_(around.io, SIGINT, SIGTERM), hangup_(around.io, SIGHUP),
          network_(around.io.get_executor(), service_), tasks_(around.io.get_executor()) {
        around.context.vicinity = &neighbourhood_;
        if (!around.context.config.is_cloud_server()) desktop_.emplace(around, service_, paths);
        around.context.publish = [this](const api::Event& event) {
            server_.publish(event);
            if (desktop_) desktop_->told(event);
        };
    }

    Result<> start() {
        if (auto started = service_.start(); !started) return started;
        if (auto made = platform::make_private_folder(socket_.parent_path()); !made) return made;
        auto listener = platform::listen_local(socket_);
        if (!listener) return std::unexpected(listener.error());
        if (auto listening = server_.listen(*listener); !listening) return listening;
        generation_.emplace(socket_, around_.random);
        around_.context.exports_changed = [this] { generation_->next(); };
        signals_.async_wait([this](const boost::system::error_code& ec, int) {
            if (!ec) stop();
        });
        tasks_.spawn(reload_on_hangup());
        network_.start();
        asio::co_spawn(around_.io, run(), [](const std::exception_ptr& error) {
            if (error) std::rethrow_exception(error);
        });
        tasks_.spawn(tick_forever());
        if (desktop_) desktop_->start();
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
        network_.stop();
        if (desktop_) {
            auto parting = desktop_->stop();
            co_await std::move(parting);
        }
        auto stopping = service_.stop();
        co_await std::move(stopping);
        tasks_.cancel();
        auto joined = tasks_.join();
        co_await std::move(joined);
        auto network_joined = network_.join();
        co_await std::move(network_joined);
        auto leaving = neighbourhood_.join();
        const bool left = co_await std::move(leaving);
        signals_.cancel();
        log_info("stopped");
        if (!left) std::_Exit(0); // rather than wait for a thread that waits for the system's bus
    }

    Task<> reload_on_hangup() {
        while (true) {
            auto waiting = hangup_.async_wait(as_result);
            const auto [ec, number] = co_await std::move(waiting);
            if (ec) co_return;
            auto reloading = service_.reload();
            const auto done = co_await std::move(reloading);
            if (!done) log_error("config_not_reloaded", "reason", done.error().message);
        }
    }

    Task<> tick_forever() {
        while (true) {
            auto sleeping = sleep_for(tick);
            co_await std::move(sleeping);
            service_.tick();
        }
    }

    // The socket at once: a service manager may put its own there while we are still ending.
    void stop() {
        if (std::exchange(is_stopping_, true)) return;
        platform::remove_local(socket_);
        if (desktop_) desktop_->stop_asking();
        around_.context.publish({"shutdown", {}, {}, {}, {}});
        server_.stop();
    }

    Surroundings& around_;
    std::filesystem::path socket_;
    LocalNetwork neighbourhood_;
    node::Service service_;
    ipc::Server server_;
    asio::signal_set signals_;
    asio::signal_set hangup_;
    NetworkNews network_;
    std::optional<Generation> generation_;
    std::optional<Desktop> desktop_; // none: a cloud server
    bool is_stopping_ = false;
    TaskGroup tasks_;
};

} // namespace

Result<> run(const ReadConfig& read_config, const platform::Paths& paths, const LogSink& sink) {
    const auto config = read_config();
    if (!config) return std::unexpected(config.error());
    set_log_level(sink, config->log_level);
    warn_of_swap();
    auto folder = DataFolder::open(paths.data);
    if (!folder) return std::unexpected(folder.error());
    auto lock = insist(patience_with_commands, [&paths] { return take_lock(paths); });
    if (!lock) return std::unexpected(lock.error());
    Surroundings around(*config, std::move(*folder));
    around.context.read_config = read_config;
    around.context.reconfigured = [&around, &sink] {
        set_log_level(sink, around.context.config.log_level);
    };
    Daemon daemon(around, paths);
    if (auto started = daemon.start(); !started) return started;
    around.io.run();
    return {};
}

} // namespace envmesh::daemon
