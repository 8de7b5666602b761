// SPDX-License-Identifier: MIT
// One front end that is connected: its hello, its requests in flight, what is still to be written
// to it. Used by the Server only.
#pragma once

#include "core/ipc/frame.h"
#include "core/ipc/server.h"

#include <deque>
#include <map>

namespace envmesh::ipc {

class Connection {
  public:
    using Socket = asio::local::stream_protocol::socket;

    Connection(Socket socket, ClientId id, Service& service, const Limits& limits);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Until the other side leaves, breaks the protocol or is too slow, or `end` is called. Never
    /// throws; no task of this connection is left afterwards.
    Task<> run();
    /// Reads no further; what is ready to be written has been.
    void end();
    /// Does nothing unless this front end watches.
    void publish(const Secret& event_frame);

  private:
    using Moment = std::chrono::steady_clock::time_point;
    struct InFlight {
        std::uint64_t request_id = 0;
        Moment deadline;
        bool answered = false;
    };

    Task<> read_loop();
    Task<Result<Secret>> read_frame();
    bool greet(const Secret& body);
    void accept_request(const Secret& body);
    [[nodiscard]] std::chrono::milliseconds limit_of(const api::Request& request) const;
    Task<> answer(std::uint64_t serial, api::Request request);
    void reply(std::uint64_t request_id, const Result<api::Reply>& reply);

    Task<> watch_deadlines();
    [[nodiscard]] Moment next_deadline() const;
    void expire();

    void send(Secret frame, std::size_t most_unread);
    void flush();
    Task<> drain();
    void close();

    Socket socket_;
    ClientId id_;
    Service& service_;
    const Limits& limits_;
    FrameReader reader_{most_hello_bytes};
    Moment hello_deadline_;
    bool greeted_ = false;
    bool watching_ = false;
    bool ending_ = false;

    std::uint64_t last_serial_ = 0;
    std::map<std::uint64_t, InFlight> in_flight_; // by serial
    asio::steady_timer timer_;

    std::deque<Secret> unread_;
    std::size_t unread_bytes_ = 0;
    std::size_t written_ = 0; // of the first of them
    bool draining_ = false;
    TaskGroup tasks_;
};

} // namespace envmesh::ipc
