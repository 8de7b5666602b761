// SPDX-License-Identifier: MIT
#include "core/net/admission.h"

#include <boost/asio/ip/address.hpp>

namespace envmesh::net {

namespace ip = boost::asio::ip;

std::string counted_part(const std::string& address) {
    boost::system::error_code error;
    const ip::address parsed = ip::make_address(address, error);
    if (error || !parsed.is_v6()) return address;
    const ip::address_v6 v6 = parsed.to_v6();
    if (v6.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, v6).to_string();
    auto bytes = v6.to_bytes();
    if (v6.is_link_local()) return ip::address_v6(bytes).to_string(); // without its interface
    for (std::size_t i = 8; i < bytes.size(); ++i)
        bytes[i] = 0;
    return ip::address_v6(bytes).to_string();
}

Admission::Id Admission::enter(const std::string& address, Time now) {
    forget_old_failures(now);
    if (connections_.size() >= limits_.connections ||
        unauthenticated() >= (limits_.connections + 1) / 2)
        return 0;
    const std::string key = counted_part(address);
    const auto known = addresses_.find(key);
    if (known != addresses_.end() &&
        (known->second.unauthenticated >= limits_.unauthenticated_per_address ||
         known->second.failures.size() >= limits_.failures_per_minute))
        return 0;
    ++addresses_[key].unauthenticated;
    connections_.emplace(++last_, Connection{key, std::nullopt});
    return last_;
}

std::size_t Admission::unauthenticated() const {
    std::size_t grouped = 0;
    for (const auto& [group, count] : groups_)
        grouped += count;
    return connections_.size() - grouped;
}

bool Admission::authenticated(Id id, const std::string& group) {
    const auto found = connections_.find(id);
    if (found == connections_.end() || found->second.group) return true;
    const auto held = groups_.find(group);
    if (held != groups_.end() && held->second >= limits_.authenticated_per_group) return false;
    ++groups_[group];
    found->second.group = group;
    release(found->second.address);
    return true;
}

void Admission::failed(Id id, Time now) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    auto& failures = addresses_[found->second.address].failures;
    failures.push_back(now);
    if (failures.size() > limits_.failures_per_minute) failures.pop_front();
}

void Admission::leave(Id id) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    const auto& group = found->second.group;
    if (!group)
        release(found->second.address);
    else if (const auto held = groups_.find(*group); --held->second == 0)
        groups_.erase(held);
    connections_.erase(found);
}

void Admission::release(const std::string& address) {
    const auto found = addresses_.find(address);
    if (found == addresses_.end()) return;
    if (--found->second.unauthenticated == 0 && found->second.failures.empty())
        addresses_.erase(found);
}

// Addresses without a connection stay only for as long as their failures count, so that the table
// cannot be filled for good.
void Admission::forget_old_failures(Time now) {
    for (auto it = addresses_.begin(); it != addresses_.end();) {
        auto& failures = it->second.failures;
        while (!failures.empty() && now - failures.front() >= std::chrono::minutes(1))
            failures.pop_front();
        const bool idle = failures.empty() && it->second.unauthenticated == 0;
        it = idle ? addresses_.erase(it) : std::next(it);
    }
}

} // namespace envmesh::net
