// SPDX-License-Identifier: MIT
#include "platform/process.h"

#include "platform/linux/address.h"
#include "platform/linux/descriptor.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <fstream>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace envmesh::platform {
namespace {

// What these do to a process cannot be undone, so each runs in a child that reports by its status.
int status_of(int (*body)()) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body());
    int status = -1;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int be_hardened() {
    ::setenv("LD_PRELOAD", "evil.so", 1);
    ::setenv("OPENSSL_CONF", "/tmp/evil", 1);
    ::setenv("G_DBUS_DEBUG", "payload", 1);
    ::setenv("https_proxy", "http://evil", 1);
    ::setenv("ENVMESH_KEPT", "1", 1);
    harden();
    rlimit core{.rlim_cur = 1, .rlim_max = 1};
    ::getrlimit(RLIMIT_CORE, &core);
    if (core.rlim_cur != 0 || core.rlim_max != 0) return 1;
    for (const char* name : {"LD_PRELOAD", "OPENSSL_CONF", "G_DBUS_DEBUG", "https_proxy"})
        if (std::getenv(name) != nullptr) return 2;
    return std::getenv("ENVMESH_KEPT") != nullptr ? 0 : 3;
}

TEST(Harden, EndsCoreDumpsAndForgetsWhatChangesLibraries) { EXPECT_EQ(status_of(be_hardened), 0); }

int begin_with_nothing_to_leave() {
    ::clearenv();
    ::setenv("ENVMESH_EXECUTED_AGAIN", "1", 1);
    std::array<char*, 1> words{nullptr};
    if (!begin_clean(words.data())) return 1;
    return std::getenv("ENVMESH_EXECUTED_AGAIN") == nullptr ? 0 : 2;
}

TEST(BeginClean, ForgetsItsMark) { EXPECT_EQ(status_of(begin_with_nothing_to_leave), 0); }

int be_a_hardened_front_end() {
    ::setenv("LD_LIBRARY_PATH", "/opt/theirs", 1);
    harden_front_end();
    return std::getenv("LD_LIBRARY_PATH") != nullptr ? ::prctl(PR_GET_DUMPABLE) : 9;
}

TEST(Harden, AFrontEndKeepsWhatItHandsOn) {
    int dumpable = 0;
#if defined(__SANITIZE_ADDRESS__)
    dumpable = 1;
#elif defined(__has_feature)
    dumpable = __has_feature(address_sanitizer);
#endif
    EXPECT_EQ(status_of(be_a_hardened_front_end), dumpable);
}

TEST(NotifyServiceManager, SendsTheStateToItsSocket) {
    const tests::TempDir folder;
    const auto address = Address::of(folder / "notify");
    const Descriptor manager(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(manager.get(), address->get(), address->size()), 0);
    ::setenv("NOTIFY_SOCKET", (folder / "notify").c_str(), 1);
    notify_service_manager("READY=1");
    ::unsetenv("NOTIFY_SOCKET");
    notify_service_manager("READY=1"); // nobody waits: nothing happens
    std::array<char, 32> message{};
    EXPECT_EQ(::recv(manager.get(), message.data(), message.size(), MSG_DONTWAIT), 7);
    EXPECT_STREQ(message.data(), "READY=1");
}

TEST(ParentProcessName, IsThatOfWhoStartedUs) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const auto name = parent_process_name();
        ::_exit(::write(pipe[1], name.data(), name.size()) < 0 ? 1 : 0);
    }
    ::waitpid(child, nullptr, 0);
    std::array<char, 64> name{};
    ASSERT_GT(::read(pipe[0], name.data(), name.size() - 1), 0);
    std::string own;
    std::getline(std::ifstream("/proc/self/comm"), own);
    EXPECT_EQ(name.data(), own);
    ::close(pipe[0]);
    ::close(pipe[1]);
}

TEST(Environment, IsWhatThisProcessWasGiven) {
    ::setenv("ENVMESH_TEST_LINES", "a\nb=c", 1);
    const Secret all = environment();
    ::unsetenv("ENVMESH_TEST_LINES");
    EXPECT_TRUE(all.reveal_text().contains("ENVMESH_TEST_LINES=a\nb=c" + std::string(1, '\0')));
    EXPECT_TRUE(all.reveal_text().ends_with('\0'));
    EXPECT_EQ(environment().size() + sizeof "ENVMESH_TEST_LINES=a\nb=c", all.size());
}

TEST(ProgramInPath, IsTheFirstThatCanBeExecuted) {
    const tests::TempDir folder;
    for (const char* name : {"one", "two", "three"})
        std::filesystem::create_directory(folder / name);
    std::filesystem::create_directory(folder / "one/tool");
    std::ofstream(folder / "two/tool") << "not executable";
    std::ofstream(folder / "three/tool") << "#!/bin/sh\n";
    std::filesystem::permissions(folder / "three/tool", std::filesystem::perms::owner_all);
    const std::string before = std::getenv("PATH");
    const auto in = [&](const char* name) { return (folder / name).string(); };
    ::setenv("PATH", (in("one") + ":" + in("two") + ":" + in("three")).c_str(), 1);
    EXPECT_EQ(program_in_path("tool"), folder / "three/tool");
    EXPECT_EQ(program_in_path("no-such-tool"), "");
    ::setenv("PATH", before.c_str(), 1);
    EXPECT_TRUE(std::filesystem::exists(own_program()));
}

TEST(SystemDescription, NamesNoMachine) {
    std::array<char, 65> name{};
    ::gethostname(name.data(), name.size() - 1);
    EXPECT_TRUE(system_description().starts_with("Linux "));
    EXPECT_FALSE(system_description().contains(" " + std::string(name.data()) + " "));
}

} // namespace
} // namespace envmesh::platform
