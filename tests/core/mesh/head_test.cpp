// SPDX-License-Identifier: MIT
#include "core/mesh/head.h"

#include "tests/core/mesh/forge.h"

#include <gtest/gtest.h>

namespace envmesh::mesh {
namespace {

Head sample(const DeviceId& device) {
    Head head{device, 7, 3, {1}, 99, {2}, {}};
    head.versions = {{DeviceId{1}, 5}, {DeviceId{2}, 6}};
    return head;
}

TEST(Head, ComesBackAsItWasSigned) {
    Forge forge;
    const Head head = sample(forge.admin.id());
    const MeshId mesh{9};
    const auto& ed_pk = forge.admin.public_identity().ed_pk;
    const auto read = Head::verify(head.sign(forge.admin, mesh), mesh, ed_pk);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->device, head.device);
    EXPECT_EQ(read->epoch, 7U);
    EXPECT_EQ(read->chain_height, 3U);
    EXPECT_EQ(read->chain_head, head.chain_head);
    EXPECT_EQ(read->hlc, 99U);
    EXPECT_EQ(read->digest, head.digest);
    EXPECT_EQ(read->versions, head.versions);
}

TEST(Head, AnyChangedByteMeshOrKeyIsDenied) {
    Forge forge;
    const MeshId mesh{9};
    const auto& ed_pk = forge.admin.public_identity().ed_pk;
    const Bytes good = sample(forge.admin.id()).sign(forge.admin, mesh);
    for (std::size_t at = 0; at < good.size(); ++at) {
        Bytes bad = good;
        bad[at] ^= 1;
        EXPECT_FALSE(Head::verify(bad, mesh, ed_pk)) << at;
    }
    for (std::size_t size = 0; size < good.size(); ++size)
        EXPECT_FALSE(Head::verify(View(good).first(size), mesh, ed_pk)) << size;
    EXPECT_FALSE(Head::verify(good, MeshId{8}, ed_pk));
    EXPECT_FALSE(Head::verify(good, mesh, forge.device().public_identity().ed_pk));
}

TEST(Head, ASignedButUncanonicalOneIsDenied) {
    Forge forge;
    const MeshId mesh{9};
    const auto verified = [&](auto change) {
        const Bytes good = sample(forge.admin.id()).sign(forge.admin, mesh);
        Bytes content(good.begin(), good.end() - 64);
        change(content);
        const auto signature = forge.admin.sign("EnvMesh-head-v1", {mesh, content});
        content.insert(content.end(), signature.begin(), signature.end());
        return Head::verify(content, mesh, forge.admin.public_identity().ed_pk).has_value();
    };
    EXPECT_TRUE(verified([](Bytes&) {}));
    EXPECT_FALSE(verified([](Bytes& bytes) { bytes.push_back(0); }));
    EXPECT_FALSE(verified([](Bytes& bytes) { bytes[98] = 3; }));                // out of order
    EXPECT_FALSE(verified([](Bytes& bytes) { bytes[98] = 2; }));                // twice
    EXPECT_FALSE(verified([](Bytes& bytes) { bytes[96] = bytes[97] = 0xff; })); // too many
}

TEST(Head, ManyDevicesAreRefused) {
    Forge forge;
    Head head = sample(forge.admin.id());
    const auto& ed_pk = forge.admin.public_identity().ed_pk;
    while (head.versions.size() < Chain::most_members)
        head.versions[crypto::hash128({Writer().u64(head.versions.size()).bytes()})] = 1;
    EXPECT_TRUE(Head::verify(head.sign(forge.admin, {}), {}, ed_pk));
    head.versions[DeviceId{3}] = 1;
    EXPECT_FALSE(Head::verify(head.sign(forge.admin, {}), {}, ed_pk));
}

TEST(Head, CoversMeansAllOfItAtLeastAsNew) {
    const VersionVector head{{DeviceId{1}, 5}, {DeviceId{2}, 6}};
    EXPECT_TRUE(covers({{DeviceId{1}, 5}, {DeviceId{2}, 7}, {DeviceId{3}, 1}}, head));
    EXPECT_FALSE(covers({{DeviceId{1}, 4}, {DeviceId{2}, 7}}, head));
    EXPECT_FALSE(covers({{DeviceId{1}, 5}}, head));
    EXPECT_TRUE(covers({}, {}));
}

} // namespace
} // namespace envmesh::mesh
