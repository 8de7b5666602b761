// SPDX-License-Identifier: MIT
// As far as no user manager and no daemon is needed; the rest is tests/e2e/test_service.py.
#include "platform/autostart.h"

#include "tests/support/temp_dir.h"
#include "tests/support/variables_fixture.h"

#include <fstream>

#include <gmock/gmock.h>

namespace envmesh::platform {
namespace {

using std::filesystem::path;
using testing::IsEmpty;
using tests::TempDir;

class AutostartTest : public tests::VariablesTest {
  protected:
    AutostartTest() {
        set("HOME", home.path());
        set("XDG_RUNTIME_DIR", home / "runtime"); // without a user manager
        std::filesystem::create_directories(entry.parent_path());
    }

    path program(const std::string& name) {
        const path file = home / name;
        std::ofstream(file) << "#!/bin/sh\n";
        std::filesystem::permissions(file, std::filesystem::perms::owner_all);
        return file;
    }
    static void write(const path& file, const std::string& text) { std::ofstream(file) << text; }

    TempDir home;
    path entry = home / ".config/autostart/envmesh.desktop";
    path units = home / ".config/systemd/user";
};

TEST_F(AutostartTest, IsThereByItsFiles) {
    EXPECT_FALSE(has_autostart());
    write(entry, "anything");
    EXPECT_TRUE(has_autostart());
    std::filesystem::remove(entry);
    std::filesystem::create_directories(units / "default.target.wants");
    EXPECT_FALSE(has_autostart());
    std::filesystem::create_symlink("/nowhere", units / "default.target.wants/envmesh.service");
    EXPECT_TRUE(has_autostart()) << "a package's unit, switched on";
    std::filesystem::remove(units / "default.target.wants/envmesh.service");
    write(units / "envmesh.service", "");
    EXPECT_TRUE(has_autostart());
}

TEST_F(AutostartTest, WhatAnInstallRefusesIsKnownBefore) {
    EXPECT_TRUE(check_autostart(program("daemon")));
    EXPECT_EQ(check_autostart(program("a=b")).error().code, Code::invalid);
    EXPECT_EQ(check_autostart(home / "none").error().code, Code::not_found);
    write(entry, "[Desktop Entry]\nExec=/bin/true\n");
    EXPECT_EQ(check_autostart(program("daemon")).error().code, Code::denied);
    set("ENVMESH_HOME", home / "other");
    EXPECT_EQ(check_autostart(program("daemon")).error().code, Code::conflict);
}

TEST_F(AutostartTest, WhatIsNotInstalledIsNotRemoved) {
    int stopped = 0;
    const auto done = uninstall_autostart([&stopped] { ++stopped; });
    ASSERT_TRUE(done);
    EXPECT_FALSE(done->was_installed);
    EXPECT_THAT(done->removed, IsEmpty());
    EXPECT_EQ(stopped, 1) << "a daemon that was started by hand may have left something";
    write(entry, "[Desktop Entry]\nExec=/bin/true\n");
    EXPECT_EQ(uninstall_autostart([] {}).error().code, Code::denied);
    EXPECT_TRUE(has_autostart());
}

} // namespace
} // namespace envmesh::platform
