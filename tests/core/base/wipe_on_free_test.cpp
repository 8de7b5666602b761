// SPDX-License-Identifier: MIT
// The linker leads every call of free through __wrap_free: the block is still ours to read there.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <new>
#include <string>

extern "C" void __real_free(void* memory);
extern "C" void __wrap_free(void* memory);

namespace {

enum class Seen { nothing, wiped, left };

// The block whose way back is watched. No two tests run at once.
const volatile std::uint8_t* watched = nullptr;
std::size_t watched_size = 0;
Seen seen = Seen::nothing;

bool holds_watched(const void* start) {
    const auto from = reinterpret_cast<std::uintptr_t>(start);
    const auto memory = reinterpret_cast<std::uintptr_t>(watched);
    return watched != nullptr && from <= memory && memory - from <= 8192;
}

} // namespace

void __wrap_free(void* memory) {
    if (holds_watched(memory)) {
        seen = std::all_of(watched, watched + watched_size, [](auto byte) { return byte == 0; })
                   ? Seen::wiped
                   : Seen::left;
        watched = nullptr;
    }
    __real_free(memory);
}

namespace {

constexpr std::size_t size = 100;

/// Fills the block; what `give_back` then frees is looked at.
template <class GiveBack>
Seen after(void* memory, GiveBack give_back) {
    auto* const bytes = static_cast<volatile std::uint8_t*>(memory);
    std::fill(bytes, bytes + size, std::uint8_t{0xa5});
    watched = bytes;
    watched_size = size;
    seen = Seen::nothing;
    give_back(memory);
    return seen;
}

bool aligned(const void* memory, std::size_t alignment) {
    return reinterpret_cast<std::uintptr_t>(memory) % alignment == 0;
}

TEST(WipeOnFree, EveryPlainFormWipes) {
    const auto one = [](void* p) { ::operator delete(p); };
    const auto many = [](void* p) { ::operator delete[](p); };
    EXPECT_EQ(after(::operator new(size), one), Seen::wiped);
    EXPECT_EQ(after(::operator new[](size), many), Seen::wiped);
    EXPECT_EQ(after(::operator new(size, std::nothrow), one), Seen::wiped);
    EXPECT_EQ(after(::operator new[](size, std::nothrow), many), Seen::wiped);
    EXPECT_EQ(after(::operator new(size), [](void* p) { ::operator delete(p, size); }),
              Seen::wiped);
    EXPECT_EQ(after(::operator new[](size), [](void* p) { ::operator delete[](p, size); }),
              Seen::wiped);
    EXPECT_EQ(after(::operator new(size), [](void* p) { ::operator delete(p, std::nothrow); }),
              Seen::wiped);
    EXPECT_EQ(after(::operator new[](size), [](void* p) { ::operator delete[](p, std::nothrow); }),
              Seen::wiped);
}

TEST(WipeOnFree, EveryAlignedFormWipesAndAligns) {
    for (const std::size_t alignment : {1U, 8U, 16U, 32U, 64U, 4096U}) {
        const std::align_val_t at{alignment};
        const auto one = [at](void* p) { ::operator delete(p, at); };
        const auto many = [at](void* p) { ::operator delete[](p, at); };
        const auto sized = [at](void* p) { ::operator delete(p, size, at); };
        const auto many_sized = [at](void* p) { ::operator delete[](p, size, at); };
        const auto nothrow = [at](void* p) { ::operator delete(p, at, std::nothrow); };
        const auto many_nothrow = [at](void* p) { ::operator delete[](p, at, std::nothrow); };
        for (int round = 0; round < 8; ++round) {
            void* const memory = ::operator new(size, at);
            EXPECT_TRUE(aligned(memory, alignment)) << alignment;
            EXPECT_EQ(after(memory, one), Seen::wiped);
        }
        EXPECT_EQ(after(::operator new[](size, at), many), Seen::wiped);
        EXPECT_EQ(after(::operator new(size, at), sized), Seen::wiped);
        EXPECT_EQ(after(::operator new[](size, at), many_sized), Seen::wiped);
        EXPECT_EQ(after(::operator new(size, at, std::nothrow), nothrow), Seen::wiped);
        EXPECT_EQ(after(::operator new[](size, at, std::nothrow), many_nothrow), Seen::wiped);
    }
}

// libstdc++ itself allocates here, out of its own object code.
TEST(WipeOnFree, WhatALibraryFreesIsWiped) {
    auto text = std::make_unique<std::string>(size, 'x');
    EXPECT_EQ(after(text->data(), [&](void*) { text.reset(); }), Seen::wiped);
}

TEST(WipeOnFree, NothingAndTooMuch) {
    ::operator delete(nullptr);
    void* const none = ::operator new(0);
    EXPECT_NE(none, nullptr);
    ::operator delete(none);
    // Read at run time, or the compiler refuses the sizes that it can see.
    const volatile std::size_t most = std::numeric_limits<std::size_t>::max();
    for (const std::size_t much : {most, most - 16, most / 2}) {
        EXPECT_EQ(::operator new(much, std::nothrow), nullptr);
        EXPECT_EQ(::operator new(much, std::align_val_t{64}, std::nothrow), nullptr);
        EXPECT_THROW(static_cast<void>(::operator new(much)), std::bad_alloc);
    }
}

} // namespace
