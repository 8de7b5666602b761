// SPDX-License-Identifier: MIT
#include "cli/connect.h"

#include "platform/autostart.h"
#include "platform/local_socket.h"
#include "platform/paths.h"

#include <cstdlib>

namespace envmesh::cli {
namespace {

class StreamChannel final : public ipc::Channel {
  public:
    explicit StreamChannel(std::unique_ptr<platform::LocalStream> stream)
        : stream_(std::move(stream)) {}

    Result<> write(View bytes, ipc::Deadline deadline) override {
        return stream_->write(bytes, deadline);
    }
    Result<std::size_t> read(std::span<std::uint8_t> buffer, ipc::Deadline deadline) override {
        return stream_->read(buffer, deadline);
    }

  private:
    std::unique_ptr<platform::LocalStream> stream_;
};

Result<std::filesystem::path> where(const std::filesystem::path& given) {
    if (!given.empty()) return given;
    auto paths = platform::paths();
    if (!paths) return std::unexpected(std::move(paths.error()));
    return std::move(paths->socket);
}

// Shells wait for this: it starts no program.
std::string how_to_start() {
    if (platform::has_autostart())
        return "The service is installed and does not run; see why: envmesh-cli daemon status";
    return "Start it now and at each login: envmesh-cli daemon install (by hand: envmesh-daemon)";
}

} // namespace

Result<ipc::Client> connect(const std::filesystem::path& socket, ipc::Deadline deadline) {
    const auto path = where(socket);
    if (!path) return std::unexpected(path.error());
    auto stream = platform::LocalStream::connect(*path, deadline);
    if (!stream) {
        Error error = std::move(stream.error());
        const bool is_services = socket.empty() && std::getenv("ENVMESH_HOME") == nullptr;
        if (error.code == Code::unreachable && is_services) error.fix = how_to_start();
        return std::unexpected(std::move(error));
    }
    auto channel = std::make_unique<StreamChannel>(std::move(*stream));
    return ipc::Client::open(std::move(channel), "cli", deadline);
}

} // namespace envmesh::cli
