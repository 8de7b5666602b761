// SPDX-License-Identifier: MIT
// What the tests of storage share: a folder that goes away, a key, a clock that is set, cells made
// from small numbers.
#pragma once

#include "core/base/clock.h"
#include "core/crypto/hash.h"
#include "core/storage/cells.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

namespace envmesh::storage {

class StorageTest : public testing::Test {
  public:
    StorageTest() {
        std::random_device random;
        folder = std::filesystem::temp_directory_path() /
                 ("envmesh-storage-" + std::to_string(random()) + std::to_string(random()));
        std::filesystem::create_directory(folder);
        file = folder / "envmesh.db";
    }
    ~StorageTest() override { std::filesystem::remove_all(folder); }
    StorageTest(const StorageTest&) = delete;
    StorageTest& operator=(const StorageTest&) = delete;

    std::filesystem::path folder;
    std::filesystem::path file;
};

inline Key key_of(std::uint8_t byte) {
    Key key;
    for (std::uint8_t& out : key.writable())
        out = byte;
    return key;
}

inline std::unique_ptr<Database> opened(const std::filesystem::path& file) {
    auto database = Database::open(file, key_of(0xa5));
    if (database) return std::move(*database);
    ADD_FAILURE() << database.error().message;
    std::abort();
}

struct SetClock final : Clock {
    std::int64_t wall_ms() override { return now; }
    std::int64_t steady_ms() override { return now; }
    std::int64_t now = 1'700'000'000'000;
};

template <class Id>
Id id_of(std::uint32_t number) {
    Id out{};
    for (std::size_t i = 0; i < 4; ++i)
        out[i] = static_cast<std::uint8_t>(number >> (24U - 8U * i));
    return out;
}

inline sync::Cell cell_of(std::uint32_t record, std::uint32_t device, sync::Hlc hlc,
                          std::size_t size = 40) {
    sync::Cell cell;
    cell.record = id_of<sync::RecordId>(record);
    cell.device = id_of<sync::DeviceId>(device);
    cell.hlc = hlc;
    std::minstd_rand random(record * 31 + device * 7 + static_cast<std::uint32_t>(hlc) + 1);
    cell.envelope.resize(size);
    for (std::uint8_t& byte : cell.envelope)
        byte = static_cast<std::uint8_t>(1 + random() % 255);
    cell.hash = crypto::hash128({cell.envelope});
    return cell;
}

inline bool same(const sync::Cell& a, const sync::Cell& b) {
    return a.record == b.record && a.device == b.device && a.hlc == b.hlc && a.hash == b.hash &&
           a.envelope == b.envelope && a.state == b.state;
}

inline std::string contents(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_file(const std::filesystem::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

/// A store of one mesh in a fresh database.
class CellStoreTest : public StorageTest {
  public:
    CellStoreTest() : database(opened(file)) {
        mesh = Meshes(*database).add(id_of<mesh::MeshId>(1)).value();
    }
    CellStore store(bool keep_history = false) { return {*database, mesh, clock, keep_history}; }

    std::unique_ptr<Database> database;
    MeshRow mesh = 0;
    SetClock clock;
};

} // namespace envmesh::storage
