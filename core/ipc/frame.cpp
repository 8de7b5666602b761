// SPDX-License-Identifier: MIT
#include "core/ipc/frame.h"

#include <algorithm>
#include <cassert>

namespace envmesh::ipc {

Result<Secret> frame(View body) {
    if (body.size() > most_frame_bytes)
        return fail(Code::invalid, "The message is larger than 1 MiB.", "Do it in smaller steps.");
    Secret out(4 + body.size());
    const auto into = out.writable();
    for (unsigned i = 0; i < 4; ++i)
        into[i] = static_cast<std::uint8_t>(body.size() >> (8U * i));
    std::ranges::copy(body, into.begin() + 4);
    return out;
}

std::span<std::uint8_t> FrameReader::space() {
    if (filled_ < header_bytes) return std::span(header_).subspan(filled_);
    return body_.writable().subspan(filled_ - header_bytes);
}

Result<bool> FrameReader::advance(std::size_t count) {
    assert(count <= space().size());
    const bool in_header = filled_ < header_bytes;
    filled_ += count;
    if (in_header && filled_ == header_bytes) {
        std::size_t length = 0;
        for (unsigned i = 0; i < 4; ++i)
            length |= std::size_t{header_[i]} << (8U * i);
        if (length == 0 || length > most_bytes_)
            return fail(Code::protocol,
                        "A frame on the local socket claims " + std::to_string(length) +
                            " bytes; allowed are 1 to " + std::to_string(most_bytes_) + '.',
                        "Check that the daemon and this program are of the same version.");
        body_ = Secret(length);
    }
    return filled_ >= header_bytes && filled_ == header_bytes + body_.size();
}

Secret FrameReader::take() {
    filled_ = 0;
    return std::move(body_);
}

} // namespace envmesh::ipc
