// SPDX-License-Identifier: MIT
// A daemon without an engine: the real server on a socket of its own, with a service that answers
// as the test says. Its loop runs on a thread of its own.
#pragma once

#include "core/ipc/client.h"
#include "core/ipc/server.h"

#include <atomic>
#include <filesystem>
#include <thread>

namespace envmesh::test {

/// Removed with everything in it.
class TemporaryFolder {
  public:
    TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder();
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

/// True as soon as `condition` holds; false when it does not for 20 s.
bool eventually(const std::function<bool()>& condition);

class FakeService final : public ipc::Service {
  public:
    using Answer = std::function<Result<api::Reply>(const api::Request&)>;

    FakeService(asio::io_context& loop, Answer answer);
    Task<Result<api::Reply>> handle(api::Request request, ipc::ClientId client) override;
    void disconnected(ipc::ClientId client) override;
    [[nodiscard]] std::string version() const override { return shown_version; }

    /// From now on requests of type Sync and EnableKeychain are answered; until then they are held.
    void release();

    std::string shown_version = "9.8.7"; // to be changed before anybody connects
    std::atomic<int> held = 0;
    std::atomic<int> left = 0;

  private:
    Answer answer_;
    asio::steady_timer gate_;
};

class LocalDaemon {
  public:
    explicit LocalDaemon(
        FakeService::Answer answer = {}, ipc::Limits limits = {},
        ipc::Server::SameUser same_user = [](int) { return true; });
    LocalDaemon(const LocalDaemon&) = delete;
    LocalDaemon& operator=(const LocalDaemon&) = delete;
    /// Stops and waits.
    ~LocalDaemon();

    [[nodiscard]] std::filesystem::path socket() const { return folder_.path() / "daemon.sock"; }
    void publish(const api::Event& event);
    void release();
    void stop();
    [[nodiscard]] bool has_stopped() const { return stopped_; }
    std::size_t connections();
    FakeService& service() { return service_; }
    ipc::Server& server() { return server_; } // on its own thread only

  private:
    Task<> run();

    TemporaryFolder folder_;
    asio::io_context loop_{1};
    FakeService service_;
    ipc::Server server_;
    std::atomic<bool> stopped_ = false;
    std::thread thread_;
};

/// A front end that can say anything at all. Blocking.
class RawFrontEnd {
  public:
    explicit RawFrontEnd(const std::filesystem::path& socket);

    void send(View bytes);
    void send_body(std::string_view body);
    /// The next body, or nothing when the daemon has closed.
    std::optional<std::string> receive();
    /// Says hello and takes the answer.
    void greet();

  private:
    asio::io_context context_;
    asio::local::stream_protocol::socket socket_{context_};
    ipc::FrameReader reader_{ipc::most_frame_bytes};
};

/// A client over a plain blocking socket.
Result<ipc::Client> open_client(const std::filesystem::path& socket);

} // namespace envmesh::test
