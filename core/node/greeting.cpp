// SPDX-License-Identifier: MIT
#include "core/node/greeting.h"

namespace envmesh::node {
namespace {

Task<Result<>> exchange(net::Link& link, sync::ClientHandshake& handshake) {
    auto hello = link.send(handshake.hello());
    auto sent = co_await std::move(hello);
    while (sent && !handshake.done()) {
        auto receiving = link.receive();
        auto message = co_await std::move(receiving);
        if (!message) co_return std::unexpected(message.error());
        auto answers = handshake.receive(*message);
        if (!answers) co_return std::unexpected(answers.error());
        auto sending = send_all(link, std::move(*answers));
        sent = co_await std::move(sending);
    }
    co_return sent;
}

} // namespace

Task<> close_after(net::Link& link, std::chrono::milliseconds limit) {
    auto sleeping = sleep_for(limit);
    const bool expired = co_await std::move(sleeping);
    if (expired) link.close();
}

Task<Result<>> send_all(net::Link& link, sync::Messages messages) {
    for (Bytes& message : messages) {
        auto sending = link.send(std::move(message));
        auto sent = co_await std::move(sending);
        if (!sent) co_return sent;
    }
    co_return Result<>{};
}

Task<Result<>> run_handshake(net::Link& link, sync::ClientHandshake& handshake,
                             std::chrono::milliseconds limit) {
    auto executor = co_await asio::this_coro::executor;
    TaskGroup guard(executor);
    guard.spawn(close_after(link, limit));
    auto exchanging = exchange(link, handshake);
    auto done = co_await std::move(exchanging);
    guard.cancel();
    auto joined = guard.join();
    co_await std::move(joined);
    co_return done;
}

Task<Result<JoinLink>> dial_join(Context& context, net::Url url, sync::ServerPin pin,
                                 net::Timeouts timeouts) {
    auto dialling = net::dial(std::move(url), "/v1/join", timeouts);
    auto link = co_await std::move(dialling);
    if (!link) co_return std::unexpected(link.error());
    sync::ClientHandshake handshake(std::move(pin), {}, (*link)->channel_binding(), context.random);
    auto running = run_handshake(**link, handshake, timeouts.establish);
    auto done = co_await std::move(running);
    if (!done) co_return std::unexpected(done.error());
    co_return JoinLink{std::move(*link), handshake.server()};
}

Task<Result<sync::ServerFacts>> probe_server(Context& context, net::Url url, sync::ServerPin pin) {
    auto dialling = dial_join(context, std::move(url), std::move(pin), context.timeouts);
    auto joined = co_await std::move(dialling);
    if (!joined) co_return std::unexpected(joined.error());
    joined->link->close();
    co_return joined->server;
}

} // namespace envmesh::node
