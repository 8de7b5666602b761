// SPDX-License-Identifier: MIT
#include "tests/support/local_daemon.h"

#include <cstdlib>
#include <future>

#include <boost/asio/buffer.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>

namespace envmesh::test {
namespace {

using Local = asio::local::stream_protocol;

int listening_handle(asio::io_context& loop, const std::filesystem::path& socket) {
    Local::acceptor listener(loop, Local::endpoint(socket.string()));
    return listener.release();
}

class AsioChannel final : public ipc::Channel {
  public:
    explicit AsioChannel(const std::filesystem::path& socket) {
        socket_.connect(Local::endpoint(socket.string()));
    }
    Result<> write(View bytes, ipc::Deadline) override {
        boost::system::error_code ec;
        asio::write(socket_, asio::buffer(bytes.data(), bytes.size()), ec);
        if (ec) return fail(Code::unreachable, ec.message());
        return {};
    }
    Result<std::size_t> read(std::span<std::uint8_t> buffer, ipc::Deadline) override {
        boost::system::error_code ec;
        const auto count = socket_.read_some(asio::buffer(buffer.data(), buffer.size()), ec);
        if (ec) return fail(Code::unreachable, ec.message());
        return count;
    }

  private:
    asio::io_context context_;
    Local::socket socket_{context_};
};

} // namespace

TemporaryFolder::TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "envmesh-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 10'000; ++i) {
        if (condition()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return false;
}

FakeService::FakeService(asio::io_context& loop, Answer answer)
    : answer_(std::move(answer)), gate_(loop, asio::steady_timer::time_point::max()) {}

Task<Result<api::Reply>> FakeService::handle(api::Request request, ipc::ClientId) {
    const bool is_slow = std::holds_alternative<api::Sync>(request) ||
                         std::holds_alternative<api::EnableKeychain>(request);
    if (is_slow && gate_.expiry() == asio::steady_timer::time_point::max()) {
        ++held;
        auto wait = gate_.async_wait(as_result);
        co_await std::move(wait);
    }
    if (answer_) co_return answer_(request);
    if (std::holds_alternative<api::Sync>(request)) co_return api::Sync::Reply();
    if (std::holds_alternative<api::Status>(request)) co_return api::Status::Reply();
    co_return api::Done();
}

void FakeService::disconnected(ipc::ClientId) { ++left; }

void FakeService::release() { gate_.expires_at(asio::steady_timer::time_point::min()); }

LocalDaemon::LocalDaemon(FakeService::Answer answer, ipc::Limits limits,
                         ipc::Server::SameUser same_user)
    : service_(loop_, std::move(answer)),
      server_(loop_.get_executor(), service_, std::move(same_user), limits) {
    const auto listening = server_.listen(listening_handle(loop_, socket()));
    if (!listening) std::abort();
    asio::co_spawn(loop_, run(), asio::detached);
    thread_ = std::thread([this] { loop_.run(); });
}

LocalDaemon::~LocalDaemon() {
    stop();
    thread_.join();
}

Task<> LocalDaemon::run() {
    auto serving = server_.run();
    co_await std::move(serving);
    stopped_ = true;
}

void LocalDaemon::stop() {
    asio::post(loop_, [this] { server_.stop(); });
}

void LocalDaemon::release() {
    asio::post(loop_, [this] { service_.release(); });
}

void LocalDaemon::publish(const api::Event& event) {
    asio::post(loop_, [this, event] { server_.publish(event); });
}

std::size_t LocalDaemon::connections() {
    std::promise<std::size_t> count;
    asio::post(loop_, [&] { count.set_value(server_.connections()); });
    return count.get_future().get();
}

RawFrontEnd::RawFrontEnd(const std::filesystem::path& socket) {
    socket_.connect(Local::endpoint(socket.string()));
}

void RawFrontEnd::send(View bytes) {
    boost::system::error_code ignored; // the daemon may have closed already
    asio::write(socket_, asio::buffer(bytes.data(), bytes.size()), ignored);
}

void RawFrontEnd::send_body(std::string_view body) {
    send(ipc::frame(view(body)).value().reveal());
}

std::optional<std::string> RawFrontEnd::receive() {
    while (true) {
        const auto space = reader_.space();
        boost::system::error_code ec;
        const auto count = socket_.read_some(asio::buffer(space.data(), space.size()), ec);
        if (ec) return std::nullopt;
        if (reader_.advance(count).value()) return std::string(reader_.take().reveal_text());
    }
}

void RawFrontEnd::greet() {
    send_body(R"({"hello":{"protocol":[1,1],"version":"1","role":"test"}})");
    receive();
}

Result<ipc::Client> open_client(const std::filesystem::path& socket) {
    return ipc::Client::open(std::make_unique<AsioChannel>(socket), "test", ipc::Deadline::max());
}

} // namespace envmesh::test
