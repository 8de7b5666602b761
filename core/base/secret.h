// SPDX-License-Identifier: MIT
// Secret: bytes that wipe themselves, cannot be logged and cannot be copied by accident. They live
// on the heap (never in a small-string buffer) and are wiped by the destructor, so no early return
// leaves them behind. Key: 32 bytes in guarded, locked memory (libsodium's sodium_malloc). Only for
// keys: about 16,000 can exist at once on Linux (vm.max_map_count).
#pragma once

#include "core/base/bytes.h"

#include <memory>

namespace envmesh {

class Secret {
  public:
    Secret() = default;
    explicit Secret(std::size_t size);
    explicit Secret(View bytes);
    explicit Secret(std::string_view text) : Secret(envmesh::view(text)) {}
    Secret(Secret&& other) noexcept;
    Secret& operator=(Secret&& other) noexcept;
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret();

    [[nodiscard]] Secret copy() const { return Secret(reveal()); }
    [[nodiscard]] View reveal() const { return {data_.get(), size_}; }
    [[nodiscard]] std::string_view reveal_text() const { return envmesh::text(reveal()); }
    [[nodiscard]] std::span<std::uint8_t> writable() { return {data_.get(), size_}; }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }

    /// Constant time for equal sizes.
    bool operator==(const Secret& other) const;

  private:
    std::unique_ptr<std::uint8_t[]> data_;
    std::size_t size_ = 0;
};

class Key {
  public:
    static constexpr std::size_t size = 32;

    /// All zero; fill through `writable()`.
    Key();
    /// A copy of 32 bytes; the caller has checked the size.
    explicit Key(View bytes);
    Key(Key&&) noexcept = default;
    Key& operator=(Key&&) noexcept = default;

    [[nodiscard]] Key copy() const { return Key(reveal()); }
    [[nodiscard]] View reveal() const { return {data_.get(), size}; }
    [[nodiscard]] std::span<std::uint8_t, size> writable() {
        return std::span<std::uint8_t, size>(data_.get(), size);
    }
    bool operator==(const Key& other) const;

  private:
    struct Free {
        void operator()(std::uint8_t* memory) const;
    };
    std::unique_ptr<std::uint8_t[], Free> data_;
};

/// Wipes bytes that a library handed us.
void wipe(std::span<std::uint8_t> bytes);
void wipe(std::string& text);

} // namespace envmesh
