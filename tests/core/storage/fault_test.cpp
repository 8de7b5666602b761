// SPDX-License-Identifier: MIT
// A full disk and a failing fsync. SQLite lets its system calls be replaced, all but fdatasync:
// that one is found here before the C library's.
#include "core/storage/cells.h"

#include "tests/core/storage/fixture.h"

#include <sqlcipher/sqlite3.h>

#include <cerrno>

#include <sys/syscall.h>
#include <unistd.h>

namespace {

bool full = false;
bool sync_fails = false;
int failed_syncs = 0;
decltype(&pwrite) real_write = nullptr;

ssize_t limited_write(int file, const void* data, size_t size, off_t at) {
    if (!full) return real_write(file, data, size, at);
    errno = ENOSPC;
    return -1;
}

int synced(long call, int file) {
    if (!sync_fails) return static_cast<int>(syscall(call, file));
    ++failed_syncs;
    errno = EIO;
    return -1;
}

} // namespace

extern "C" __attribute__((visibility("default"))) int fdatasync(int file) {
    return synced(SYS_fdatasync, file);
}
extern "C" __attribute__((visibility("default"))) int fsync(int file) {
    return synced(SYS_fsync, file);
}

namespace envmesh::storage {
namespace {

class FaultTest : public CellStoreTest {
  public:
    FaultTest() {
        sqlite3_vfs* system = sqlite3_vfs_find(nullptr);
        for (const char* name : {"pwrite", "pwrite64"}) {
            const auto found = system->xGetSystemCall(system, name);
            if (found == nullptr) continue;
            if (real_write == nullptr) real_write = reinterpret_cast<decltype(&pwrite)>(found);
            system->xSetSystemCall(system, name,
                                   reinterpret_cast<sqlite3_syscall_ptr>(&limited_write));
        }
    }
    ~FaultTest() override {
        full = false;
        sync_fails = false;
        sqlite3_vfs* system = sqlite3_vfs_find(nullptr);
        system->xSetSystemCall(system, nullptr, nullptr);
        real_write = nullptr;
    }
    bool holds(std::uint32_t record) {
        return store()
            .find(id_of<sync::RecordId>(record), id_of<sync::DeviceId>(1))
            .value()
            .has_value();
    }
};

TEST_F(FaultTest, FullDiskStopsChangesNotReads) {
    auto cells = store(true);
    ASSERT_TRUE(cells.put(cell_of(1, 1, 1)));
    full = true;
    const auto refused = cells.put(cell_of(2, 1, 2));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::storage);
    EXPECT_NE(refused.error().message.find("full"), std::string::npos);
    EXPECT_FALSE(refused.error().fix.empty());
    EXPECT_TRUE(database->degraded());
    EXPECT_TRUE(holds(1));
    EXPECT_FALSE(holds(2));
    EXPECT_FALSE(database->recover()) << "it is still full";
    EXPECT_TRUE(database->degraded());
    full = false;
    EXPECT_EQ(cells.put(cell_of(2, 1, 2)).error().code, Code::storage) << "until it is recovered";
    ASSERT_TRUE(database->recover());
    EXPECT_FALSE(database->degraded());
    EXPECT_TRUE(cells.put(cell_of(2, 1, 2)));
    EXPECT_TRUE(database->check_integrity());
}

TEST_F(FaultTest, ChangeIsNotAcknowledgedWhenItsSyncFails) {
    auto cells = store(true);
    ASSERT_TRUE(cells.put(cell_of(1, 1, 1)));
    sync_fails = true;
    const auto digest = cells.digest().value();
    const auto refused = cells.transaction([&] { return cells.put(cell_of(2, 1, 2)); });
    ASSERT_GT(failed_syncs, 0) << "the fault did not reach SQLite";
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::storage);
    EXPECT_TRUE(database->degraded());
    EXPECT_EQ(cells.digest().value(), digest);
    EXPECT_TRUE(holds(1));
    EXPECT_FALSE(database->recover()) << "it still fails";
    EXPECT_FALSE(cells.put(cell_of(3, 1, 3)));
    sync_fails = false;
    ASSERT_TRUE(database->recover());
    EXPECT_TRUE(cells.put(cell_of(3, 1, 3)));
    EXPECT_TRUE(holds(1));
    EXPECT_TRUE(holds(3));
    database.reset();
    database = opened(file);
    EXPECT_TRUE(holds(1) && holds(3));
}

} // namespace
} // namespace envmesh::storage
