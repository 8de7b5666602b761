// SPDX-License-Identifier: MIT
#include "core/node/lan_search.h"

#include "core/node/health.h"

namespace envmesh::node {
namespace {

constexpr std::size_t most_known = 4096;
constexpr std::size_t most_asked = 16;
constexpr int most_tries = 3;
constexpr std::chrono::milliseconds answer_limit{2'000}; // on one network
constexpr std::chrono::milliseconds between_tries{1'000};

} // namespace

LanSearch::LanSearch(Context& context, const crypto::ShortHash& key)
    : context_(context), key_(key), changed_(context.executor), asking_(context.executor) {}

void LanSearch::add(std::vector<net::Url> urls) {
    for (net::Url& url : urls)
        if (known_.size() < most_known && known_.insert(url.authority()).second)
            waiting_.push_back({std::move(url)});
    changed_.notify();
}

Task<Result<LanSearch::Found>> LanSearch::run(std::chrono::milliseconds patience) {
    const std::int64_t until = context_.clock.steady_ms() + patience.count();
    for (const std::string& address : context_.config.lan_servers)
        if (auto url = net::Url::parse_authority(address)) add({*url});
    if (context_.vicinity != nullptr)
        context_.vicinity->watch({[this](const Sighting& seen) {
                                      for (const std::string& address : seen.addresses)
                                          add({{address, seen.port}});
                                  },
                                  [](const std::string&) {}});
    while (!found_ && !stopped_ && context_.clock.steady_ms() < until) {
        while (asking_.size() < most_asked && !waiting_.empty()) {
            // By lot: whoever floods the network does not choose who is asked.
            const auto last = static_cast<std::int64_t>(waiting_.size()) - 1;
            const auto next = waiting_.begin() + jitter(context_.random, last);
            std::swap(*next, waiting_.front());
            asking_.spawn(ask(std::move(waiting_.front())));
            waiting_.pop_front();
        }
        auto waiting = changed_.wait_for(std::chrono::milliseconds(until) -
                                         std::chrono::milliseconds(context_.clock.steady_ms()));
        co_await std::move(waiting);
    }
    if (context_.vicinity != nullptr) context_.vicinity->leave();
    stopped_ = true;
    auto joined = asking_.join();
    co_await std::move(joined);
    if (found_) co_return std::move(*found_);
    co_return fail(Code::unreachable, "nobody on this network has the invitation",
                   "join from the network of the inviting machine, while `envmesh-cli invite` runs "
                   "there; or name that machine in client.lan_servers");
}

Task<> LanSearch::ask(Candidate candidate) {
    net::Timeouts timeouts = context_.timeouts;
    timeouts.establish = std::min(timeouts.establish, answer_limit);
    sync::ServerPin pin;
    pin.short_hash = key_;
    auto dialling = dial_join(context_, candidate.url, std::move(pin), timeouts);
    auto joined = co_await std::move(dialling);
    if (joined && !found_) {
        found_ = Found{std::move(candidate.url), std::move(*joined)};
    } else if (!joined && joined.error().code != Code::denied && ++candidate.tries < most_tries &&
               !stopped_) {
        auto pause = sleep_for(between_tries);
        co_await std::move(pause);
        waiting_.push_back(std::move(candidate));
    }
    changed_.notify();
}

void LanSearch::stop() {
    stopped_ = true;
    changed_.notify();
}

} // namespace envmesh::node
