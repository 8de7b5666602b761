// SPDX-License-Identifier: MIT
#include "core/mesh/beacon.h"

#include "core/base/codec.h"

namespace envmesh::mesh {
namespace {

constexpr std::string_view label = "EnvMesh-discovery-v1";
constexpr std::int64_t day_ms = std::int64_t{24} * 60 * 60 * 1000;
constexpr std::size_t bytes = 8;

std::string tag_of(const Key& epoch_key, View nonce, std::int64_t day) {
    const Bytes encoded = Writer().u32(static_cast<std::uint32_t>(day)).bytes();
    const auto mac = crypto::hmac_sha256(crypto::derive(epoch_key, label), {nonce, encoded});
    return hex(View(mac).first(bytes));
}

std::string_view field(const BeaconText& text, const char* name) {
    const auto found = text.find(name);
    return found == text.end() ? std::string_view() : found->second;
}

} // namespace

std::int64_t beacon_day(std::int64_t wall_ms) { return wall_ms / day_ms; }

BeaconText make_beacon(const Keyring& keyring, Random& random, std::int64_t wall_ms) {
    Block<bytes> nonce{};
    random.fill(nonce);
    return {{"v", "1"},
            {"n", hex(nonce)},
            {"t", tag_of(keyring.current_key(), nonce, beacon_day(wall_ms))}};
}

bool is_our_beacon(const BeaconText& text, const Keyring& keyring, std::int64_t wall_ms) {
    const auto nonce = from_hex(field(text, "n"));
    const std::string_view tag = field(text, "t");
    if (field(text, "v") != "1" || !nonce || nonce->size() != bytes) return false;
    for (const auto& [epoch, key] : keyring.epoch_keys())
        for (const std::int64_t day : {-1, 0, 1})
            if (tag_of(key, *nonce, beacon_day(wall_ms) + day) == tag) return true;
    return false;
}

} // namespace envmesh::mesh
