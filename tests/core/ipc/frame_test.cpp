// SPDX-License-Identifier: MIT
#include "core/ipc/frame.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace envmesh::ipc {
namespace {

// Feeds `bytes` in pieces of at most `piece`; the bodies that came out, or the error.
Result<std::vector<std::string>> feed(FrameReader& reader, View bytes, std::size_t piece) {
    std::vector<std::string> bodies;
    while (!bytes.empty()) {
        const auto space = reader.space();
        const std::size_t count = std::min({piece, space.size(), bytes.size()});
        std::ranges::copy(bytes.first(count), space.begin());
        bytes = bytes.subspan(count);
        const auto complete = reader.advance(count);
        if (!complete) return std::unexpected(complete.error());
        if (*complete) bodies.emplace_back(reader.take().reveal_text());
    }
    return bodies;
}

TEST(Frame, ArrivesWhereverItIsCut) {
    Bytes wire = to_bytes(frame(view("one")).value().reveal());
    const Secret second = frame(view("second")).value();
    wire.insert(wire.end(), second.reveal().begin(), second.reveal().end());
    const std::vector<std::string> both{"one", "second"};
    for (std::size_t piece = 1; piece <= wire.size(); ++piece) {
        FrameReader reader;
        EXPECT_EQ(feed(reader, wire, piece).value(), both);
    }
    for (std::size_t cut = 0; cut <= wire.size(); ++cut) {
        FrameReader reader;
        auto bodies = feed(reader, View(wire).first(cut), wire.size()).value();
        std::ranges::move(feed(reader, View(wire).subspan(cut), wire.size()).value(),
                          std::back_inserter(bodies));
        EXPECT_EQ(bodies, both);
    }
}

TEST(Frame, LengthIsLittleEndian) {
    const Secret whole = frame(Bytes(0x0203, 'x')).value();
    EXPECT_EQ(to_bytes(whole.reveal().first(4)), (Bytes{3, 2, 0, 0}));
}

TEST(Frame, RefusesALengthOfNothingOrTooMuchBeforeMakingRoom) {
    for (const Bytes& header : {Bytes{0, 0, 0, 0}, Bytes{1, 4, 0, 0}, Bytes{255, 255, 255, 255}}) {
        FrameReader reader;
        const auto refused = feed(reader, header, 4);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, Code::protocol);
    }
    FrameReader reader;
    EXPECT_TRUE(feed(reader, frame(Bytes(most_hello_bytes, 'x')).value().reveal(), 5000));
    reader.allow(most_frame_bytes);
    EXPECT_TRUE(feed(reader, frame(Bytes(most_frame_bytes, 'x')).value().reveal(), 5000));
    EXPECT_FALSE(feed(reader, Bytes{1, 0, 16, 0}, 4));
}

TEST(Frame, IsNotMadeOfMoreThanOneMebibyte) {
    EXPECT_TRUE(frame(Bytes(most_frame_bytes, 'x')));
    EXPECT_EQ(frame(Bytes(most_frame_bytes + 1, 'x')).error().code, Code::invalid);
}

} // namespace
} // namespace envmesh::ipc
