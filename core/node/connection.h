// SPDX-License-Identifier: MIT
// Runs one sync session over one authenticated link, on either side: reads, has signatures checked
// on the crypto pool, feeds the session, and writes what it answers. Messages that are not the
// session's go to `other`.
#pragma once

#include "core/net/link.h"
#include "core/sync/session.h"

#include <deque>

namespace envmesh::node {

/// Checks the cells of a message (check_cell): a few on the spot, many in slices on all threads of
/// the pool.
Task<> check_on(asio::thread_pool& pool, const sync::Authority& authority, sync::Message& message);

class Connection {
  public:
    struct Hooks {
        std::function<void(const sync::Delta&)> applied; // our replica changed through this link
        std::function<Result<>(Bytes message)> other;    // mail, presence
        std::function<void()> progress;                  // after each message of the session
    };

    Connection(net::Link& link, sync::Session& session, const sync::Authority& authority,
               asio::thread_pool& crypto, asio::any_io_executor executor, Hooks hooks);

    /// Until the link ends or a message breaks the protocol; tells why. The link is closed then.
    Task<Error> run();
    /// Our replica has changed by other means than this link.
    void changed(const sync::Delta& delta);
    /// A whole round now.
    void resync();
    /// Queues a message that is not the session's. More than 1 MiB of them unsent ends the link.
    void send(Bytes message);
    void close() { link_.close(); }
    [[nodiscard]] const net::Link& link() const { return link_; }
    /// All that was queued by `send` has left.
    [[nodiscard]] bool has_sent_all() const { return queue_.empty() && !sending_; }
    [[nodiscard]] const sync::Session& session() const { return session_; }

  private:
    Task<Error> read();
    Task<Result<>> feed(Bytes bytes);
    Task<> write();
    Result<std::optional<Bytes>> next();
    void wake_writer() { more_.cancel(); }
    void end_on(const Result<>& result);

    net::Link& link_;
    sync::Session& session_;
    const sync::Authority& authority_;
    asio::thread_pool& crypto_;
    Hooks hooks_;
    std::deque<Bytes> queue_;
    std::size_t queued_bytes_ = 0;
    bool sending_ = false;
    std::optional<Error> fault_;
    asio::steady_timer more_;
    TaskGroup tasks_;
};

} // namespace envmesh::node
