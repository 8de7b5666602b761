// SPDX-License-Identifier: MIT
#include "core/storage/meshes.h"

#include "tests/core/storage/fixture.h"

namespace envmesh::storage {
namespace {

class MeshesTest : public StorageTest {
  public:
    std::unique_ptr<Database> database = opened(file);
    Settings settings{*database};
    Meshes meshes{*database};
};

std::string text_of(const Result<std::optional<Secret>>& value) {
    return value && *value ? std::string((*value)->reveal_text()) : "(none)";
}

TEST_F(MeshesTest, SettingsAreReplacedAndErased) {
    EXPECT_EQ(text_of(settings.get("pin")), "(none)");
    ASSERT_TRUE(settings.put("pin", view("one")));
    ASSERT_TRUE(settings.put("pin", view("two")));
    EXPECT_EQ(text_of(settings.get("pin")), "two");
    ASSERT_TRUE(settings.put("pin", {}));
    EXPECT_EQ(text_of(settings.get("pin")), "") << "empty is not absent";
    ASSERT_TRUE(settings.erase("pin"));
    ASSERT_TRUE(settings.erase("pin"));
    EXPECT_EQ(text_of(settings.get("pin")), "(none)");
}

TEST_F(MeshesTest, PrefixIsTakenLiterally) {
    for (const char* name : {"a%", "a%b", "aXb", "a", "b", "a_c"})
        ASSERT_TRUE(settings.put(name, view(name)));
    const auto found = settings.with_prefix("a%").value();
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].first, "");
    EXPECT_EQ(found[1].first, "b");
    EXPECT_EQ(found[1].second.reveal_text(), "a%b");
    EXPECT_EQ(settings.with_prefix("").value().size(), 6U);
    EXPECT_TRUE(settings.with_prefix("z").value().empty());
}

TEST_F(MeshesTest, MeshKeepsItsRow) {
    const auto one = meshes.add(id_of<mesh::MeshId>(1)).value();
    const auto two = meshes.add(id_of<mesh::MeshId>(2)).value();
    EXPECT_NE(one, two);
    EXPECT_EQ(meshes.add(id_of<mesh::MeshId>(1)).value(), one);
    const auto all = meshes.all().value();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[1], std::pair(two, id_of<mesh::MeshId>(2)));
}

TEST_F(MeshesTest, ChainIsReplacedFromAHeightOn) {
    const auto row = meshes.add(id_of<mesh::MeshId>(1)).value();
    const auto other = meshes.add(id_of<mesh::MeshId>(2)).value();
    ASSERT_TRUE(meshes.put_chain(row, 0, {{1}, {2}, {3}}));
    ASSERT_TRUE(meshes.put_chain(other, 0, {{9}}));
    ASSERT_TRUE(meshes.put_chain(row, 1, {{4}}));
    EXPECT_EQ(meshes.chain(row).value(), (std::vector<Bytes>{{1}, {4}}));
    EXPECT_EQ(meshes.chain(other).value(), (std::vector<Bytes>{{9}}));
}

TEST_F(MeshesTest, ChainWithAGapIsRefusedWhole) {
    const auto row = meshes.add(id_of<mesh::MeshId>(1)).value();
    ASSERT_TRUE(meshes.put_chain(row, 0, {{1}, {2}}));
    EXPECT_EQ(meshes.put_chain(row, 3, {{4}}).error().code, Code::invalid);
    EXPECT_EQ(meshes.chain(row).value(), (std::vector<Bytes>{{1}, {2}}));
}

// A long value continues on pages of its own, whose damage SQLCipher 3 may answer with zeros.
TEST_F(MeshesTest, DamagedLongValueIsNeverTakenForAnother) {
    Bytes value(20000, 0x77);
    ASSERT_TRUE(settings.put("long", value));
    const auto row = meshes.add(id_of<mesh::MeshId>(1)).value();
    ASSERT_TRUE(meshes.put_chain(row, 0, {value}));
    database.reset();
    const auto good = contents(file);
    int damaged = 0;
    for (std::size_t page = 1; page < good.size() / 4096; ++page) {
        auto bad = good;
        bad[page * 4096 + 2000] ^= 1;
        write_file(file, bad);
        auto reopened = Database::open(file, key_of(0xa5));
        if (!reopened) continue;
        const auto read = Settings(**reopened).get("long");
        const auto chain = Meshes(**reopened).chain(row);
        EXPECT_TRUE(!read || (*read && std::ranges::equal((*read)->reveal(), value))) << page;
        EXPECT_TRUE(!chain || chain->at(0) == value) << page;
        damaged += read && chain ? 0 : 1;
    }
    EXPECT_GT(damaged, 8);
}

} // namespace
} // namespace envmesh::storage
