// SPDX-License-Identifier: MIT
#include "tests/cli/hostile_values.h"

#include <cstdlib>
#include <random>

namespace envmesh::test {
namespace {

std::size_t how_many() {
    const char* given = std::getenv("ENVMESH_HOSTILE_VALUES");
    return given == nullptr ? 1500 : std::stoul(given);
}

} // namespace

std::vector<std::string> hostile_values() {
    std::vector<std::string> values{
        "",
        "'",
        "\"",
        "\\",
        "\n",
        "\n\n",
        "a\n",
        "\r\n",
        "a\r",
        "!",
        "!!",
        "a!b'c!",
        "`x`",
        "$x",
        "${x}",
        "$'x'",
        "~",
        "*",
        "[a]",
        "#x",
        " x ",
        "\t",
        "-n",
        "--",
        "\xff\xfe",
        "\xc3",
        "\xe2\x80\x99",
        "$(touch canary)",
        "`touch canary`",
        "';touch canary;'",
        "'\ntouch canary\n'",
        "\";touch canary;\"",
        "\\';touch canary;#",
        "$'\\'';touch canary;#'",
        "'$(touch canary)'",
        "'\\''$(touch canary)",
        "a' b=$(touch canary) '",
        "\n';touch canary\n",
        "'\"'\"'$(touch canary)",
        "\\\n",
        "\\000",
        "\\0",
        "%s%n",
        "x\x7fy",
        "\x1b[31m",
        "${IFS}",
        "$((1+1))",
        "a=b",
        "{a,b}",
    };
    std::string all;
    for (int c = 1; c < 256; ++c) {
        values.emplace_back(1, static_cast<char>(c));
        all += static_cast<char>(c);
    }
    values.push_back(all);
    std::mt19937 random(1); // the same values each time
    const std::string sharp = "'\"\\$`!()\n\r;&|<>#~ \t*?[]{}=ax0\xff\xc3";
    while (values.size() < how_many()) {
        std::string value;
        for (auto length = random() % 24; length > 0; --length)
            value += random() % 3 == 0 ? static_cast<char>(random() % 255 + 1)
                                       : sharp[random() % sharp.size()];
        values.push_back(value);
    }
    return values;
}

} // namespace envmesh::test
