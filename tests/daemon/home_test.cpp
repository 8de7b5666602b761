// SPDX-License-Identifier: MIT
#include "daemon/home.h"

#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

namespace envmesh::daemon {
namespace {

struct DataFolderTest : testing::Test {
    tests::TempDir folder;
    Result<DataFolder> home = DataFolder::open(folder.path());

    void put(const std::string& name, std::string_view text) {
        ASSERT_TRUE(home->write(name, view(text)));
    }
    std::string contents(const std::string& name) {
        const auto bytes = home->read(name, 100);
        return bytes && *bytes ? std::string((*bytes)->reveal_text()) : std::string();
    }
};

TEST_F(DataFolderTest, MovesADatabaseAsideTogetherWithItsSideFiles) {
    for (const std::string suffix : {"", "-wal", "-shm"})
        put("envmesh.db" + suffix, "first" + suffix);
    ASSERT_TRUE(home->move_aside("envmesh.db"));
    for (const std::string suffix : {"", "-wal", "-shm"}) {
        EXPECT_EQ(contents("envmesh.db" + suffix), "");
        EXPECT_EQ(contents("envmesh.db.unreadable" + suffix), "first" + suffix);
    }
    EXPECT_TRUE(home->move_aside("envmesh.db")) << "nothing stands in the way";
}

TEST_F(DataFolderTest, NeverMovesOneOverWhatWasMovedEarlier) {
    for (const std::string text : {"first", "second", "third"}) {
        put("envmesh.db", text);
        put("envmesh.db-wal", text + " log");
        ASSERT_TRUE(home->move_aside("envmesh.db"));
    }
    EXPECT_EQ(contents("envmesh.db.unreadable"), "first");
    EXPECT_EQ(contents("envmesh.db.unreadable-wal"), "first log");
    EXPECT_EQ(contents("envmesh.db.unreadable.2"), "second");
    EXPECT_EQ(contents("envmesh.db.unreadable.2-wal"), "second log");
    EXPECT_EQ(contents("envmesh.db.unreadable.3"), "third");
}

// A log of another database beside it would be taken for its own.
TEST_F(DataFolderTest, ALogThatWasLeftAloneKeepsItsNameToo) {
    put("envmesh.db.unreadable-wal", "old log");
    put("envmesh.db", "new");
    ASSERT_TRUE(home->move_aside("envmesh.db"));
    EXPECT_EQ(contents("envmesh.db.unreadable"), "");
    EXPECT_EQ(contents("envmesh.db.unreadable.2"), "new");
}

} // namespace
} // namespace envmesh::daemon
