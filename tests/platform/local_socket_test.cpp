// SPDX-License-Identifier: MIT
#include "platform/local_socket.h"

#include "platform/linux/descriptor.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <thread>

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace envmesh::platform {
namespace {

using std::chrono::milliseconds;
using tests::TempDir;

Deadline in(milliseconds time) { return std::chrono::steady_clock::now() + time; }
Deadline far() { return in(std::chrono::seconds(20)); }

struct Pair {
    Descriptor server;
    std::unique_ptr<LocalStream> client;
};

Pair connected(const std::filesystem::path& path, int listener) {
    auto client = LocalStream::connect(path, far());
    EXPECT_TRUE(client) << client.error().message;
    return {Descriptor(::accept(listener, nullptr, nullptr)), std::move(*client)};
}

TEST(LocalSocket, CarriesBytesBetweenTwoOfOneUser) {
    const TempDir folder;
    const Descriptor listener(listen_local(folder / "daemon.sock").value_or(-1));
    ASSERT_TRUE(listener.is_open());
    struct stat info{};
    ASSERT_EQ(::stat((folder / "daemon.sock").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);

    auto [server, client] = connected(folder / "daemon.sock", listener.get());
    EXPECT_TRUE(is_same_user(server.get()));
    std::array<std::uint8_t, 16> buffer{};
    ASSERT_TRUE(client->write(view("ping"), far()));
    EXPECT_EQ(::recv(server.get(), buffer.data(), buffer.size(), 0), 4);
    EXPECT_EQ(::send(server.get(), "pong!", 5, 0), 5);
    EXPECT_EQ(client->read(buffer, far()).value_or(0), 5U);
    server = Descriptor();
    const auto closed = client->read(buffer, far());
    ASSERT_FALSE(closed);
    EXPECT_EQ(closed.error().code, Code::unreachable);
    EXPECT_FALSE(client->write(view("anyone?"), far())); // and no SIGPIPE
}

TEST(LocalSocket, AStoppedDaemonHoldsNoOnePastTheDeadline) {
    const TempDir folder;
    const Descriptor listener(listen_local(folder / "daemon.sock").value_or(-1));
    const auto [server, client] = connected(folder / "daemon.sock", listener.get());
    std::array<std::uint8_t, 1> buffer{};
    EXPECT_EQ(client->read(buffer, in(milliseconds(5))).error().code, Code::timeout);
    const Bytes much(8 << 20);
    EXPECT_EQ(client->write(much, in(milliseconds(20))).error().code, Code::timeout);

    std::vector<std::unique_ptr<LocalStream>> waiting; // until the backlog is full
    Result<std::unique_ptr<LocalStream>> next;
    while ((next = LocalStream::connect(folder / "daemon.sock", in(milliseconds(30)))))
        waiting.push_back(std::move(*next));
    EXPECT_EQ(next.error().code, Code::timeout);
}

TEST(LocalSocket, LargeWritesArriveWhole) {
    const TempDir folder;
    const Descriptor listener(listen_local(folder / "daemon.sock").value_or(-1));
    const auto [server, client] = connected(folder / "daemon.sock", listener.get());
    std::size_t arrived = 0;
    std::thread reader([&arrived, socket = server.get()] {
        std::array<char, 65536> buffer{};
        for (ssize_t count = 1; arrived < (4U << 20U) && count > 0;) {
            count = ::recv(socket, buffer.data(), buffer.size(), 0);
            arrived += static_cast<std::size_t>(std::max<ssize_t>(count, 0));
        }
    });
    const Bytes much(4U << 20U);
    EXPECT_TRUE(client->write(much, far()));
    reader.join();
    EXPECT_EQ(arrived, much.size());
}

TEST(LocalSocket, NobodyThereIsUnreachable) {
    const TempDir folder;
    const auto absent = LocalStream::connect(folder / "daemon.sock", far());
    ASSERT_FALSE(absent);
    EXPECT_EQ(absent.error().code, Code::unreachable);
    {
        const Descriptor gone(listen_local(folder / "daemon.sock").value_or(-1));
    }
    EXPECT_EQ(LocalStream::connect(folder / "daemon.sock", far()).error().code, Code::unreachable);
}

TEST(ListenLocal, ReplacesAStaleSocketOnly) {
    const TempDir folder;
    const auto path = folder / "daemon.sock";
    {
        const Descriptor gone(listen_local(path).value_or(-1));
    }
    const Descriptor alive(listen_local(path).value_or(-1));
    ASSERT_TRUE(alive.is_open());
    EXPECT_EQ(listen_local(path).error().code, Code::conflict);
    EXPECT_TRUE(LocalStream::connect(path, far())); // still there

    std::ofstream(folder / "file") << "precious";
    EXPECT_EQ(listen_local(folder / "file").error().code, Code::conflict);
    EXPECT_TRUE(std::filesystem::exists(folder / "file"));
    remove_local(path);
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ListenLocal, RefusesAPathThatDoesNotFit) {
    const TempDir folder;
    const auto listener = listen_local(folder / std::string(100, 'x'));
    ASSERT_FALSE(listener);
    EXPECT_EQ(listener.error().code, Code::invalid);
    EXPECT_FALSE(LocalStream::connect(folder / std::string(100, 'x'), far()));
}

// In a child of its own: descriptor 3 and the environment are the whole process's.
int take_inherited(const std::filesystem::path& path) {
    const int own = listen_local(path).value_or(-1);
    if (own < 0 || ::dup2(own, 3) != 3) return 1;
    if (own != 3) ::close(own);
    const auto pid = std::to_string(::getpid());
    ::setenv("LISTEN_FDS", "1", 1);
    ::setenv("LISTEN_PID", pid.c_str(), 1);
    if (listen_local("/unused").value_or(-1) != 3) return 2;
    remove_local(path); // the service manager's: stays
    if (!std::filesystem::exists(path)) return 3;
    if (::dup2(0, 3) != 3 || listen_local("/unused")) return 4; // no socket
    return 0;
}

TEST(ListenLocal, TakesTheSocketThatAServiceManagerPasses) {
    const TempDir folder;
    const pid_t child = ::fork();
    if (child == 0) ::_exit(take_inherited(folder / "daemon.sock"));
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

} // namespace
} // namespace envmesh::platform
