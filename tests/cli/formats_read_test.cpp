// SPDX-License-Identifier: MIT
// JSON, YAML, TOML and what `env -0` prints: what is taken, and that nothing refused is repeated.
#include "cli/formats/formats.h"

#include <gtest/gtest.h>

namespace envmesh::cli::formats {
namespace {

std::string read_text(std::string_view format, std::string_view text) {
    const auto entries = read(format, view(text), "file");
    if (!entries) return "refused: " + entries.error().message;
    std::string out;
    for (const Entry& entry : *entries)
        out += entry.key + '=' + std::string(entry.value.reveal_text()) + ';';
    return out;
}

TEST(ReadJson, TakesAFlatObject) {
    EXPECT_EQ(
        read_text("json", R"({"B":"b\n\u00e9\ud83d\ude00","A":"","N":1.10,"M":-7,
                                    "L":18446744073709551616,"T":true,"F":false})"),
        "B=b\n\xc3\xa9\xf0\x9f\x98\x80;A=;N=1.10;M=-7;L=18446744073709551616;T=true;F=false;");
    EXPECT_EQ(read_text("json", "\xef\xbb\xbf{\r\n\"A\":\"x\"\r\n}\r\n"), "A=x;");
    EXPECT_EQ(read_text("json", "{}"), "");
}

TEST(ReadJson, TakesWhatListPrints) {
    EXPECT_EQ(read_text("json", R"([{"key":"A","scope":"shared","conflict":false,"expires_at":null,
                                     "value":"x"},{"value_b64":"/w==","key":"B","more":1.5}])"),
              "A=x;B=\xff;");
    EXPECT_EQ(read_text("json", "[]"), "");
}

// Each with the name, or the line, that the message must tell.
using Bad = std::vector<std::pair<std::string_view, std::string_view>>;

void expect_refused(std::string_view format, const Bad& cases) {
    for (const auto& [text, told] : cases) {
        const auto refused = read(format, view(text), "file");
        ASSERT_FALSE(refused) << text;
        const Error& error = refused.error();
        EXPECT_EQ(error.code, Code::invalid);
        EXPECT_NE(error.message.find("file"), std::string::npos) << error.message;
        EXPECT_NE(error.message.find(told), std::string::npos) << error.message;
        EXPECT_EQ((error.message + error.fix).find("S3cret"), std::string::npos) << error.message;
        EXPECT_FALSE(error.fix.empty()) << error.message;
    }
}

TEST(ReadJson, RefusesWhatItCannotTake) {
    expect_refused("json", {{"", "file:1:"},
                            {"\n{\"A\":S3cret}", "file:2:"},
                            {"{\"A\":\"S3cret", "file:1:"},
                            {"{\"A\":\"S3cret\"} x", "file:1:"},
                            {R"({"A":{"S3cret":1}})", "\"A\""},
                            {R"({"B":"S3cret","A":["S3cret"]})", "\"A\""},
                            {R"({"A":null})", "\"A\""},
                            {R"({"A":"S3cret\u0000"})", "\"A\""},
                            {R"({"A":"S3cret","A":"S3cret"})", "\"A\""},
                            {R"([{"key":"A"}])", "\"A\""},
                            {R"([{"key":"A","value":null}])", "\"A\""},
                            {R"([{"key":"A","value":"1","value":"2"}])", "\"A\""},
                            {R"([{"key":"A","value":"1","value_b64":"MQ=="}])", "\"A\""},
                            {R"([{"key":"A","value":"1","key":"B"}])", "\"A\""},
                            {R"([{"key":"A","value":{"S3cret":1}}])", "\"A\""},
                            {R"([{"key":"A","value_b64":"S3cret"}])", "\"A\""},
                            {R"([{"key":"A","value":"1"},{"key":"A","value":"2"}])", "\"A\""},
                            {R"([{"value":"S3cret"}])", "not of variables"},
                            {R"(["S3cret"])", "not of variables"},
                            {R"([["S3cret"]])", "not of variables"},
                            {R"("S3cret")", "not of variables"},
                            {"null", "not of variables"},
                            {"{\"A\":\"S3cret\xff\"}", "file:1:"}});
    const std::string large = R"({"A":")" + std::string(130'049, 'x') + "\"}";
    expect_refused("json", {{large, "130048"}});
    EXPECT_EQ(read_text("json", R"({"A":")" + std::string(130'048, 'x') + "\"}").size(), 130'051U);
    EXPECT_TRUE(read_text("json", std::string(1'000'000, '[')).starts_with("refused"));
}

TEST(ReadYaml, TakesAFlatMapping) {
    EXPECT_EQ(read_text("yaml",
                        "---\nA: plain text\nB: 'it''s'\nC: \"a\\nb\\x41\"\nN: 1.10\nT: yes\n"
                        "E: ''\nS: !!str 5\nL: |\n  one\n  two\nF: >-\n  one\n  two\n...\n"),
              "A=plain text;B=it's;C=a\nbA;N=1.10;T=yes;E=;S=5;L=one\ntwo\n;F=one two;");
    EXPECT_EQ(read_text("yaml", "\xef\xbb\xbf"
                                "A: x\r\n\"B\": |\r\n  one\r\n  two\r\n"),
              "A=x;B=one\ntwo\n;");
    EXPECT_EQ(read_text("yaml", "{A: x, \"B\": y}"), "A=x;B=y;");
    EXPECT_EQ(read_text("yaml", "# nothing\n"), "");
    EXPECT_EQ(read_text("yaml", ""), "");
}

TEST(ReadYaml, RefusesWhatItCannotTake) {
    expect_refused("yaml", {{"A: x\nB: \"S3cret\n", "file:3:"},
                            {"A: x\n\tS3cret: y", "file:2:"},
                            {"A:\n  B: S3cret\n", "\"A\""},
                            {"A: [S3cret]\n", "\"A\""},
                            {"A: &S3cret x\nB: *S3cret\n", "\"B\""},
                            {"A:\nB: S3cret\n", "\"A\""},
                            {"A: null\n", "\"A\""},
                            {"A: ~\n", "\"A\""},
                            {"A: !!binary S3cret\n", "\"A\""},
                            {"A: \"S3cret\\0\"\n", "\"A\""},
                            {"A: S3cret\nA: S3cret\n", "\"A\""},
                            {"? [S3cret]\n: x\n", "file:1:"},
                            {"- S3cret\n", "file:1:"},
                            {"S3cret\n", "file:1:"},
                            {"A: x\n---\nB: S3cret\n", "file:2:"},
                            {"A: *S3cret\n", "\"A\""},
                            {"%S3cret\n", "file:1:"},
                            {"A: S3cret\xff\n", "file:1:"}});
    EXPECT_TRUE(read_text("yaml", std::string(100'000, '{')).starts_with("refused"));
}

TEST(ReadToml, TakesAFlatTable) {
    EXPECT_EQ(read_text("toml", "A = \"a\\nb\\u00e9\"\nB = 'it\\s'\r\nC = \"\"\"\none\ntwo\"\"\"\n"
                                "N = 1.10\nH = 0xFF # x\nU = 1_000\nT = true\n"),
              "A=a\nb\xc3\xa9;B=it\\s;C=one\ntwo;H=0xFF;N=1.10;T=true;U=1_000;");
    EXPECT_EQ(read_text("toml", "\xef\xbb\xbf\"\xc3\xa9\xe2\x82\xac\" = 1.50\nA.b = 1"),
              "refused: The value of \"A\" in file is a table, a list, a date or a time.");
    EXPECT_EQ(read_text("toml", "\"\xc3\xa9\xe2\x82\xac\" = 1.50"), "\xc3\xa9\xe2\x82\xac=1.50;");
    EXPECT_EQ(read_text("toml", "# \xc3\xa9\nA = '\xc3\xa9\\' # \"\xc3\xa9\nB = \"\\\"\xc3\xa9\"\n"
                                "C = \"\"\"\n\"\xc3\xa9\"\"\"\" # \xc3\xa9\nD = ''\n"),
              "A=\xc3\xa9\\;B=\"\xc3\xa9;C=\"\xc3\xa9\";D=;");
    EXPECT_EQ(read_text("toml", "A = \"\"\"@e9\\u00e9\\\n  \xc3\xa9@\"\"\"\n'@@40' = 1\n"),
              "@@40=1;A=@e9\xc3\xa9\xc3\xa9@;");
    EXPECT_EQ(read_text("toml", "A = \"\\u0040e9@\"\nB = '\\u0021@!21'\n"),
              "A=@e9@;B=\\u0021@!21;");
    EXPECT_EQ(read_text("toml", ""), "");
}

TEST(ReadToml, RefusesWhatItCannotTake) {
    expect_refused("toml", {{"A = 1\nB = S3cret\n", "file:2:"},
                            {"A = \"S3cret\n", "file:1:"},
                            {"A = 1S3cret\n", "file:1:"},
                            {"A = 1\nB = \xc3\xa9S3cret\n", "file:2:"},
                            {"\xc3\xa9 = \"S3cret\"\n", "file:1:"},
                            {"[S3cret", "file:1:"},
                            {"[\n", "file:1:"},
                            {"B = 1\n[A]\nS3cret = 1\n", "\"A\""},
                            {"A.S3cret = 1\n", "\"A\""},
                            {"A = {S3cret = 1}\n", "\"A\""},
                            {R"(A = "S3cret\u0040\u0021\u0025\u0026\u0060\u0024")", "file:1:"},
                            {"A = [\"S3cret\"]\n", "\"A\""},
                            {"A = 1979-05-27\n", "\"A\""},
                            {"A = 07:32:00\n", "\"A\""},
                            {"A = \"S3cret\\u0000\"\n", "\"A\""},
                            {"A = \"S3cret\"\nA = \"S3cret\"\n", "file:2:"},
                            {"A = \"S3cret\xff\"\n", "file:1:"}});
}

TEST(ReadNul, TakesAnyBytes) {
    const std::string_view bytes("A=x\0B==\n\0C=\xff\xfe\0D=\0", 17);
    EXPECT_EQ(read_text("nul", bytes), "A=x;B==\n;C=\xff\xfe;D=;");
    EXPECT_EQ(read_text("env", bytes), read_text("nul", bytes));
    EXPECT_EQ(read_text("nul", ""), "");
    expect_refused("nul", {{"A=S3cret", "assignment 1"},
                           {"A=S3cret\nB=x\n", "assignment 1"},
                           {std::string_view("A=x\0S3cret\0", 11), "assignment 2"},
                           {std::string_view("A=x\0A=y\0", 8), "\"A\""}});
}

TEST(Formats, AreToldByTheFilesName) {
    for (const auto& [file, format] :
         std::vector<std::pair<std::string, std::string>>{{".env", "dotenv"},
                                                          {"a/.env.local", "dotenv"},
                                                          {"prod.env", "dotenv"},
                                                          {"a.json", "json"},
                                                          {"a.yml", "yaml"},
                                                          {"a.yaml", "yaml"},
                                                          {"a.toml", "toml"}})
        EXPECT_EQ(format_of(file), format) << file;
    for (const std::string file : {"", "-", "env", "a.txt", "json", "a.env/b"})
        EXPECT_EQ(format_of(file), std::nullopt) << file;
    EXPECT_EQ(read("csv", view("x"), "file").error().code, Code::usage);
    EXPECT_EQ(write("env", {}).error().code, Code::usage);
}

} // namespace
} // namespace envmesh::cli::formats
