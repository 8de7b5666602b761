// SPDX-License-Identifier: MIT
#include "platform/files.h"

#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace envmesh::platform {
namespace {

namespace fs = std::filesystem;
using tests::TempDir;

mode_t mode_of(const fs::path& path) {
    struct stat info{};
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 07777;
}

std::string contents(const fs::path& file) {
    const auto bytes = read_file(file, 1 << 20);
    return bytes ? std::string(bytes->reveal_text()) : bytes.error().message;
}

std::size_t entries(const fs::path& folder) {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

class Umask {
  public:
    explicit Umask(mode_t mask) : before_(::umask(mask)) {}
    Umask(const Umask&) = delete;
    Umask& operator=(const Umask&) = delete;
    ~Umask() { ::umask(before_); }

  private:
    mode_t before_;
};

TEST(ReplaceFile, IsPrivateWhateverTheUmaskAndLeavesNothingElse) {
    const Umask open(0);
    const TempDir folder;
    ASSERT_TRUE(replace_file(folder / "file", view("one")));
    EXPECT_EQ(mode_of(folder / "file"), 0600U);
    std::ofstream(folder / "wide") << "old";
    fs::permissions(folder / "wide", fs::perms::all);
    ASSERT_TRUE(replace_file(folder / "wide", view("two")));
    EXPECT_EQ(mode_of(folder / "wide"), 0600U);
    EXPECT_EQ(contents(folder / "wide"), "two");
    EXPECT_EQ(entries(folder.path()), 2U);
}

TEST(ReplaceFile, KeepsThePreviousOneWhenAsked) {
    const TempDir folder;
    const auto file = folder / "vault.keys";
    ASSERT_TRUE(
        replace_file(file, view("one"), Replacing::keeping_previous)); // there is no previous one
    ASSERT_TRUE(replace_file(file, view("two"), Replacing::keeping_previous));
    ASSERT_TRUE(replace_file(file, view("three"), Replacing::keeping_previous));
    EXPECT_EQ(contents(file), "three");
    EXPECT_EQ(contents(folder / "vault.keys.bak"), "two");
    EXPECT_EQ(entries(folder.path()), 2U);
}

TEST(ReplaceFile, AFailureChangesNothing) {
    const TempDir folder;
    const auto written = replace_file(folder / "absent/file", view("x"));
    ASSERT_FALSE(written);
    EXPECT_THAT(written.error().message, testing::HasSubstr("absent/file"));
    fs::create_directories(folder / "file/inside"); // a rename over it fails
    EXPECT_FALSE(replace_file(folder / "file", view("x")));
    EXPECT_EQ(entries(folder.path()), 1U);
}

TEST(ReadFile, StopsAtTheLimit) {
    const TempDir folder;
    for (const std::size_t size : {0UL, 1UL, 4095UL, 4096UL, 4097UL, 100'000UL}) {
        const std::string text(size, 'x');
        ASSERT_TRUE(replace_file(folder / "file", view(text)));
        const auto whole = read_file(folder / "file", size);
        ASSERT_TRUE(whole) << whole.error().message;
        EXPECT_EQ(whole->reveal_text(), text);
        if (size == 0) continue;
        const auto less = read_file(folder / "file", size - 1);
        ASSERT_FALSE(less) << size;
        EXPECT_EQ(less.error().code, Code::invalid);
    }
}

TEST(ReadFile, SaysWhatIsWrong) {
    const TempDir folder;
    EXPECT_EQ(read_file(folder / "absent", 9).error().code, Code::not_found);
    EXPECT_EQ(read_regular_file(folder / "absent", 9).error().code, Code::not_found);
    ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    EXPECT_EQ(read_regular_file(folder / "pipe", 9).error().code, Code::invalid) << "and at once";
    EXPECT_EQ(read_regular_file(folder.path(), 9).error().code, Code::invalid);
    EXPECT_NE(read_file(folder / "absent", 9).error().fix, "");
    EXPECT_NE(replace_file(folder / "absent/file", view("x")).error().fix, "");
    EXPECT_FALSE(read_file(folder.path(), 9));
}

TEST(MakePrivateFolder, CreatesParentsForOurEyesOnly) {
    const Umask open(0);
    const TempDir folder;
    ASSERT_TRUE(make_private_folder(folder / "a/b/c/"));
    EXPECT_EQ(mode_of(folder / "a/b/c"), 0700U);
    EXPECT_EQ(mode_of(folder / "a"), 0700U);
    EXPECT_TRUE(make_private_folder(folder / "a/b/c")); // again
}

TEST(MakePrivateFolder, ShutsOthersOutOfAFolderThatWasThere) {
    const TempDir folder;
    fs::create_directory(folder / "seen");
    ASSERT_EQ(::chmod((folder / "seen").c_str(), 0755), 0);
    ASSERT_TRUE(make_private_folder(folder / "seen"));
    EXPECT_EQ(mode_of(folder / "seen"), 0700U);
}

TEST(MakePrivateFolder, RefusesWhatOthersMayWriteTo) {
    const TempDir folder;
    fs::create_directory(folder / "wide");
    ASSERT_EQ(::chmod((folder / "wide").c_str(), 0770), 0);
    const auto wide = make_private_folder(folder / "wide");
    ASSERT_FALSE(wide);
    EXPECT_EQ(wide.error().code, Code::denied);
    EXPECT_THAT(wide.error().fix, testing::StartsWith("chmod"));

    std::ofstream(folder / "file") << "x";
    EXPECT_EQ(make_private_folder(folder / "file").error().code, Code::denied);
    EXPECT_FALSE(make_private_folder(folder / "file/below"));
}

// `flock` belongs to the open file: two of one process exclude each other like two processes.
TEST(InstanceLock, OneHoldsItUntilItIsGone) {
    const TempDir folder;
    auto first = InstanceLock::take(folder / "daemon.lock");
    ASSERT_TRUE(first) << first.error().message;
    const auto second = InstanceLock::take(folder / "daemon.lock");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::conflict);
    first->reset();
    EXPECT_TRUE(InstanceLock::take(folder / "daemon.lock"));
    EXPECT_EQ(mode_of(folder / "daemon.lock"), 0600U);
}

TEST(InstanceLock, IsReleasedWhenItsHolderDies) {
    const TempDir folder;
    const pid_t child = ::fork();
    if (child == 0) {
        const auto lock = InstanceLock::take(folder / "daemon.lock");
        ::_exit(lock ? 0 : 1); // no destructor runs
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(InstanceLock::take(folder / "daemon.lock"));
}

TEST(PhysicalMemory, IsAtLeastWhatThisTestNeeds) { EXPECT_GT(physical_memory(), 1ULL << 24U); }

TEST(RewriteFile, KeepsModeAndLinks) {
    const TempDir folder;
    fs::create_directory(folder / "dotfiles");
    std::ofstream(folder / "dotfiles/rc") << "old";
    ASSERT_EQ(::chmod((folder / "dotfiles/rc").c_str(), 0640), 0);
    fs::create_symlink("dotfiles/rc", folder / "near");
    fs::create_symlink(folder / "near", folder / "rc");
    ASSERT_TRUE(rewrite_file(folder / "rc", view("new")));
    EXPECT_TRUE(fs::is_symlink(folder / "rc"));
    EXPECT_TRUE(fs::is_symlink(folder / "near"));
    EXPECT_EQ(contents(folder / "dotfiles/rc"), "new");
    EXPECT_EQ(mode_of(folder / "dotfiles/rc"), 0640U);
    EXPECT_EQ(entries(folder / "dotfiles"), 1U);
}

TEST(RewriteFile, MakesWhatIsMissingAsOtherProgramsWould) {
    const Umask usual(022);
    const TempDir folder;
    fs::create_symlink("a/b/rc", folder / "rc"); // leads nowhere yet
    ASSERT_TRUE(rewrite_file(folder / "rc", view("new")));
    EXPECT_TRUE(fs::is_symlink(folder / "rc"));
    EXPECT_EQ(contents(folder / "a/b/rc"), "new");
    EXPECT_EQ(mode_of(folder / "a/b/rc"), 0644U);
}

// Replaced, /dev/null would be a file for the whole machine.
TEST(RewriteFile, LeavesAloneWhatIsNoRegularFile) {
    const TempDir folder;
    ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    fs::create_symlink("pipe", folder / "link");
    fs::create_directory(folder / "folder");
    ASSERT_EQ(::mknod((folder / "socket").c_str(), S_IFSOCK | 0600, 0), 0);
    for (const char* name : {"pipe", "link", "folder", "socket"}) {
        const auto written = rewrite_file(folder / name, view("new"));
        ASSERT_FALSE(written) << name;
        EXPECT_EQ(written.error().code, Code::invalid) << name;
        EXPECT_THAT(written.error().message, testing::HasSubstr((folder / name).string()));
        EXPECT_NE(written.error().fix, "");
    }
    EXPECT_TRUE(fs::is_fifo(folder / "pipe"));
    EXPECT_TRUE(fs::is_symlink(folder / "link"));
    EXPECT_EQ(entries(folder.path()), 4U);
    EXPECT_EQ(read_regular_file(folder / "socket", 9).error().code, Code::invalid);
}

TEST(RewriteFile, RefusesLinksInACircle) {
    const TempDir folder;
    fs::create_symlink("two", folder / "one");
    fs::create_symlink("one", folder / "two");
    EXPECT_FALSE(rewrite_file(folder / "one", view("new")));
    EXPECT_EQ(entries(folder / "."), 2U);
}

TEST(AccessOf, TellsWhoCanGetAtIt) {
    const TempDir folder;
    ASSERT_TRUE(replace_file(folder / "file", view("x")));
    const auto own = access_of(folder / "file");
    ASSERT_TRUE(own);
    EXPECT_TRUE(own->is_own && !own->is_open && !own->is_changeable);
    ::chmod((folder / "file").c_str(), 0644);
    EXPECT_TRUE(access_of(folder / "file")->is_open);
    EXPECT_FALSE(access_of(folder / "file")->is_changeable);
    ::chmod((folder / "file").c_str(), 0620);
    EXPECT_TRUE(access_of(folder / "file")->is_changeable);
    EXPECT_FALSE(access_of(folder / "none"));
}

} // namespace
} // namespace envmesh::platform
