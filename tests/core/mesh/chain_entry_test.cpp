// SPDX-License-Identifier: MIT
#include "core/mesh/chain_entry.h"

#include "tests/core/mesh/forge.h"

#include <gtest/gtest.h>

namespace envmesh::mesh {
namespace {

/// A signed entry with this body, as bytes; the signature does not matter to decoding.
Bytes with_body(Forge& forge, Body body) {
    return forge.entry(forge.chain, forge.admin, std::move(body)).encoded;
}

TEST(ChainEntry, EveryKindComesBackAsItWas) {
    Forge forge;
    const auto member = forge.added(Role::member);
    const std::vector<Body> bodies{
        GenesisBody{forge.add_body(forge.admin, Role::admin), {}}, forge.add_body(forge.device()),
        RemoveBody{member.id(), 5, forge.rotate_body(forge.chain, member.id())},
        RoleBody{member.id(), Role::reader, 6}, forge.rotate_body(forge.chain)};
    for (const Body& body : bodies) {
        const Entry made = forge.entry(forge.chain, forge.admin, body);
        const auto read = decode_entry(made.encoded, 2);
        ASSERT_TRUE(read) << body.index();
        EXPECT_EQ(read->body.index(), body.index());
        const Entry again = sign_entry(*read, forge.chain.mesh_id(), forge.admin);
        EXPECT_EQ(again.encoded, made.encoded) << body.index();
    }
}

TEST(ChainEntry, RefusesMissingAndTrailingBytes) {
    Forge forge;
    Bytes bytes = with_body(forge, forge.add_body(forge.device()));
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(decode_entry(View(bytes).first(size), 1)) << size;
    bytes.push_back(0);
    EXPECT_FALSE(decode_entry(bytes, 1));
}

TEST(ChainEntry, RefusesTrailingBytesInsideTheBody) {
    Forge forge;
    Bytes bytes = with_body(forge, RoleBody{forge.admin.id(), Role::reader, 1});
    constexpr std::size_t body_at = 66;
    bytes.insert(bytes.begin() + body_at + 25, 0);
    bytes[body_at - 1] = 26;
    EXPECT_FALSE(decode_entry(bytes, 1));
}

TEST(ChainEntry, RefusesSizesOutsideTheTable) {
    Forge forge;
    const auto refused = [&forge](Body body) {
        return !decode_entry(with_body(forge, std::move(body)), 1);
    };
    AddBody add = forge.add_body(forge.device());
    EXPECT_FALSE(refused(add));
    for (const std::size_t size : {0U, 40U, 321U}) {
        AddBody bad = add;
        bad.sealed_name.resize(size);
        EXPECT_TRUE(refused(bad)) << size;
    }
    AddBody unwrapped = add;
    unwrapped.wrap.clear();
    EXPECT_TRUE(refused(unwrapped));
    AddBody server = add;
    server.role = Role::server;
    EXPECT_TRUE(refused(server)); // it has a wrap
    AddBody unknown_role = add;
    unknown_role.role = static_cast<Role>(5);
    EXPECT_TRUE(refused(unknown_role));
    RotateBody unordered = forge.rotate_body(forge.chain);
    unordered.wraps.push_back(unordered.wraps.front());
    EXPECT_TRUE(refused(unordered));
    RotateBody too_many = forge.rotate_body(forge.chain);
    const Bytes wrap = too_many.wraps.front().second;
    too_many.wraps.clear();
    for (unsigned i = 0; i <= Chain::most_members; ++i)
        too_many.wraps.emplace_back(
            DeviceId{static_cast<std::uint8_t>(i >> 8U), static_cast<std::uint8_t>(i)}, wrap);
    EXPECT_TRUE(refused(too_many));
    RotateBody short_key = forge.rotate_body(forge.chain);
    short_key.previous_key.pop_back();
    EXPECT_TRUE(refused(short_key));
}

TEST(ChainEntry, RefusesOversizeBeforeReadingIt) {
    const auto refused = decode_entry(Bytes(Chain::most_entry_bytes + 1), 7);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "Entry 7 of the member chain is refused: it is too large.");
}

TEST(ChainEntry, AnotherVersionIsToldApartFromDamage) {
    Forge forge;
    Bytes bytes = with_body(forge, forge.add_body(forge.device()));
    bytes[0] = 2;
    EXPECT_EQ(decode_entry(bytes, 1).error().code, Code::too_new);
    bytes[0] = 0;
    EXPECT_EQ(decode_entry(bytes, 1).error().code, Code::corrupt);
    bytes[0] = 1;
    bytes[1] = 6;
    EXPECT_EQ(decode_entry(bytes, 1).error().code, Code::corrupt);
}

} // namespace
} // namespace envmesh::mesh
