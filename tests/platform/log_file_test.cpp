// SPDX-License-Identifier: MIT
#include "platform/log_file.h"

#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include <sys/stat.h>

namespace envmesh::platform {
namespace {

std::string contents(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(LogFile, GoesOnWhereItEndedAndIsPrivate) {
    const tests::TempDir folder;
    const auto file = folder / "state/daemon.log";
    (*LogFile::open(file))->write("one\n");
    (*LogFile::open(file))->write("two\n");
    EXPECT_EQ(contents(file), "one\ntwo\n");
    struct stat about{};
    ASSERT_EQ(::stat(file.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600U);
    ASSERT_EQ(::stat(file.parent_path().c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0700U);
}

TEST(LogFile, StaysSmallAndKeepsOne) {
    const tests::TempDir folder;
    const auto file = folder / "daemon.log";
    const auto log = LogFile::open(file);
    ASSERT_TRUE(log);
    const std::string line = std::string(99'999, 'x') + '\n';
    for (int i = 0; i < 35; ++i)
        (*log)->write(line);
    EXPECT_LE(std::filesystem::file_size(file), LogFile::most_bytes);
    EXPECT_EQ(std::filesystem::file_size(folder / "daemon.log.1"), 1'000'000U);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 2);
    (*log)->write(std::string(3 * LogFile::most_bytes, 'y'));
    EXPECT_LE(std::filesystem::file_size(file), LogFile::most_bytes);
}

TEST(LogFile, WhatCannotBeMovedIsEmptied) {
    const tests::TempDir folder;
    const auto file = folder / "daemon.log";
    std::filesystem::create_directories(folder / "daemon.log.1/in the way");
    const auto log = LogFile::open(file);
    ASSERT_TRUE(log);
    for (int i = 0; i < 25; ++i)
        (*log)->write(std::string(100'000, 'x'));
    EXPECT_LE(std::filesystem::file_size(file), LogFile::most_bytes);
}

TEST(LogFile, FollowsNoLinkAndWaitsForNoPipe) {
    const tests::TempDir folder;
    std::filesystem::create_symlink(folder / "elsewhere", folder / "link");
    EXPECT_FALSE(LogFile::open(folder / "link"));
    EXPECT_FALSE(std::filesystem::exists(folder / "elsewhere"));
    ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    EXPECT_FALSE(LogFile::open(folder / "pipe"));
    EXPECT_FALSE(LogFile::open(folder.path()));
}

} // namespace
} // namespace envmesh::platform
