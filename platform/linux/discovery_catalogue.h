// SPDX-License-Identifier: MIT
// What strangers say about our type of service, bounded: the names, where each was seen, what was
// learnt there. It says what to look up next and tells the hooks of whole services; no network.
#pragma once

#include "platform/discovery.h"

#include <compare>
#include <deque>
#include <optional>
#include <span>

namespace envmesh::platform {

/// What Service in discovery.h demands.
Result<> check(const Service& service);
/// The pairs of a TXT record (RFC 6763 §6.3 to §6.5). Pairs beyond the limits are left out, the
/// first of several with the same key counts; nothing for a record that is too long.
std::optional<std::map<std::string, std::string>> text_of(std::span<const std::string> pairs);

/// A name seen on an interface (its index) by a protocol (Avahi's number).
struct Sighting {
    std::string instance;
    int interface = 0;
    int protocol = 0;
    bool operator==(const Sighting&) const = default;
};

class Catalogue {
  public:
    static constexpr std::size_t most_names = 4096;
    static constexpr std::size_t most_places = 16; // of one name
    static constexpr std::size_t most_addresses = 8;
    static constexpr int most_tries = 4;

    struct Lookup {
        Sighting sighting;
        int tries = 0; // that failed
    };

    explicit Catalogue(Discovery::Hooks hooks) : hooks_(std::move(hooks)) {}

    void appeared(const Sighting& sighting);
    void vanished(const Sighting& sighting);
    /// From here on only what appears again stays; the rest is forgotten at `everything_appeared`.
    void start_over();
    void everything_appeared();

    /// The name that is ours from now on, of which nothing is told; empty for none.
    void leave_out(const std::string& instance);

    [[nodiscard]] bool has_next() const { return !waiting_.empty(); }
    /// The newest first, so that many names without an answer do not delay the next honest one.
    Lookup next();
    void answered(const Sighting& sighting, std::string address, std::uint16_t port,
                  std::map<std::string, std::string> text);
    void failed(Lookup lookup);

    [[nodiscard]] std::size_t services() const { return services_; }
    [[nodiscard]] std::size_t services_on(int interface) const;

  private:
    struct Place {
        bool is_seen = true;
        std::string address; // empty until there was an answer
    };
    struct Known {
        std::map<std::pair<int, int>, Place> places; // interface, protocol
        std::uint16_t port = 0;
        std::map<std::string, std::string> text;
        std::optional<FoundService> told;
    };
    using Entry = std::map<std::string, Known>::iterator;

    Place* place_of(const Sighting& sighting);
    void tell(const std::string& instance, Known& known);
    Entry forget_if_nowhere(Entry entry);

    Discovery::Hooks hooks_;
    std::map<std::string, Known> known_;
    std::string ours_;
    std::deque<Lookup> waiting_; // one at most for each place; retries in front, newest at the back
    std::size_t services_ = 0;   // told
};

} // namespace envmesh::platform
