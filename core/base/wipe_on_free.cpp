// SPDX-License-Identifier: MIT
// Every block that `delete` gives back is wiped first, so that what passes through libraries (JSON
// texts, TLS buffers, SQL values) does not stay behind in the heap. All forms of new and delete are
// replaced together: a block carries its size in front, which only our own delete knows.
#include <sodium.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <limits>
#include <memory>
#include <new>

namespace envmesh {
namespace {

struct Prefix {
    void* start;      // what malloc gave
    std::size_t size; // what the caller asked for
};
constexpr std::size_t room_before = __STDCPP_DEFAULT_NEW_ALIGNMENT__; // keeps malloc's alignment
static_assert(sizeof(Prefix) <= room_before);

void* allocate_or_null(std::size_t size, std::align_val_t align = {}) noexcept {
    const auto alignment = std::max(static_cast<std::size_t>(align), alignof(Prefix));
    const std::size_t slack = alignment > room_before ? alignment : 0;
    const std::size_t extra = room_before + slack;
    if (size > std::numeric_limits<std::size_t>::max() - extra) return nullptr;
    void* const start = std::malloc(size + extra);
    if (start == nullptr) return nullptr;
    void* memory = static_cast<std::uint8_t*>(start) + room_before;
    std::size_t space = size + slack;
    std::align(alignment, size, memory, space);
    ::new (static_cast<Prefix*>(memory) - 1) Prefix{start, size};
    return memory;
}

void* allocate(std::size_t size, std::align_val_t align = {}) {
    void* const memory = allocate_or_null(size, align);
    // The language asks these operators, and them alone, for this exception.
    if (memory == nullptr) std::rethrow_exception(std::make_exception_ptr(std::bad_alloc()));
    return memory;
}

void release(void* memory) noexcept {
    if (memory == nullptr) return;
    const Prefix block = static_cast<Prefix*>(memory)[-1];
    sodium_memzero(memory, block.size);
    std::free(block.start);
}

} // namespace
} // namespace envmesh

using std::align_val_t;
using std::nothrow_t;
using std::size_t;

void* operator new(size_t size) { return envmesh::allocate(size); }
void* operator new[](size_t size) { return envmesh::allocate(size); }
void* operator new(size_t size, align_val_t align) { return envmesh::allocate(size, align); }
void* operator new[](size_t size, align_val_t align) { return envmesh::allocate(size, align); }

void* operator new(size_t size, const nothrow_t&) noexcept {
    return envmesh::allocate_or_null(size);
}
void* operator new[](size_t size, const nothrow_t&) noexcept {
    return envmesh::allocate_or_null(size);
}
void* operator new(size_t size, align_val_t align, const nothrow_t&) noexcept {
    return envmesh::allocate_or_null(size, align);
}
void* operator new[](size_t size, align_val_t align, const nothrow_t&) noexcept {
    return envmesh::allocate_or_null(size, align);
}

void operator delete(void* memory) noexcept { envmesh::release(memory); }
void operator delete[](void* memory) noexcept { envmesh::release(memory); }
void operator delete(void* memory, size_t) noexcept { envmesh::release(memory); }
void operator delete[](void* memory, size_t) noexcept { envmesh::release(memory); }
void operator delete(void* memory, align_val_t) noexcept { envmesh::release(memory); }
void operator delete[](void* memory, align_val_t) noexcept { envmesh::release(memory); }
void operator delete(void* memory, size_t, align_val_t) noexcept { envmesh::release(memory); }
void operator delete[](void* memory, size_t, align_val_t) noexcept { envmesh::release(memory); }

void operator delete(void* memory, const nothrow_t&) noexcept { envmesh::release(memory); }
void operator delete[](void* memory, const nothrow_t&) noexcept { envmesh::release(memory); }
void operator delete(void* memory, align_val_t, const nothrow_t&) noexcept {
    envmesh::release(memory);
}
void operator delete[](void* memory, align_val_t, const nothrow_t&) noexcept {
    envmesh::release(memory);
}
