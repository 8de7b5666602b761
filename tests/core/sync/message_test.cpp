// SPDX-License-Identifier: MIT
#include "core/sync/message.h"

#include "tests/support/sync_world.h"

#include <gtest/gtest.h>

namespace envmesh::test {
namespace {

const VersionVector versions{{device(1), 10}, {device(2), 20}};

std::vector<Message> one_of_each() {
    Pull pull{versions, Resume{{{device(3), 4}}, {9, device(3), RecordId{8}}}};
    Batch batch;
    batch.envelopes = {Bytes(200, 1), Bytes(300, 2)};
    Push push;
    push.from = {{device(1), 9}};
    push.to = {{device(1), 10}};
    push.envelopes = {Bytes(154, 3)};
    return {pull,
            Pull{},
            Begin{true, versions, 77},
            batch,
            Ack{},
            End{},
            Offer{true, versions, Hash{1}},
            Offer{},
            push,
            Applied{versions},
            Settled{versions, Hash{2}},
            Quota{5, 6},
            Poke{}};
}

TEST(Message, has_one_encoding) {
    for (const Message& message : one_of_each()) {
        const Bytes bytes = encode(message);
        const auto decoded = decode(bytes);
        ASSERT_TRUE(decoded.has_value()) << int{bytes[0]};
        EXPECT_EQ(decoded->index(), message.index());
        EXPECT_EQ(encode(*decoded), bytes);
        Bytes longer = bytes;
        longer.push_back(0);
        EXPECT_FALSE(decode(longer).has_value()) << int{bytes[0]};
        for (std::size_t size = 0; size < bytes.size(); ++size)
            EXPECT_FALSE(decode(View(bytes).first(size)).has_value()) << int{bytes[0]};
    }
}

TEST(Message, decodes_nothing_that_it_would_write_otherwise) {
    for (const Message& message : one_of_each()) {
        const Bytes bytes = encode(message);
        for (std::size_t i = 0; i < bytes.size(); ++i)
            for (const int byte : {0x00, 0x01, 0x02, 0x7f, 0xff}) {
                Bytes changed = bytes;
                changed[i] = static_cast<std::uint8_t>(byte);
                const auto decoded = decode(changed);
                EXPECT_TRUE(!decoded || encode(*decoded) == changed);
            }
    }
}

TEST(Message, types_are_those_of_the_table) {
    EXPECT_EQ(encode(Pull{})[0], 0x10);
    EXPECT_EQ(encode(End{})[0], 0x14);
    EXPECT_EQ(encode(Poke{})[0], 0x1a);
    for (const int type : {0x00, 0x0f, 0x1b, 0x20, 0xff})
        EXPECT_EQ(decode(Bytes{static_cast<std::uint8_t>(type)}).error().code, Code::protocol);
}

TEST(Message, bounds_every_count_before_it_keeps_anything) {
    EXPECT_FALSE(decode(Bytes(most_message_bytes + 1, 0x13)).has_value());
    Writer many;
    many.u8(0x17).u16(4097);
    for (std::uint64_t i = 1; i <= 4097; ++i)
        many.u64(0).u64(i).u64(1);
    EXPECT_FALSE(decode(many.bytes()).has_value());
    Writer envelope;
    envelope.u8(0x12).u16(1).run32(Bytes(Envelope::most_bytes + 1));
    EXPECT_FALSE(decode(envelope.bytes()).has_value());
    Writer nothing;
    nothing.u8(0x17).u16(1).raw(device(1)).u64(0);
    EXPECT_FALSE(decode(nothing.bytes()).has_value()) << "a version of nothing";
}

TEST(Message, slices_check_every_envelope_and_an_unchecked_one_is_no_cell) {
    Node node(1, Part::member);
    Batch batch;
    for (const char* name : {"A", "B", "C"})
        batch.envelopes.push_back(node.set(name, "x").cells[0].envelope);
    batch.envelopes[1].back() ^= 1;
    Message message = decode(encode(batch)).value();
    EXPECT_EQ(cells_to_check(message), 3U);
    EXPECT_FALSE(wants_check(Message(Ack{})));
    check_cells(node.authority, message, 0, 1);
    check_cells(node.authority, message, 1, 9);
    const auto& checked = std::get<Batch>(message).checked;
    EXPECT_TRUE(checked[0].has_value());
    EXPECT_FALSE(checked[1].has_value());
    EXPECT_TRUE(checked[2].has_value());
    const Message fresh = decode(encode(batch)).value();
    EXPECT_FALSE(std::get<Batch>(fresh).checked[0].has_value());
}

} // namespace
} // namespace envmesh::test
