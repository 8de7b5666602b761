// SPDX-License-Identifier: MIT
// Who may connect: limits over all connections, half of which are for the authenticated alone, over
// the unauthenticated ones of one address, over failed handshakes of one address, and over the
// authenticated ones of one group (a mesh). Pure: the caller gives the time. IPv6 addresses count
// by their /64, the part that one customer commonly holds; link-local ones each by itself, since
// all machines of a local network share that /64.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

namespace envmesh::net {

class Admission {
  public:
    using Time = std::chrono::steady_clock::time_point;
    using Id = std::uint64_t;
    struct Limits {
        std::size_t connections = 0;
        std::size_t unauthenticated_per_address = 0;
        std::size_t failures_per_minute = 0;
        std::size_t authenticated_per_group = 0;
    };

    explicit Admission(const Limits& limits) : limits_(limits) {}

    /// The id of the new connection; 0 when it is to be refused.
    Id enter(const std::string& address, Time now);
    /// It no longer counts among the unauthenticated, but in its group; false when that has as many
    /// as it may, and then nothing has changed.
    bool authenticated(Id id, const std::string& group);
    void failed(Id id, Time now);
    void leave(Id id);
    [[nodiscard]] std::size_t connections() const { return connections_.size(); }

  private:
    struct Connection {
        std::string address;
        std::optional<std::string> group; // once authenticated
    };
    struct Address {
        std::size_t unauthenticated = 0;
        std::deque<Time> failures; // the last minute's, oldest first
    };
    void forget_old_failures(Time now);
    void release(const std::string& address);
    [[nodiscard]] std::size_t unauthenticated() const;

    Limits limits_;
    Id last_ = 0;
    std::map<Id, Connection> connections_;
    std::map<std::string, Address> addresses_;
    std::map<std::string, std::size_t> groups_; // the authenticated of each; none is 0
};

/// The part of an address that is counted: "192.0.2.1", or an IPv6 network "2001:db8:0:1::".
std::string counted_part(const std::string& address);

/// A connection's place; gives it back at its end. Must not outlive the admission.
class Ticket {
  public:
    Ticket() = default;
    Ticket(Admission& admission, Admission::Id id) : admission_(&admission), id_(id) {}
    Ticket(Ticket&& other) noexcept : admission_(other.admission_), id_(other.id_) {
        other.admission_ = nullptr;
    }
    Ticket& operator=(Ticket&&) = delete;
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    ~Ticket() {
        if (admission_) admission_->leave(id_);
    }
    [[nodiscard]] Admission::Id id() const { return id_; }

  private:
    Admission* admission_ = nullptr;
    Admission::Id id_ = 0;
};

} // namespace envmesh::net
