// SPDX-License-Identifier: MIT
#include "core/net/resolve.h"

namespace envmesh::net {
namespace {

using asio::ip::tcp;

// What the waiting coroutine and the resolver's handler share; either may go first.
struct Waiter;
struct Answer {
    Waiter* waiter = nullptr;
    Answer(Waiter& owner);
    Answer(Answer&& other) noexcept;
    Answer& operator=(Answer&&) = delete;
    ~Answer();
    void operator()(const boost::system::error_code& error,
                    const tcp::resolver::results_type& found);
};

struct Waiter {
    explicit Waiter(const asio::any_io_executor& executor) : arrived(executor) {}
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() {
        if (answer) answer->waiter = nullptr;
    }
    Answer* answer = nullptr;
    asio::steady_timer arrived;
    bool done = false;
    boost::system::error_code error;
    Endpoints endpoints;
};

Answer::Answer(Waiter& owner) : waiter(&owner) { owner.answer = this; }
Answer::Answer(Answer&& other) noexcept : waiter(other.waiter) {
    other.waiter = nullptr;
    if (waiter) waiter->answer = this;
}
Answer::~Answer() {
    if (waiter) waiter->answer = nullptr;
}
void Answer::operator()(const boost::system::error_code& error,
                        const tcp::resolver::results_type& found) {
    if (!waiter) return;
    waiter->done = true;
    waiter->error = error;
    for (const auto& entry : found)
        waiter->endpoints.push_back(entry.endpoint());
    waiter->arrived.cancel();
}

} // namespace

Task<Result<Endpoints>> resolve(std::string host, std::uint16_t port,
                                std::chrono::milliseconds limit) {
    boost::system::error_code not_numeric;
    const auto address = asio::ip::make_address(host, not_numeric);
    if (!not_numeric) co_return Endpoints(1, tcp::endpoint(address, port));
    if (host == "localhost")
        co_return Endpoints{{asio::ip::address_v6::loopback(), port},
                            {asio::ip::address_v4::loopback(), port}};

    auto executor = co_await asio::this_coro::executor;
    tcp::resolver resolver(executor);
    Waiter waiter(executor);
    waiter.arrived.expires_after(limit);
    resolver.async_resolve(host, std::to_string(port), tcp::resolver::numeric_service,
                           Answer(waiter));
    auto wait = waiter.arrived.async_wait(as_result);
    co_await std::move(wait);
    if (!waiter.done)
        co_return fail(Code::timeout, "The name " + host + " could not be looked up in time.",
                       "Check the network connection and the name server.");
    if (waiter.error || waiter.endpoints.empty())
        co_return fail(Code::unreachable,
                       "The name " + host + " cannot be looked up: " + waiter.error.message() + ".",
                       "Check the spelling of the host and the network connection.");
    co_return std::move(waiter.endpoints);
}

} // namespace envmesh::net
