// SPDX-License-Identifier: MIT
// The daemon's end of the local socket: accepts front ends of the same user, reads their requests,
// hands them to the Service and writes the answers by id. One thread: everything here runs on the
// executor given. Whatever one connection does, the others are served.
#pragma once

#include "core/ipc/service.h"

#include <chrono>
#include <functional>

#include <boost/asio/local/stream_protocol.hpp>

namespace envmesh::ipc {

struct Limits {
    std::chrono::milliseconds hello{2'000};
    std::chrono::milliseconds request{30'000};  // then `timeout` is answered; the work goes on
    std::chrono::milliseconds question{70'000}; // the same where a person may be asked
    std::size_t connections = 64;
    std::size_t in_flight = 16;                        // requests of one connection
    std::size_t unread_event_bytes = 1024 * 1024;      // a watcher that is slower is dropped
    std::size_t unread_reply_bytes = 24 * 1024 * 1024; // a full set of answers in flight, and some
};

class Connection;

class Server {
  public:
    /// True when the process at the other end of this native socket runs as our user.
    using SameUser = std::function<bool(int native_socket)>;

    Server(const asio::any_io_executor& executor, Service& service, SameUser same_user,
           Limits limits = {});
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    /// `run` has returned, or was never called.
    ~Server();

    /// Takes over a native handle that listens already.
    Result<> listen(int native_listener);
    /// Serves until `stop`, or until it is cancelled; when it returns no connection is left and
    /// every client has been told to the service as disconnected.
    Task<> run();
    /// Answers that are ready have been written; requests in flight are cancelled. May be called by
    /// the service while it handles a request (that answer still goes out when it does not wait).
    void stop();
    /// To every connection that watches.
    void publish(const api::Event& event);

    [[nodiscard]] std::size_t connections() const { return connections_.size(); }

  private:
    using Socket = asio::local::stream_protocol::socket;

    Task<> serve(Socket socket, ClientId id);
    void admit(Socket socket);

    asio::any_io_executor executor_;
    Service& service_;
    SameUser same_user_;
    Limits limits_;
    asio::local::stream_protocol::acceptor acceptor_;
    bool stopping_ = false;
    ClientId last_client_ = 0;
    std::list<Connection*> connections_; // each owned by the coroutine that serves it
    TaskGroup tasks_;
};

} // namespace envmesh::ipc
