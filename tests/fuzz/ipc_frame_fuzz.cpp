// SPDX-License-Identifier: MIT
#include "core/ipc/frame.h"
#include "tests/fuzz/canonical.h"

using namespace envmesh;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const View input(data, size);
    ipc::FrameReader reader(size % 3 == 0 ? ipc::most_hello_bytes : ipc::most_frame_bytes);
    for (View rest = input; !rest.empty();) {
        const auto space = reader.space();
        const std::size_t count = std::min({space.size(), rest.size(), std::size_t{7} + size % 5});
        std::ranges::copy(rest.first(count), space.begin());
        rest = rest.subspan(count);
        const auto whole = reader.advance(count);
        if (!whole) return 0;
        if (*whole) fuzz::require(ipc::frame(reader.take().reveal()).has_value());
    }
    return 0;
}
