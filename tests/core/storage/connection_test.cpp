// SPDX-License-Identifier: MIT
#include "core/storage/connection.h"

#include "tests/core/storage/fixture.h"

#include <cstdio>

namespace envmesh::storage {
namespace {

using ConnectionTest = StorageTest;

std::string output_of(const std::string& command) {
    std::string out;
    std::FILE* pipe = popen(command.c_str(), "r");
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe))
        out += static_cast<char>(c);
    pclose(pipe);
    return out;
}

TEST(RawKey, HasExactlySixtyFourDigits) {
    Key key;
    for (std::size_t i = 0; i < Key::size; ++i)
        key.writable()[i] = static_cast<std::uint8_t>(i * 9); // 0x00, 0x09: leading zeros count
    EXPECT_EQ(raw_key_text(key).reveal_text(),
              "x'0009121b242d363f48515a636c757e879099a2abb4bdc6cfd8e1eaf3fc050e17'");
}

TEST_F(ConnectionTest, LibraryAtHandEncrypts) { EXPECT_TRUE(require_cipher()); }

// A plain SQLite in SQLCipher's place crashes when a file is keyed, or writes plaintext.
TEST_F(ConnectionTest, RefusesLibraryThatDoesNotEncrypt) {
    const std::string child = ENVMESH_STORAGE_CHILD;
    const std::string plain = "/usr/lib/x86_64-linux-gnu/libsqlite3.so.0";
    if (!std::filesystem::exists(plain)) GTEST_SKIP() << "there is no plain SQLite here";
    const std::string command = child + " open " + file.string() + " 2>&1";
    EXPECT_EQ(output_of("LD_PRELOAD=" + plain + " " + command), "DENIED\n");
    EXPECT_FALSE(std::filesystem::exists(file));
    EXPECT_EQ(output_of(command), "OK\n");
}

TEST_F(ConnectionTest, RefusesPlaintextAndLeavesIt) {
    const std::string plaintext = std::string("SQLite format 3\0", 16) + std::string(4080, '\1');
    write_file(file, plaintext);
    EXPECT_EQ(prepare_file(file).error().code, Code::denied);
    EXPECT_EQ(Database::open(file, key_of(1)).error().code, Code::denied);
    EXPECT_EQ(contents(file), plaintext);
}

TEST_F(ConnectionTest, MissingFolderIsToldByName) {
    const auto error = Database::open(folder / "absent" / "x.db", key_of(1)).error();
    EXPECT_EQ(error.code, Code::storage);
    EXPECT_NE(error.message.find("x.db"), std::string::npos);
}

TEST_F(ConnectionTest, FilesArePrivateWhateverTheirFolderAllows) {
    const auto database = opened(file);
    using std::filesystem::perms;
    for (const char* suffix : {"", "-wal", "-shm"}) {
        const auto mode = std::filesystem::status(file.string() + suffix).permissions();
        EXPECT_EQ(mode, perms::owner_read | perms::owner_write) << suffix;
    }
}

} // namespace
} // namespace envmesh::storage
