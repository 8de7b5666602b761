// SPDX-License-Identifier: MIT
// The canonical binary form of everything we sign, seal, store or send between nodes: fixed field
// order, big-endian integers, length-prefixed runs (protocol §2.3). One value has exactly one
// encoding: a decoder that uses Reader and ends with `at_end()` accepts no other.
#pragma once

#include "core/base/bytes.h"

namespace envmesh {

class Writer {
  public:
    Writer& u8(std::uint8_t value) { return integer(value, 1); }
    Writer& u16(std::uint16_t value) { return integer(value, 2); }
    Writer& u32(std::uint32_t value) { return integer(value, 4); }
    Writer& u64(std::uint64_t value) { return integer(value, 8); }
    /// A run whose length both sides know.
    Writer& raw(View bytes) {
        out_.insert(out_.end(), bytes.begin(), bytes.end());
        return *this;
    }
    /// A run behind its u8, u16 or u32 length; the caller has checked that it fits.
    Writer& run8(View bytes) { return u8(static_cast<std::uint8_t>(bytes.size())).raw(bytes); }
    Writer& run16(View bytes) { return u16(static_cast<std::uint16_t>(bytes.size())).raw(bytes); }
    Writer& run32(View bytes) { return u32(static_cast<std::uint32_t>(bytes.size())).raw(bytes); }

    [[nodiscard]] const Bytes& bytes() const& { return out_; }
    [[nodiscard]] Bytes bytes() && { return std::move(out_); }
    [[nodiscard]] std::size_t size() const { return out_.size(); }

  private:
    Writer& integer(std::uint64_t value, unsigned width) {
        for (unsigned shift = width * 8; shift > 0;)
            out_.push_back(static_cast<std::uint8_t>(value >> (shift -= 8)));
        return *this;
    }

    Bytes out_;
};

/// Reads what Writer wrote. Running out of bytes is sticky: every later read yields zeros or
/// nothing, and `ok()` stays false, so a decoder checks once at its end. Views point into the bytes
/// given.
class Reader {
  public:
    explicit Reader(View bytes) : rest_(bytes) {}

    std::uint8_t u8() { return static_cast<std::uint8_t>(integer(1)); }
    std::uint16_t u16() { return static_cast<std::uint16_t>(integer(2)); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(integer(4)); }
    std::uint64_t u64() { return integer(8); }
    View raw(std::size_t size) {
        if (size > rest_.size()) {
            ok_ = false;
            rest_ = {};
            return {};
        }
        const View out = rest_.first(size);
        rest_ = rest_.subspan(size);
        return out;
    }
    template <std::size_t N>
    Block<N> block() {
        const View bytes = raw(N);
        return bytes.size() == N ? envmesh::block<N>(bytes) : Block<N>{};
    }
    View run8() { return raw(u8()); }
    View run16() { return raw(u16()); }
    View run32() { return raw(u32()); }

    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool at_end() const { return ok_ && rest_.empty(); }
    [[nodiscard]] View rest() const { return rest_; }

  private:
    std::uint64_t integer(std::size_t width) {
        std::uint64_t value = 0;
        for (const std::uint8_t byte : raw(width))
            value = (value << 8U) | byte;
        return value;
    }

    View rest_;
    bool ok_ = true;
};

} // namespace envmesh
