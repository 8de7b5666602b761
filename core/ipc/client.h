// SPDX-License-Identifier: MIT
// A front end's end of the conversation: one question at a time, blocking, every wait with a
// deadline. After an error of the connection itself (`unreachable`, `timeout`, `protocol` from
// here, not from the daemon) the client is of no further use: make another.
#pragma once

#include "core/api/calls.h"
#include "core/ipc/frame.h"

#include <chrono>
#include <deque>
#include <memory>

namespace envmesh::ipc {

using Deadline = std::chrono::steady_clock::time_point;

/// What carries the bytes; the platform's local stream, or a fake in tests.
class Channel {
  public:
    virtual ~Channel() = default;
    virtual Result<> write(View bytes, Deadline deadline) = 0;
    /// Between 1 and buffer.size() bytes; `unreachable` at the end, `timeout` at the deadline.
    virtual Result<std::size_t> read(std::span<std::uint8_t> buffer, Deadline deadline) = 0;
};

/// The range of protocols that both speak is not empty; else `protocol`, naming the older one.
Result<> compatible(const api::Hello& mine, const api::Hello& theirs);

class Client {
  public:
    /// Says hello as `role` ("cli", "tray") and checks the answer.
    static Result<Client> open(std::unique_ptr<Channel> channel, std::string role,
                               Deadline deadline);

    Result<api::Reply> ask(const api::Request& request, Deadline deadline);
    template <class Call>
        requires requires { typename Call::Reply; }
    Result<typename Call::Reply> ask(Call call, Deadline deadline) {
        const api::Request request(std::move(call));
        auto reply = ask(request, deadline);
        if (!reply) return std::unexpected(std::move(reply.error()));
        return std::get<typename Call::Reply>(std::move(*reply));
    }

    /// The next event of a connection that has asked to watch. A `timeout` here loses nothing: ask
    /// for the next one again.
    Result<api::Event> next_event(Deadline deadline);

    [[nodiscard]] const api::Hello& daemon() const { return daemon_; }

  private:
    explicit Client(std::unique_ptr<Channel> channel) : channel_(std::move(channel)) {}

    Result<> send(const Secret& body, Deadline deadline);
    Result<Secret> receive(Deadline deadline);

    std::unique_ptr<Channel> channel_;
    FrameReader reader_{most_hello_bytes};
    api::Hello daemon_;
    std::uint64_t last_id_ = 0;
    bool watching_ = false;
    std::deque<api::Event> events_; // that came between a question and its answer
};

} // namespace envmesh::ipc
