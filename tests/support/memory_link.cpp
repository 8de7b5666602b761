// SPDX-License-Identifier: MIT
#include "tests/support/memory_link.h"

#include <deque>
#include <utility>

namespace envmesh::tests {
namespace {

class MemoryLink final : public net::Link {
  public:
    MemoryLink(const asio::any_io_executor& executor, std::string path)
        : arrived_(executor), path_(std::move(path)) {}
    MemoryLink(const MemoryLink&) = delete;
    MemoryLink& operator=(const MemoryLink&) = delete;
    ~MemoryLink() override { MemoryLink::close(); }

    void join(MemoryLink& peer) { peer_ = &peer; }

    Task<Result<>> send(Bytes message) override {
        if (!peer_) co_return gone();
        peer_->inbox_.push_back(std::move(message));
        peer_->arrived_.cancel();
        co_return Result<>();
    }
    Task<Result<Bytes>> receive() override {
        while (inbox_.empty() && peer_) {
            arrived_.expires_at(std::chrono::steady_clock::time_point::max());
            auto wait = arrived_.async_wait(as_result);
            co_await std::move(wait);
        }
        if (inbox_.empty()) co_return gone();
        Bytes message = std::move(inbox_.front());
        inbox_.pop_front();
        if (message.size() <= most_bytes_) co_return message;
        close();
        co_return fail(Code::protocol, "A message of " + remote_ + " is longer than allowed.");
    }
    // What the peer was sent before stays readable there, as on a socket.
    void close() override {
        if (peer_) {
            peer_->peer_ = nullptr;
            peer_->arrived_.cancel();
        }
        peer_ = nullptr;
        inbox_.clear();
        arrived_.cancel();
    }
    Task<> finish() override {
        close();
        co_return;
    }
    void probe() override {}
    void set_most_bytes(std::size_t bytes) override { most_bytes_ = bytes; }

    [[nodiscard]] Block<32> channel_binding() const override { return Block<32>{0x4d}; }
    [[nodiscard]] const std::string& path() const override { return path_; }
    [[nodiscard]] const std::string& remote() const override { return remote_; }
    [[nodiscard]] std::optional<std::chrono::milliseconds> round_trip() const override {
        return std::nullopt;
    }

  private:
    std::unexpected<Error> gone() const {
        return fail(Code::unreachable, remote_ + " closed the connection.");
    }

    MemoryLink* peer_ = nullptr;
    std::deque<Bytes> inbox_;
    asio::steady_timer arrived_;
    std::size_t most_bytes_ = net::most_bytes_before_authentication;
    std::string path_;
    std::string remote_ = "memory";
};

} // namespace

std::pair<std::unique_ptr<net::Link>, std::unique_ptr<net::Link>>
memory_links(const asio::any_io_executor& executor, std::string path) {
    auto a = std::make_unique<MemoryLink>(executor, path);
    auto b = std::make_unique<MemoryLink>(executor, std::move(path));
    a->join(*b);
    b->join(*a);
    return {std::move(a), std::move(b)};
}

} // namespace envmesh::tests
