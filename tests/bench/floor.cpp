// SPDX-License-Identifier: MIT
// What the measured paths cannot be faster than, on this machine in the same minutes: a lone
// durable commit, and checking, opening and storing 10,000 cells with nothing around them. Prints
// "name value" lines, in milliseconds.
#include "core/crypto/vault.h"
#include "core/storage/cells.h"
#include "core/sync/replica.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>

#include <stdlib.h>

namespace {

using namespace envmesh;

constexpr std::size_t cell_count = 10'000;
constexpr int commit_count = 1000;

double since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
        .count();
}

std::unique_ptr<storage::Database> open_database(const std::filesystem::path& file) {
    SystemRandom random;
    auto database = storage::Database::open(file, crypto::random_key(random));
    if (database) return std::move(*database);
    std::fprintf(stderr, "%s\n", database.error().message.c_str());
    std::exit(1);
}

// A row of the size of a small variable, in a transaction of its own.
void measure_commits(storage::Database& database) {
    storage::Settings settings(database);
    const Bytes value(416, 0x5a);
    std::vector<double> times;
    for (int i = 0; i < commit_count; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        if (!settings.put("bench", value)) std::exit(1);
        times.push_back(since(begin));
    }
    std::ranges::sort(times);
    std::printf("commit_p50 %.4f\ncommit_p99 %.4f\n", times[commit_count / 2],
                times[commit_count * 99 / 100]);
}

struct Mesh {
    SystemRandom random;
    crypto::Identity identity = crypto::Identity::create(random);
    mesh::Keyring keyring = mesh::Keyring::create(random);
    mesh::Chain chain = mesh::Chain::create(identity, "bench", keyring, 1, random);
    sync::MemberAuthority authority{chain, keyring, identity};

    std::vector<Bytes> envelopes() {
        std::vector<Bytes> out;
        for (std::size_t i = 0; i < cell_count; ++i) {
            sync::Variable variable;
            variable.name = "BENCH_" + std::to_string(i);
            variable.value = Secret(std::string_view("value of a usual length, 40 bytes or so"));
            out.push_back(authority.seal(variable, sync::hlc_at(1'700'000'000'000) + i, 0, random));
        }
        return out;
    }
};

void measure_first_sync(storage::Database& database) {
    Mesh mesh;
    const std::vector<Bytes> envelopes = mesh.envelopes();
    std::vector<std::optional<sync::Cell>> cells(envelopes.size());
    const unsigned threads = std::max(1U, std::thread::hardware_concurrency());
    auto begin = std::chrono::steady_clock::now();
    {
        std::vector<std::jthread> pool;
        for (unsigned t = 0; t < threads; ++t)
            pool.emplace_back([&, t] {
                for (std::size_t i = t; i < envelopes.size(); i += threads)
                    cells[i] = sync::check_cell(mesh.authority, envelopes[i]);
            });
    }
    std::printf("check_and_open %.1f\n", since(begin));
    SystemClock clock;
    storage::Meshes meshes(database);
    const auto row = meshes.add(mesh.chain.mesh_id());
    if (!row) std::exit(1);
    storage::CellStore store(database, *row, clock, true);
    begin = std::chrono::steady_clock::now();
    const auto stored = store.transaction([&]() -> Result<> {
        for (const auto& cell : cells)
            if (auto put = store.put(*cell); !put) return put;
        return {};
    });
    if (!stored) std::exit(1);
    std::printf("insert %.1f\n", since(begin));
}

} // namespace

int main() {
    std::string folder = (std::filesystem::temp_directory_path() / "envmesh-bench-XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) return 1;
    {
        const auto database = open_database(std::filesystem::path(folder) / "floor.db");
        measure_commits(*database);
        measure_first_sync(*database);
    }
    std::filesystem::remove_all(folder);
}
