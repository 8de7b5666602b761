// SPDX-License-Identifier: MIT
// Finds the machine of the local network that an invitation without an address came from: asks
// every server that is announced or configured, sixteen at a time and by lot, until one proves the
// key that the code names. Nobody is told anything; at most 4,096 are asked.
#pragma once

#include "core/node/greeting.h"

#include <deque>
#include <set>

namespace envmesh::node {

class LanSearch {
  public:
    struct Found {
        net::Url url;
        JoinLink joined;
    };
    LanSearch(Context& context, const crypto::ShortHash& key);

    /// Once. `unreachable` when nobody proved it in time. Nothing runs any more when it returns.
    Task<Result<Found>> run(std::chrono::milliseconds patience);
    /// `run` returns soon.
    void stop();

  private:
    struct Candidate {
        net::Url url;
        int tries = 0;
    };
    void add(std::vector<net::Url> urls);
    Task<> ask(Candidate candidate);

    Context& context_;
    crypto::ShortHash key_;
    std::set<std::string> known_;
    std::deque<Candidate> waiting_;
    std::optional<Found> found_;
    bool stopped_ = false;
    Signal changed_;
    TaskGroup asking_;
};

} // namespace envmesh::node
