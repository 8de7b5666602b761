// SPDX-License-Identifier: MIT
// A process for the tests to end or to mislead: `open FILE` prints how opening ends; `write FILE`
// stores changes and prints the time of each once it is acknowledged, until it is killed.
#include "core/storage/cells.h"

#include "tests/core/storage/fixture.h"

#include <cstdio>
#include <string_view>

using namespace envmesh;
using namespace envmesh::storage;

namespace {

int write(Database& database) {
    SystemClock clock;
    CellStore store(database, Meshes(database).add(id_of<mesh::MeshId>(1)).value(), clock, true);
    for (sync::Hlc hlc = store.last().value() + 1;; ++hlc) {
        const auto done = store.transaction([&]() -> Result<> {
            const auto record = static_cast<std::uint32_t>(hlc % 50);
            if (auto put = store.put(cell_of(record, 7, hlc, 600)); !put) return put;
            return store.set_last(hlc);
        });
        if (!done) return 1;
        std::printf("%llu\n", static_cast<unsigned long long>(hlc));
        std::fflush(stdout);
    }
}

} // namespace

int main(int count, char** arguments) {
    if (count != 3) return 2;
    auto database = Database::open(arguments[2], key_of(0xa5));
    if (std::string_view(arguments[1]) == "write" && database) return write(**database);
    const std::string_view ends = database ? "OK" : wire_name(database.error().code);
    std::printf("%.*s\n", static_cast<int>(ends.size()), ends.data());
    return 0;
}
