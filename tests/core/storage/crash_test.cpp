// SPDX-License-Identifier: MIT
#include "tests/core/storage/fixture.h"

#include <csignal>
#include <cstdio>

#include <sys/wait.h>
#include <unistd.h>

namespace envmesh::storage {
namespace {

using CrashTest = StorageTest;

struct Child {
    pid_t process = -1;
    std::FILE* output = nullptr;
};

Child start(const std::filesystem::path& file) {
    int ends[2];
    if (pipe(ends) != 0) return {};
    const pid_t process = fork();
    if (process == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execl(ENVMESH_STORAGE_CHILD, "child", "write", file.c_str(), nullptr);
        _exit(127);
    }
    close(ends[1]);
    return {process, fdopen(ends[0], "r")};
}

/// The last change that the child acknowledged; it is killed once `enough` were.
std::uint64_t kill_after(const std::filesystem::path& file, int enough) {
    const Child child = start(file);
    unsigned long long last = 0;
    unsigned long long next = 0;
    for (int seen = 0; std::fscanf(child.output, "%llu", &next) == 1; last = next)
        if (++seen == enough) kill(child.process, SIGKILL);
    std::fclose(child.output);
    int status = 0;
    EXPECT_EQ(waitpid(child.process, &status, 0), child.process);
    EXPECT_TRUE(WIFSIGNALED(status));
    return last;
}

TEST_F(CrashTest, WhatWasAcknowledgedOutlivesKill) {
    SetClock clock;
    std::uint64_t before = 0;
    for (int round = 0; round < 20; ++round) {
        const std::uint64_t acknowledged = kill_after(file, 1 + round * 7 % 60);
        ASSERT_GT(acknowledged, before);
        const auto database = opened(file);
        ASSERT_TRUE(database->check_integrity());
        CellStore cells(*database, Meshes(*database).add(id_of<mesh::MeshId>(1)).value(), clock,
                        true);
        const sync::Hlc last = cells.last().value();
        ASSERT_GE(last, acknowledged);
        EXPECT_LE(last, acknowledged + 1) << "one change may be kept and not acknowledged";
        for (sync::Hlc hlc = last < 50 ? 1 : last - 49; hlc <= last; ++hlc) {
            const auto cell = cell_of(static_cast<std::uint32_t>(hlc % 50), 7, hlc, 600);
            const auto found = cells.find(cell.record, cell.device).value();
            ASSERT_TRUE(found && same(*found, cell)) << hlc;
        }
        before = last;
    }
}

} // namespace
} // namespace envmesh::storage
