// SPDX-License-Identifier: MIT
// Runs coroutines and an independent peer (peer.py) for the tests of this folder.
#pragma once

#include "core/net/websocket.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <future>

namespace envmesh::net::test {

inline constexpr std::chrono::seconds patience{30};

/// Runs the loop until the task has ended. The task must not throw.
template <class T>
T run(asio::io_context& io, Task<T> task) {
    std::optional<T> out;
    auto done = [&out](const std::exception_ptr& error, T value) {
        if (error) std::rethrow_exception(error);
        out.emplace(std::move(value));
    };
    asio::co_spawn(io, std::move(task), done);
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!out && std::chrono::steady_clock::now() < end) {
        if (io.stopped()) io.restart();
        io.run_one_for(std::chrono::milliseconds(50));
    }
    EXPECT_TRUE(out) << "the task did not end";
    if (!out) std::abort();
    return std::move(*out);
}

inline Task<bool> join_all(Listener& listener) {
    listener.close();
    co_await listener.join();
    co_return true;
}
inline Task<bool> join_all(TaskGroup& group) {
    group.cancel();
    co_await group.join();
    co_return true;
}

inline std::unique_ptr<Listener> listen(asio::io_context& io, const Listener::Limits& limits = {}) {
    auto listener = Listener::open(io.get_executor(), "127.0.0.1", 0, limits);
    EXPECT_TRUE(listener) << listener.error().message;
    return *std::move(listener);
}

/// What the Python peer printed and its exit status, once it has ended.
struct Peer {
    std::string output;
    int status = -1;
};
inline Peer run_peer(const std::string& arguments) {
    const std::string command = std::string(ENVMESH_PEER) + " " + arguments + " 2>&1";
    FILE* pipe = popen(command.c_str(), "r");
    Peer peer;
    std::array<char, 4096> buffer{};
    while (const auto size = std::fread(buffer.data(), 1, buffer.size(), pipe))
        peer.output.append(buffer.data(), size);
    peer.status = pclose(pipe);
    return peer;
}
/// The peer beside our loop.
inline Peer run_beside(asio::io_context& io, const std::string& arguments) {
    auto peer = std::async(std::launch::async, run_peer, arguments);
    while (peer.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
        if (io.stopped()) io.restart();
        io.run_one_for(std::chrono::milliseconds(10));
    }
    return peer.get();
}

/// Two ends of one real connection over loopback.
struct Pair {
    std::unique_ptr<Link> client;
    std::unique_ptr<Link> server;
};
inline Task<bool> accept_one(Listener& listener, std::unique_ptr<Link>& out) {
    auto link = co_await listener.accept();
    if (link) out = *std::move(link);
    co_return link.has_value();
}
inline Task<Pair> make_pair(Listener& listener, Timeouts timeouts) {
    Pair pair;
    Url url;
    url.host = "127.0.0.1";
    url.port = listener.port();
    std::string path = "/v1/sync";
    auto dialling = dial(std::move(url), std::move(path), timeouts);
    auto client = co_await std::move(dialling);
    if (!client) co_return pair;
    pair.client = *std::move(client);
    auto accepting = accept_one(listener, pair.server);
    co_await std::move(accepting);
    co_return pair;
}

} // namespace envmesh::net::test
