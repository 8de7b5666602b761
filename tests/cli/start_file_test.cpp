// SPDX-License-Identifier: MIT
#include "cli/start_file.h"

#include <gtest/gtest.h>

namespace envmesh::cli {
namespace {

const std::string block = "# >>> envmesh >>>\nline\n# <<< envmesh <<<\n";

std::string in(std::string_view text, std::string_view lines = "line\n") {
    const auto out = with_block(text, lines);
    return out ? *out : "refused";
}

TEST(StartFile, GetsOneBlockAtItsEndAndKeepsTheRest) {
    EXPECT_EQ(in(""), block);
    EXPECT_EQ(in("a\n"), "a\n" + block);
    EXPECT_EQ(in("a"), "a\n" + block);
    EXPECT_EQ(in("a\n" + block), "a\n" + block);
    EXPECT_EQ(in(in("\xff\r\n")), "\xff\r\n" + block);
}

TEST(StartFile, KeepsTheBlockWhereAPersonPutIt) {
    EXPECT_EQ(in("a\n# >>> envmesh >>>\r\nold\n\n# <<< envmesh <<<\r\nb"), "a\n" + block + "b");
}

TEST(StartFile, HasOneBlockHoweverManyThereWere) {
    EXPECT_EQ(in(block + "a\n" + block + block + "b\n"), block + "a\nb\n");
}

TEST(StartFile, LosesTheBlocksAndNothingElse) {
    EXPECT_EQ(in("a\n" + block + "b\n" + block, ""), "a\nb\n");
    EXPECT_EQ(in("a", ""), "a");
    EXPECT_EQ(in(in("a\n"), ""), "a\n");
    EXPECT_EQ(in(in(""), ""), "");
}

TEST(StartFile, WithABlockThatHasNoEndIsRefused) {
    EXPECT_EQ(in("# >>> envmesh >>>\nmine\n"), "refused");
    EXPECT_EQ(in("# >>> envmesh >>>\nmine\n" + block), "refused");
    EXPECT_EQ(in("a\n# <<< envmesh <<<\n", ""), "a\n# <<< envmesh <<<\n");
}

TEST(StartFile, TellsWhatStartsEnvMesh) {
    const auto found =
        starts_in("# envmesh-cli export\n" + block + "eval \"$(envmesh-cli hook bash)\"\n" + block +
                  "eval \"$(envmesh-cli export)\"\nenvmesh-cli hook install\n");
    EXPECT_EQ(found.blocks, (std::vector<std::size_t>{2, 6}));
    EXPECT_EQ(found.hooks, (std::vector<std::size_t>{5}));
    EXPECT_EQ(found.exports, (std::vector<std::size_t>{9}));
    EXPECT_FALSE(found.is_unended);
    EXPECT_TRUE(starts_in("# >>> envmesh >>>\nmine\n").is_unended);
    EXPECT_TRUE(starts_in("# >>> envmesh >>>\n" + block).is_unended);
    EXPECT_TRUE(starts_in("").blocks.empty());
}

} // namespace
} // namespace envmesh::cli
