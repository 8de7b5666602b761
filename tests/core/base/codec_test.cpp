// SPDX-License-Identifier: MIT
#include "core/base/codec.h"

#include <gtest/gtest.h>

namespace envmesh {
namespace {

TEST(Codec, IntegersAreBigEndianAndRunsHaveTheirLengthInFront) {
    Writer writer;
    writer.u8(1)
        .u16(0x0203)
        .u32(0x04050607)
        .u64(0x08090a0b0c0d0e0f)
        .run8(view("a"))
        .run16(view("b"));
    writer.run32(view("c")).raw(view("d"));
    EXPECT_EQ(hex(writer.bytes()), "0102030405060708090a0b0c0d0e0f"
                                   "0161"
                                   "000162"
                                   "0000000163"
                                   "64");
}

TEST(Codec, ReaderGivesBackWhatWriterWrote) {
    Writer writer;
    writer.u8(255)
        .u16(65535)
        .u32(1U << 31U)
        .u64(~0ULL)
        .run16(view(""))
        .run8(view("text"))
        .raw(view("0123"));
    Reader reader(writer.bytes());
    EXPECT_EQ(reader.u8(), 255);
    EXPECT_EQ(reader.u16(), 65535);
    EXPECT_EQ(reader.u32(), 1U << 31U);
    EXPECT_EQ(reader.u64(), ~0ULL);
    EXPECT_TRUE(reader.run16().empty());
    EXPECT_EQ(text(reader.run8()), "text");
    EXPECT_FALSE(reader.at_end());
    EXPECT_EQ(reader.block<4>(), (Block<4>{'0', '1', '2', '3'}));
    EXPECT_TRUE(reader.at_end());
}

TEST(Codec, EveryCutIsNoticed) {
    Writer writer;
    writer.u16(7).run32(view("payload")).u64(9);
    for (std::size_t size = 0; size < writer.size(); ++size) {
        Reader reader(View(writer.bytes()).first(size));
        reader.u16();
        reader.run32();
        reader.u64();
        EXPECT_FALSE(reader.ok()) << size;
        EXPECT_FALSE(reader.at_end()) << size;
    }
}

TEST(Codec, RunningOutIsStickyAndYieldsNothing) {
    const Bytes bytes{0xff, 0xff, 0xff, 0xff, 1};
    Reader reader(bytes);
    EXPECT_TRUE(reader.run32().empty()); // a length of 4 GiB over one byte
    EXPECT_EQ(reader.u8(), 0);
    EXPECT_EQ(reader.block<2>(), Block<2>{});
    EXPECT_FALSE(reader.ok());
    EXPECT_TRUE(reader.rest().empty());
}

TEST(Codec, BytesLeftOverAreNotTheEnd) {
    const Bytes bytes{1, 2};
    Reader reader(bytes);
    reader.u8();
    EXPECT_TRUE(reader.ok());
    EXPECT_FALSE(reader.at_end());
}

} // namespace
} // namespace envmesh
