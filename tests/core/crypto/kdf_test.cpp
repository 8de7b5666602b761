// SPDX-License-Identifier: MIT
#include "core/crypto/kdf.h"

#include "tests/core/crypto/vectors.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

namespace envmesh::crypto {
namespace {

const Argon2Limits any_cost{.least_passes = 1, .least_memory_kib = 8, .most_passes = 19};

std::string derived(std::string_view password, const Argon2& parameters) {
    return hex(argon2id(Secret(password), parameters, any_cost).value().reveal());
}

// libsodium's test/default/pwhash_argon2id.c: the two of its encoded hashes with one lane whose
// verification succeeds; salt and hash there are base64.
TEST(Kdf, HasThePublishedVectorsOfLibsodium) {
    const auto salt = block<16>(from_base64("bA81arsiXysd3WbTRzmEOw==").value());
    EXPECT_EQ(derived("", {.passes = 2, .memory_kib = 4882, .salt = salt}),
              hex(from_base64("Nm8QBM+7RH1DXo9rvp5cwKEOOOfD2g6JuxlXihoNcpE=").value()));
    const auto text_salt = block<16>(view(">A 16-bytes salt"));
    EXPECT_EQ(derived("^T5H$JYt39n%K*j:W]!1s?vg!:jGi]Ax?..l7[p0v:1jHTpla9;]bUN;?bWyCbtqg ",
                      {.passes = 19, .memory_kib = 4096, .salt = text_salt}),
              hex(from_base64("ltB/ue1kPtBMBGfsysMpPigE6hiNEKZ9vs8vLNVDQGA=").value()));
}

// The reference implementation, as the program `argon2` of the distribution.
TEST(Kdf, AgreesWithTheReferenceProgram) {
    if (std::system("command -v argon2 >/dev/null 2>&1") != 0)
        GTEST_SKIP() << "the program argon2 is not installed";
    const auto reference = [](const std::string& costs) {
        const std::string command =
            "printf %s 'a long password' | argon2 sixteen.byte.one -id -v 13 -p 1 -l 32 -r " +
            costs;
        std::unique_ptr<FILE, int (*)(FILE*)> out(popen(command.c_str(), "r"), pclose);
        std::array<char, 128> line{};
        const char* const read = std::fgets(line.data(), line.size(), out.get());
        return std::string(read == nullptr ? "" : read).substr(0, 64);
    };
    const auto salt = block<16>(view("sixteen.byte.one"));
    EXPECT_EQ(derived("a long password", {.passes = 1, .memory_kib = 64, .salt = salt}),
              reference("-t 1 -k 64"));
    EXPECT_EQ(derived("a long password", {.passes = 3, .memory_kib = 16384, .salt = salt}),
              reference("-t 3 -k 16384"));
}

TEST(Kdf, RefusesACostOutsideOfTheLimits) {
    const Argon2Limits limits{
        .least_passes = 2, .least_memory_kib = 16, .most_passes = 3, .most_memory_kib = 32};
    const auto code = [&](std::uint32_t passes, std::uint32_t memory_kib) {
        const Argon2 parameters{.passes = passes, .memory_kib = memory_kib};
        const auto key = argon2id(Secret("p"), parameters, limits);
        return key ? Code::internal : key.error().code;
    };
    EXPECT_TRUE(argon2id(Secret("p"), {.passes = 2, .memory_kib = 16}, limits));
    EXPECT_TRUE(argon2id(Secret("p"), {.passes = 3, .memory_kib = 32}, limits));
    EXPECT_EQ(code(1, 16), Code::corrupt);
    EXPECT_EQ(code(4, 16), Code::corrupt);
    EXPECT_EQ(code(2, 15), Code::corrupt);
    EXPECT_EQ(code(2, 33), Code::corrupt);
}

TEST(Kdf, RefusesWhatTheLibraryCannotDo) {
    const Argon2Limits none{.least_passes = 0, .least_memory_kib = 0};
    EXPECT_EQ(argon2id(Secret("p"), {.passes = 0, .memory_kib = 64}, none).error().code,
              Code::corrupt);
    EXPECT_EQ(argon2id(Secret("p"), {.passes = 1, .memory_kib = 7}, none).error().code,
              Code::corrupt);
}

TEST(Kdf, CostFollowsTheMemoryOfTheMachine) {
    CountingRandom random;
    const auto small = Argon2Limits::for_memory((std::uint64_t{2} << 30U) - 1);
    const auto large = Argon2Limits::for_memory(std::uint64_t{2} << 30U);
    EXPECT_EQ(new_argon2(small, random).memory_kib, 64U * 1024);
    EXPECT_EQ(new_argon2(small, random).passes, 4U);
    EXPECT_EQ(new_argon2(large, random).memory_kib, 256U * 1024);
    EXPECT_EQ(new_argon2(large, random).passes, 3U);
    EXPECT_NE(new_argon2(large, random).salt, new_argon2(large, random).salt);
}

} // namespace
} // namespace envmesh::crypto
