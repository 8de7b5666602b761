// SPDX-License-Identifier: MIT
// What the tests of this folder share: published vectors come as hex, randomness from a counter.
#pragma once

#include "core/base/clock.h"
#include "core/base/secret.h"

#include <algorithm>

namespace envmesh::crypto {

inline Bytes unhex(std::string_view digits) {
    return digits.empty() ? Bytes() : from_hex(digits).value();
}
template <std::size_t N>
Block<N> block_of(std::string_view digits) {
    return block<N>(unhex(digits));
}

/// A shorter key is filled up with zeros, which is what HMAC does as well.
inline Key key_of(View bytes) {
    Key out;
    std::ranges::copy(bytes, out.writable().begin());
    return out;
}
inline Key key_of(std::string_view digits) { return key_of(unhex(digits)); }

class CountingRandom final : public Random {
  public:
    void fill(std::span<std::uint8_t> bytes) override {
        for (std::uint8_t& byte : bytes)
            byte = next_++;
    }

  private:
    std::uint8_t next_ = 0;
};

} // namespace envmesh::crypto
