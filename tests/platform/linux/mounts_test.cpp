// SPDX-License-Identifier: MIT
#include "platform/linux/mounts.h"

#include "platform/files.h"

#include <gtest/gtest.h>

namespace envmesh::platform {
namespace {

constexpr std::string_view mounts =
    "22 28 0:21 / /proc rw,nosuid - proc proc rw\n"
    "28 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
    "31 28 0:44 / /home/me/re\\040mote rw shared:2 master:1 - fuse.sshfs host:/ rw,user_id=0\n"
    "32 28 0:45 / /mnt/disk rw - fuseblk /dev/sdb1 rw\n"
    "33 28 0:46 / /mnt/a rw - fuse.gocryptfs /home/me/x rw\n";

TEST(Mounts, TheTypeIsThatOfTheDevice) {
    EXPECT_EQ(mounted_type(mounts, 254, 0), "ext4");
    EXPECT_EQ(mounted_type(mounts, 0, 44), "fuse.sshfs");
    EXPECT_EQ(mounted_type(mounts, 0, 45), "fuseblk");
    EXPECT_EQ(mounted_type(mounts, 0, 4), "");
    EXPECT_EQ(
        mounted_type("1 1 0:1 / /a rw - ext4 x rw\n2 1 0:1 / /b rw - fuse.sshfs x rw\n", 0, 1),
        "fuse.sshfs");
}

TEST(Mounts, WhateverTheTextIs) {
    EXPECT_EQ(mounted_type("", 0, 1), "");
    EXPECT_EQ(mounted_type("\n\n", 0, 1), "");
    EXPECT_EQ(mounted_type("1 1 0:1", 0, 1), "");
    EXPECT_EQ(mounted_type("1 1 0:1 / /a rw", 0, 1), "");
    EXPECT_EQ(mounted_type("1 1 0:1 / /a rw -", 0, 1), "");
    EXPECT_EQ(mounted_type("1 1 0:1 / /a rw - ", 0, 1), "");
    EXPECT_EQ(mounted_type("1 1 0:1 / - rw - ext4 x rw", 0, 1), "ext4"); // a place called so
    EXPECT_EQ(mounted_type("1 1 0:1 - - - a - ext4 x rw", 0, 1), "ext4");
    EXPECT_EQ(mounted_type(std::string(100'000, ' ') + "0:1", 0, 1), "");
    EXPECT_EQ(mounted_type(std::string("1 1 0:1\0 / /a rw - nfs x", 25), 0, 1), "");
}

TEST(Mounts, NetworksAreKnownByNumberAndByName) {
    EXPECT_EQ(network_type_of_magic(0x6969), "nfs");
    EXPECT_EQ(network_type_of_magic(0xff534d42), "cifs");
    EXPECT_EQ(network_type_of_magic(0xfe534d42), "smb2");
    EXPECT_EQ(network_type_of_magic(0x01021997), "9p");
    for (const unsigned long local :
         {0xef53UL, 0x9123683eUL, 0x2fc12fc1UL, 0x58465342UL, 0x01021994UL, 0x65735546UL,
          0x794c7630UL}) // ext, btrfs, ZFS, XFS, tmpfs, FUSE, overlay
        EXPECT_EQ(network_type_of_magic(local), "");
    EXPECT_TRUE(is_network_type("fuse.sshfs"));
    EXPECT_TRUE(is_network_type("fuse.rclone"));
    for (const char* local :
         {"fuse.gocryptfs", "fuseblk", "fuse.", "fuse", "sshfs", "fuse.sshfs2", ""})
        EXPECT_FALSE(is_network_type(local)) << local;
}

TEST(Mounts, WhatIsNotThereGoesWhereItsParentIs) {
    EXPECT_EQ(network_file_system("/no/such/folder"), network_file_system("/"));
    EXPECT_EQ(network_file_system("/proc/self"), "");
    EXPECT_EQ(network_file_system(""), network_file_system("."));
}

} // namespace
} // namespace envmesh::platform
