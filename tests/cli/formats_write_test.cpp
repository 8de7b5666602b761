// SPDX-License-Identifier: MIT
// Each format as it is written, what it cannot carry, and hostile values read back. Readers that
// are not ours are asked in tests/e2e/test_formats.py.
#include "cli/formats/formats.h"
#include "tests/cli/hostile_values.h"
#include "tests/cli/run_cli.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

namespace envmesh::cli::formats {
namespace {

using Values = std::map<std::string, std::string>;

Result<Secret> write_values(std::string_view format, const Values& values) {
    Entries entries;
    for (const auto& [key, value] : values)
        entries.push_back({key, Secret(value)});
    return write(format, entries);
}

std::string text_of(std::string_view format, const Values& values) {
    const auto written = write_values(format, values);
    return written ? std::string(written->reveal_text()) : "refused: " + written.error().message;
}

const Values plain{{"A", "a \"b\" \\ $c"}, {"ON", "\xc3\xa9"}};

TEST(WriteFormats, LookAsTheirReadersWantThem) {
    EXPECT_EQ(text_of("dotenv", plain), "A='a \"b\" \\ $c'\nON='\xc3\xa9'\n");
    EXPECT_EQ(text_of("docker", plain), "A=a \"b\" \\ $c\nON=\xc3\xa9\n");
    EXPECT_EQ(text_of("json", plain),
              "{\n  \"A\": \"a \\\"b\\\" \\\\ $c\",\n  \"ON\": \"\xc3\xa9\"\n}\n");
    EXPECT_EQ(text_of("yaml", plain), "\"A\": \"a \\\"b\\\" \\\\ $c\"\n\"ON\": \"\xc3\xa9\"\n");
    EXPECT_EQ(text_of("toml", plain), "A = \"a \\\"b\\\" \\\\ $c\"\nON = \"\xc3\xa9\"\n");
    EXPECT_EQ(text_of("systemd", plain), "A=\"a \\\"b\\\" \\\\ \\$c\"\nON=\"\xc3\xa9\"\n");
    EXPECT_EQ(text_of("k8s", plain),
              "apiVersion: v1\nkind: Secret\nmetadata:\n  name: envmesh\ntype: Opaque\ndata:\n"
              "  \"A\": \"YSAiYiIgXCAkYw==\"\n  \"ON\": \"w6k=\"\n");
    EXPECT_EQ(text_of("gitlab", plain), text_of("docker", plain));
    EXPECT_EQ(text_of("nul", plain), std::string("A=a \"b\" \\ $c\0ON=\xc3\xa9\0", 19));
    EXPECT_EQ(text_of("csv", plain), "key,value\r\nA,\"a \"\"b\"\" \\ $c\"\r\nON,\"\xc3\xa9\"\r\n");
    EXPECT_EQ(text_of("github-mask", {{"A", "50%\r\nx"}, {"B", ""}, {"C", " \n"}}),
              "::add-mask::50%25%0D%0Ax\n");
}

TEST(WriteFormats, NothingIsWellFormedToo) {
    EXPECT_EQ(text_of("json", {}), "{}\n");
    EXPECT_EQ(text_of("yaml", {}), "{}\n");
    EXPECT_EQ(text_of("csv", {}), "key,value\r\n");
    EXPECT_TRUE(text_of("k8s", {}).ends_with("data: {}\n"));
    for (const std::string format : {"dotenv", "docker", "toml", "systemd", "github", "nul"})
        EXPECT_EQ(text_of(format, {}), "") << format;
}

TEST(WriteFormats, ControlCharactersAreEscapedForJsonYamlAndToml) {
    EXPECT_EQ(
        text_of("toml", {{"A", "\x01\n\r\t\x7f\xc2\x85\xe2\x80\xa8\xef\xbb\xbf\xef\xbf\xbf"}}),
        "A = \"\\u0001\\n\\r\\t\\u007f\\u0085\\u2028\\ufeff\\uffff\"\n");
}

TEST(WriteFormats, ADelimiterIsInNoValueAndAnotherEachTime) {
    const std::string first = text_of("github", {{"A", "x\ny"}, {"B", ""}});
    const std::string end = first.substr(3, 40);
    EXPECT_EQ(first, "A<<" + end + "\nx\ny\n" + end + "\nB<<" + end + "\n\n" + end + "\n");
    EXPECT_EQ(end.find_first_not_of("0123456789abcdef", 8), std::string::npos);
    EXPECT_NE(text_of("github", {{"A", "x\ny"}, {"B", ""}}), first);
}

// A format that carries a value damaged would be worse than none: each of these is refused.
TEST(WriteFormats, WhatCannotBeCarriedIsRefusedByItsName) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"docker", "S3cret\nx"},
        {"docker", "S3cret\r"},
        {"docker", std::string(65'534, 'x')},
        {"gitlab", "S3cret\nx"},
        {"gitlab", "S3cret\rx"},
        {"gitlab", " S3cret"},
        {"gitlab", "S3cret\t"},
        {"github", "S3cret\r"},
        {"systemd", "S3cret\xef\xbb\xbf"},
        {"systemd", "S3cret\xef\xb7\x90"},
        {"systemd", "S3cret\xf0\x9f\xbf\xbe"},
        {"systemd", "S3cret\xef\xbf\xbf"},
        {"dotenv", "S3cret'\"`#\n"},
        {"k8s", std::string(1'048'577, 'x')},
    };
    for (const auto& [format, value] : cases) {
        const auto refused = write_values(format, {{"A", "fine"}, {"BAD", value}});
        ASSERT_FALSE(refused) << format << value;
        EXPECT_EQ(refused.error().code, Code::invalid);
        EXPECT_NE(refused.error().message.find("\"BAD\""), std::string::npos);
        EXPECT_EQ(refused.error().message.find("S3cret"), std::string::npos);
    }
    EXPECT_TRUE(write_values("docker", {{"A", std::string(65'533, 'x')}}));
    EXPECT_TRUE(write_values("docker", {{"A", " a\rb "}}));
    EXPECT_TRUE(write_values("systemd", {{"A", "\xf0\x9f\x98\xbe \xef\xbf\xbd \xe0\xbf\xbf"}}));
    EXPECT_TRUE(write_values("k8s", {{"A", std::string(1'048'576, 'x')}}));
}

TEST(WriteFormats, OnlyNulAndKubernetesCarryWhatIsNotUtf8) {
    for (const std::string& format : written()) {
        const bool carries = format == "nul" || format == "k8s";
        EXPECT_EQ(write_values(format, {{"A", "\xff"}}).has_value(), carries) << format;
        EXPECT_FALSE(write_values(format, {{"A", std::string("a\0b", 3)}})) << format;
        EXPECT_FALSE(write_values(format, {{"A;touch canary", "x"}})) << format;
    }
}

// All of the hostile values that the format takes, under names of their own.
Values taken_by(std::string_view format) {
    Values taken;
    for (const std::string& value : test::hostile_values())
        if (write_values(format, {{"A", value}}))
            taken.emplace("V_" + std::to_string(taken.size()), value);
    return taken;
}

TEST(WriteFormats, WhatWeReadOurselvesComesBack) {
    for (const std::string format : {"json", "yaml", "toml", "nul"}) {
        const Values values = taken_by(format);
        EXPECT_GT(values.size(), 200U);
        const auto written = write_values(format, values);
        ASSERT_TRUE(written);
        const auto read_back = read(format, written->reveal(), "file");
        ASSERT_TRUE(read_back) << format << read_back.error().message;
        Values same;
        for (const Entry& entry : *read_back)
            same.emplace(entry.key, entry.value.reveal_text());
        EXPECT_EQ(same, values) << format;
    }
}

// systemd's double quotes are those of a shell.
TEST(WriteFormats, AShellReadsWhatIsForSystemd) {
    const Values values = taken_by("systemd");
    EXPECT_GT(values.size(), 200U);
    const test::TemporaryFolder folder;
    test::write_whole(folder.path() / "file", text_of("systemd", values));
    const std::string command = "cd '" + folder.path().string() +
                                "' && env -i PATH=/usr/bin:/bin bash --norc -c "
                                "'set -a; . ./file; exec env -0' > out";
    ASSERT_EQ(std::system(command.c_str()), 0);
    const auto seen = read("nul", view(test::read_whole(folder.path() / "out")), "out");
    ASSERT_TRUE(seen);
    Values same;
    for (const Entry& entry : *seen)
        if (entry.key.starts_with("V_")) same.emplace(entry.key, entry.value.reveal_text());
    EXPECT_EQ(same, values);
}

} // namespace
} // namespace envmesh::cli::formats
