// SPDX-License-Identifier: MIT
// With real keys, chain and signatures; the other tests of sync use stand-ins.
#include "core/sync/authority.h"

#include <gtest/gtest.h>

namespace envmesh::sync {
namespace {

struct Mesh {
    SystemRandom random;
    crypto::Identity admin = crypto::Identity::create(random);
    crypto::Identity reader = crypto::Identity::create(random);
    mesh::Keyring keyring = mesh::Keyring::create(random);
    mesh::Chain chain = mesh::Chain::create(admin, "desk", keyring, 1, random);
    MemberAuthority authority{chain, keyring, admin};
    ServerAuthority server{chain};
    Variable variable;

    Mesh() {
        variable.name = "PATH";
        variable.value = Secret("/bin");
    }
    Bytes sealed(Hlc hlc = 100) { return authority.seal(variable, hlc, 0, random); }
};

TEST(Authority, a_member_reads_what_a_member_wrote) {
    Mesh mesh;
    const Bytes bytes = mesh.sealed();
    const auto cell = check_cell(mesh.authority, bytes);
    ASSERT_TRUE(cell.has_value());
    EXPECT_EQ(cell->state, CellState::readable);
    EXPECT_EQ(cell->device, mesh.admin.id());
    EXPECT_EQ(cell->hlc, 100U);
    EXPECT_EQ(cell->hash, crypto::hash128({bytes}));
    const auto opened = mesh.authority.open(Envelope::parse(bytes).value());
    ASSERT_TRUE(opened.has_value());
    EXPECT_EQ(opened->name, "PATH");
    EXPECT_EQ(opened->value, mesh.variable.value);
}

TEST(Authority, a_server_keeps_what_it_cannot_read) {
    Mesh mesh;
    const Bytes bytes = mesh.sealed();
    const auto cell = check_cell(mesh.server, bytes);
    ASSERT_TRUE(cell.has_value());
    EXPECT_EQ(cell->state, CellState::readable);
    EXPECT_EQ(mesh.server.open(Envelope::parse(bytes).value()).error().code, Code::denied);
}

TEST(Authority, nobody_writes_who_may_not) {
    Mesh mesh;
    const MemberAuthority stranger(mesh.chain, mesh.keyring, mesh.reader);
    EXPECT_FALSE(check_cell(mesh.server, stranger.seal(mesh.variable, 5, 0, mesh.random)));
    ASSERT_TRUE(mesh.chain
                    .add_device(mesh.admin, mesh.reader.public_identity(), mesh::Role::reader,
                                "kiosk", mesh.keyring, 2, mesh.random)
                    .has_value());
    EXPECT_FALSE(check_cell(mesh.server, stranger.seal(mesh.variable, 6, 0, mesh.random)));
}

TEST(Authority, a_signed_change_that_does_not_open_is_kept_unreadable) {
    Mesh mesh;
    auto envelope = Envelope::parse(mesh.sealed()).value();
    envelope.record[0] ^= 1; // another variable's id, honestly signed
    envelope.signature = envelope.sign(mesh.admin, mesh.chain.mesh_id());
    EXPECT_EQ(check_cell(mesh.authority, envelope.encode())->state, CellState::unreadable);
    EXPECT_EQ(check_cell(mesh.server, envelope.encode())->state, CellState::readable);
    envelope = Envelope::parse(mesh.sealed()).value();
    ++envelope.epoch; // a key that we were not given
    envelope.signature = envelope.sign(mesh.admin, mesh.chain.mesh_id());
    EXPECT_EQ(check_cell(mesh.authority, envelope.encode())->state, CellState::unreadable);
    EXPECT_EQ(check_cell(mesh.authority, mesh.sealed(~Hlc{0}))->state, CellState::unreadable);
}

} // namespace
} // namespace envmesh::sync
