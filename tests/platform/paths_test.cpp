// SPDX-License-Identifier: MIT
#include "platform/paths.h"

#include "tests/support/temp_dir.h"
#include "tests/support/variables_fixture.h"

#include <gmock/gmock.h>

namespace envmesh::platform {
namespace {

using std::filesystem::path;
using tests::TempDir;
using PathsTest = tests::VariablesTest;

TEST_F(PathsTest, OneVariablePutsAllUnderOneFolder) {
    set("ENVMESH_HOME", "/srv/node");
    set("HOME", "/home/ann");
    set("XDG_RUNTIME_DIR", "/run/user/1");
    const auto found = paths();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->data, "/srv/node");
    EXPECT_EQ(found->socket, "/srv/node/daemon.sock");
    EXPECT_THAT(found->config_candidates, testing::ElementsAre("/srv/node/config.toml"));
}

TEST_F(PathsTest, ARelativeFolderIsMadeAbsolute) {
    set("ENVMESH_HOME", "node");
    EXPECT_EQ(paths()->data, std::filesystem::current_path() / "node");
}

TEST_F(PathsTest, WithoutItTheyFollowTheHomeFolder) {
    set("HOME", "/home/ann");
    const auto found = paths();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->data, "/home/ann/.local/share/envmesh");
    EXPECT_EQ(found->socket, "/home/ann/.local/share/envmesh/daemon.sock");
    EXPECT_THAT(found->config_candidates,
                testing::ElementsAre("/home/ann/.envmesh/config.toml",
                                     "/home/ann/.config/envmesh/config.toml",
                                     "/etc/envmesh/config.toml"));
}

TEST_F(PathsTest, XdgFoldersCountWhenAbsolute) {
    set("HOME", "/home/ann");
    set("XDG_DATA_HOME", "/data");
    set("XDG_CONFIG_HOME", "relative");
    const auto found = paths();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->data, "/data/envmesh");
    EXPECT_EQ(found->config_candidates[1], "/home/ann/.config/envmesh/config.toml");
}

TEST_F(PathsTest, TheRuntimeFolderIsUsedOnlyWhenItIsOursAlone) {
    const TempDir runtime;
    set("HOME", "/home/ann");
    set("XDG_RUNTIME_DIR", runtime.path());
    EXPECT_EQ(paths()->socket, runtime / "envmesh/daemon.sock");
    std::filesystem::permissions(runtime.path(), std::filesystem::perms(0750));
    EXPECT_EQ(paths()->socket, "/home/ann/.local/share/envmesh/daemon.sock");
    set("XDG_RUNTIME_DIR", runtime / "absent");
    EXPECT_EQ(paths()->socket, "/home/ann/.local/share/envmesh/daemon.sock");
}

TEST_F(PathsTest, ASocketPathThatDoesNotFitIsRefusedWithAWayOut) {
    set("ENVMESH_HOME", "/" + std::string(100, 'x'));
    const auto found = paths();
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Code::invalid);
    EXPECT_THAT(found.error().fix, testing::HasSubstr("ENVMESH_HOME"));
}

TEST(DeviceName, FitsAndIsNotEmpty) {
    EXPECT_FALSE(default_device_name().empty());
    EXPECT_LE(default_device_name().size(), 64U);
    EXPECT_THAT(platform_name(), testing::AnyOf("linux", "wsl"));
}

} // namespace
} // namespace envmesh::platform
