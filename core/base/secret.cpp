// SPDX-License-Identifier: MIT
#include "core/base/secret.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <utility>

#include <sodium.h>

namespace envmesh {

Secret::Secret(std::size_t size) : data_(std::make_unique<std::uint8_t[]>(size)), size_(size) {}

Secret::Secret(View bytes) : Secret(bytes.size()) { std::ranges::copy(bytes, data_.get()); }

Secret::Secret(Secret&& other) noexcept
    : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this == &other) return *this;
    wipe(writable());
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
    return *this;
}

Secret::~Secret() { wipe(writable()); }

bool Secret::operator==(const Secret& other) const {
    return size_ == other.size_ && sodium_memcmp(data_.get(), other.data_.get(), size_) == 0;
}

void Key::Free::operator()(std::uint8_t* memory) const { sodium_free(memory); }

Key::Key() {
    static const int ready = sodium_init(); // guarded memory needs the page size it finds
    assert(ready >= 0);
    data_.reset(static_cast<std::uint8_t*>(sodium_malloc(size)));
    if (!data_) std::abort(); // address space exhausted: nothing sensible is left to do
    wipe(writable());
}

Key::Key(View bytes) : Key() {
    assert(bytes.size() == size);
    std::ranges::copy(bytes, data_.get());
}

bool Key::operator==(const Key& other) const {
    return sodium_memcmp(data_.get(), other.data_.get(), size) == 0;
}

void wipe(std::span<std::uint8_t> bytes) {
    if (!bytes.empty()) sodium_memzero(bytes.data(), bytes.size());
}

void wipe(std::string& text) {
    sodium_memzero(text.data(), text.size());
    text.clear();
}

} // namespace envmesh
