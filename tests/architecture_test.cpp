// SPDX-License-Identifier: MIT
// Who may include whom, and the other rules of the house that a machine can hold. Edit the table,
// not the walker. The walker itself is tested with planted breaches.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Breaches = std::vector<std::string>;

// `ours`: folders or single files of ours. `theirs`: prefixes of guarded third-party headers, each
// for the whole folder or for one file of it ("nlohmann/ in vault.cpp").
struct Rule {
    std::set<std::string> ours, theirs;
};

const std::map<std::string, Rule> table = {
    {"core/base", {{}, {"sodium.h", "boost/asio", "boost/system"}}},
    {"core/crypto",
     {{"core/base"},
      {"sodium.h", "openssl/evp.h", "openssl/err.h", "openssl/crypto.h", "openssl/core_names.h",
       "openssl/params.h", "nlohmann/ in vault.cpp"}}},
    {"core/mesh", {{"core/base", "core/crypto"}, {}}},
    {"core/sync", {{"core/base", "core/crypto", "core/mesh"}, {}}},
    {"core/storage", {{"core/base", "core/crypto", "core/mesh", "core/sync"}, {"sqlcipher/"}}},
    {"core/net", {{"core/base"}, {"boost/asio", "boost/beast", "boost/system", "openssl/"}}},
    {"core/config", {{"core/base"}, {"toml++/"}}},
    {"core/api", {{"core/base"}, {"nlohmann/"}}},
    {"core/ipc", {{"core/base", "core/api"}, {"boost/asio", "boost/system"}}},
    {"core/node",
     {{"core/base", "core/api", "core/ipc/service.h", "core/config", "core/crypto", "core/mesh",
       "core/sync", "core/storage", "core/net"},
      {"boost/asio", "boost/system"}}},
    {"platform", {{"core/base"}, {"avahi-", "gio/"}}},
    {"cli",
     // Of the configuration what reads and edits its text: a library without the engine.
     {{"core/base", "core/api", "core/ipc", "core/config/ascii.h", "core/config/config.h",
       "core/config/edit.h", "core/config/settings.h", "core/node/policy.h", "platform"},
      {"CLI/ in grammar.cpp", "CLI/ in parser.cpp", "nlohmann/ in output.cpp",
       "nlohmann/ in json.cpp", "toml++/ in toml.cpp", "yaml.h in yaml.cpp"}}},
    {"daemon",
     {{"core/base", "core/api", "core/ipc", "core/config", "core/crypto", "core/net/broadcast.h",
       "core/node", "platform"},
      {"boost/asio", "boost/system"}}},
};

// Each of these belongs to the folders that name it and to no other.
const std::vector<std::string> guarded = {
    "boost/", "openssl/", "nlohmann/", "sqlcipher/", "sqlite3.h", "sodium", "CLI/", "toml++/",
    "wx/",    "imgui",    "GLFW/",     "avahi-",     "yaml.h",    "gio/",   "glib"};
const std::vector<std::string> operating_system = {
    "unistd.h", "fcntl.h",  "poll.h", "signal.h", "pwd.h",     "termios.h", "dirent.h", "netdb.h",
    "sys/",     "netinet/", "arpa/",  "linux/",   "windows.h", "winsock",   "pthread.h"};
const std::vector<std::string> roots = {"core",      "platform", "cli",  "daemon",
                                        "frontends", "tests",    "tools"};

bool starts_with_any(const std::string& text, const std::vector<std::string>& prefixes) {
    return std::ranges::any_of(prefixes, [&](auto& prefix) { return text.starts_with(prefix); });
}

// "core/sync/merge.cpp" is of "core/sync", "platform/linux/files.cpp" of "platform".
std::string folder_of(const fs::path& file) {
    auto part = file.begin();
    const std::string first = part->string();
    if (first != "core" && first != "frontends") return first;
    return first + "/" + (++part)->string();
}

std::string read(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

// Where the comment, text or character that begins at `at` ends; `at` itself when none does. By
// hand, because libstdc++'s regex recurses once a character.
std::size_t end_of_prose(const std::string& source, std::size_t at) {
    const auto after = [&](const std::string& mark, std::size_t from) {
        const auto found = source.find(mark, from);
        return found == std::string::npos ? source.size() : found + mark.size();
    };
    if (source.compare(at, 2, "//") == 0) return std::min(source.find('\n', at), source.size());
    if (source.compare(at, 2, "/*") == 0) return after("*/", at + 2);
    if (source.compare(at, 2, "R\"") == 0) {
        const auto open = std::min(source.find('(', at), source.size());
        return after(")" + source.substr(at + 2, open - at - 2) + "\"", open);
    }
    const char quote = source[at];
    const bool is_in_number = at > 0 && std::isalnum(static_cast<unsigned char>(source[at - 1]));
    if (quote != '"' && (quote != '\'' || is_in_number)) return at;
    auto end = at + 1;
    while (end < source.size() && source[end] != quote && source[end] != '\n')
        end += source[end] == '\\' ? 2 : 1;
    return std::min(end + 1, source.size());
}

// The source without prose, every line where it was.
std::string code_of(const std::string& source) {
    std::string code;
    for (std::size_t at = 0; at < source.size();) {
        const auto end = end_of_prose(source, at);
        for (auto i = at; i < end; ++i)
            if (source[i] == '\n') code += '\n';
        if (end == at) code += source[at];
        at = std::max(end, at + 1);
    }
    return code;
}

bool may_use(const Rule& rule, const fs::path& file, const std::string& header) {
    return std::ranges::any_of(rule.theirs, [&](const std::string& entry) {
        const auto in = entry.find(" in ");
        if (!header.starts_with(entry.substr(0, in))) return false;
        return in == std::string::npos || file.filename() == entry.substr(in + 4);
    });
}

bool may_include(const Rule& rule, const std::string& mine, const std::string& header) {
    return folder_of(header) == mine || rule.ours.contains(folder_of(header)) ||
           rule.ours.contains(header);
}

Breaches check_includes(const fs::path& file, const std::string& source) {
    static const std::regex include(R"re((?:^|\n)[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+))re");
    const std::string mine = folder_of(file);
    if (mine == "tests") return {};
    const auto row = table.find(mine);
    if (row == table.end()) return {mine + " has no row in the table"};
    Breaches found;
    for (std::sregex_iterator match(source.begin(), source.end(), include), end; match != end;
         ++match) {
        const std::string header = (*match)[2];
        const bool is_ours = (*match)[1] == "\"";
        if (is_ours && !may_include(row->second, mine, header))
            found.push_back("may not include " + header);
        if (!is_ours && starts_with_any(header, guarded) && !may_use(row->second, file, header))
            found.push_back("may not use <" + header + ">");
        if (!is_ours && mine != "platform" && starts_with_any(header, operating_system))
            found.push_back("the operating system's <" + header + "> belongs in platform/");
    }
    return found;
}

// The operand of each co_await, to the bracket or semicolon that ends it. A brace or bracket in it
// is a temporary, an aggregate or a lambda, which g++ 12 destroys twice.
Breaches check_awaits(const std::string& code) {
    static const std::regex await(R"(\bco_await\b)");
    Breaches found;
    for (std::sregex_iterator match(code.begin(), code.end(), await), end; match != end; ++match) {
        int depth = 0;
        for (auto c = (*match)[0].second; c != code.end() && *c != ';' && depth >= 0; ++c) {
            if (*c == '(') ++depth;
            if (*c == ')') --depth;
            if (*c != '{' && *c != '[') continue;
            found.push_back("co_await takes only names and std::move(name): '" +
                            std::string(1, *c) + "' in line " +
                            std::to_string(1 + std::count(code.begin(), c, '\n')));
            break;
        }
    }
    return found;
}

Breaches check_words(const fs::path& file, const std::string& source, const std::string& code) {
    static const std::regex os_switch(
        R"(\n[ \t]*#[ \t]*(if|ifdef|ifndef|elif)[^\n]*(_WIN32|__APPLE__|__linux__|__unix__))");
    static const std::regex forbidden(R"(\b(throw|shared_ptr|make_shared)\b)");
    const std::string mine = folder_of(file);
    Breaches found;
    std::smatch word;
    if (mine != "platform" && std::regex_search(code, os_switch))
        found.emplace_back("a switch on the operating system belongs in platform/");
    if (!mine.starts_with("core/")) return found;
    if (std::regex_search(code, word, forbidden)) found.push_back("no " + word.str() + " in core/");
    if (source.find("TODO") != std::string::npos) found.emplace_back("no TODO in core/");
    return found;
}

// Headers that are one thing and would be harder to read in two.
const std::map<std::string, long> allowances = {
    {"core/base/task.h", 160}, // templates: there is no .cpp to put them in
};

long most_lines(const fs::path& file) {
    const auto allowance = allowances.find(file.string());
    if (allowance != allowances.end()) return allowance->second;
    if (folder_of(file) == "tests") return 500;
    return file.extension() == ".h" ? 120 : 400;
}

Breaches check_shape(const fs::path& file, const std::string& source) {
    const bool is_header = file.extension() == ".h";
    const long most = most_lines(file);
    const auto lines = std::ranges::count(source, '\n');
    Breaches found;
    if (lines > most)
        found.push_back("has " + std::to_string(lines) + " lines, more than " +
                        std::to_string(most));
    if (!source.starts_with("// SPDX-License-Identifier: MIT\n"))
        found.emplace_back("does not begin with the licence");
    if (is_header && source.find("\n#pragma once\n") == std::string::npos)
        found.emplace_back("has no #pragma once");
    return found;
}

Breaches check(const fs::path& file, const std::string& source) {
    const std::string code = code_of(source);
    Breaches found;
    for (const auto& some : {check_includes(file, source), check_awaits(code),
                             check_words(file, source, code), check_shape(file, source)})
        for (const auto& breach : some)
            found.push_back(file.string() + ": " + breach);
    return found;
}

std::vector<fs::path> sources() {
    const fs::path top = ENVMESH_SOURCE_DIR;
    std::vector<fs::path> files;
    for (const auto& root : roots) {
        if (!fs::exists(top / root)) continue;
        for (const auto& entry : fs::recursive_directory_iterator(top / root))
            if (entry.path().extension() == ".h" || entry.path().extension() == ".cpp")
                files.push_back(entry.path().lexically_relative(top));
    }
    std::ranges::sort(files);
    return files;
}

TEST(Architecture, TheTreeKeepsTheRules) {
    Breaches found;
    for (const auto& file : sources())
        std::ranges::copy(check(file, read(fs::path(ENVMESH_SOURCE_DIR) / file)),
                          std::back_inserter(found));
    EXPECT_THAT(found, testing::IsEmpty());
    EXPECT_GT(sources().size(), 20U); // an empty tree keeps every rule
}

TEST(Architecture, EverySourceOfTheCoreHasATest) {
    for (const auto& file : sources()) {
        if (!file.string().starts_with("core/") || file.extension() != ".cpp") continue;
        const auto test = "tests" / file.parent_path() / (file.stem().string() + "_test.cpp");
        EXPECT_TRUE(fs::exists(fs::path(ENVMESH_SOURCE_DIR) / test)) << test << " is missing";
    }
}

Breaches plant(const fs::path& file, const std::string& source) {
    return check(file, "// SPDX-License-Identifier: MIT\n" + source);
}

TEST(Architecture, FindsPlantedIncludes) {
    EXPECT_THAT(plant("cli/get.cpp", "#include \"core/net/link.h\"\n"), testing::SizeIs(1));
    EXPECT_THAT(plant("core/sync/merge.cpp", "#include <nlohmann/json.hpp>\n"), testing::SizeIs(1));
    EXPECT_THAT(plant("core/crypto/hash.cpp", "# include <nlohmann/json.hpp>\n"),
                testing::SizeIs(1));
    EXPECT_THAT(plant("core/crypto/vault.cpp", "#include <nlohmann/json.hpp>\n"),
                testing::IsEmpty());
    EXPECT_THAT(plant("core/crypto/tls.cpp", "#include <openssl/ssl.h>\n"), testing::SizeIs(1));
    EXPECT_THAT(plant("core/node/node.cpp", "#include \"core/ipc/server.h\"\n"),
                testing::SizeIs(1));
    EXPECT_THAT(plant("core/node/node.cpp", "#include \"core/ipc/service.h\"\n"),
                testing::IsEmpty());
    EXPECT_THAT(plant("cli/run.cpp", "#include <unistd.h>\n"), testing::SizeIs(1));
    EXPECT_THAT(plant("daemon/a.cpp", "#include <avahi-core/core.h>\n"), testing::SizeIs(1));
    EXPECT_THAT(plant("cli/formats/json.cpp", "#include <nlohmann/json.hpp>\n"),
                testing::IsEmpty());
    EXPECT_THAT(plant("cli/formats/yaml.cpp", "#include <nlohmann/json.hpp>\n"),
                testing::SizeIs(1));
    EXPECT_THAT(plant("cli/formats/json.cpp", "#include <yaml.h>\n"), testing::SizeIs(1));
    EXPECT_THAT(plant("cli/a.cpp", "#include \"core/config/edit.h\"\n"), testing::IsEmpty());
    EXPECT_THAT(plant("cli/a.cpp", "#include \"core/config/toml.h\"\n"), testing::SizeIs(1));
    EXPECT_THAT(plant("core/cloud/a.cpp", ""), testing::SizeIs(1)); // a folder without a row
}

TEST(Architecture, FindsPlantedAwaits) {
    const auto in_core = [](const std::string& line) {
        return plant("core/net/a.cpp", line + "\n");
    };
    EXPECT_THAT(in_core("co_await blocking(pool, [&] { return 1; });"), testing::SizeIs(1));
    EXPECT_THAT(in_core("co_await send(\n  Message{1});"), testing::SizeIs(1));
    EXPECT_THAT(in_core("if (co_await send(std::move(m))) { a[0] = 1; }"), testing::IsEmpty());
    EXPECT_THAT(in_core("auto [ec] = co_await std::move(wait); // co_await {"), testing::IsEmpty());
    EXPECT_THAT(in_core("f(R\"x(co_await {)x\", '\\'', 1'0); /* co_await [ */"),
                testing::IsEmpty());
    EXPECT_THAT(in_core("f('\"'); co_await g({});"), testing::SizeIs(1));
}

TEST(Architecture, FindsPlantedWordsAndShapes) {
    EXPECT_THAT(plant("core/net/a.cpp", "#ifdef __linux__\n#endif\n"), testing::SizeIs(1));
    EXPECT_THAT(plant("platform/linux/a.cpp", "#ifdef __linux__\n#endif\n"), testing::IsEmpty());
    EXPECT_THAT(plant("core/net/a.cpp", "throw 1;\n"), testing::SizeIs(1));
    EXPECT_THAT(plant("core/net/a.cpp", "f(\"throw\"); // may throw\n"), testing::IsEmpty());
    EXPECT_THAT(plant("core/net/a.cpp", "std::shared_ptr<int> p;\n"), testing::SizeIs(1));
    EXPECT_THAT(plant("core/net/a.cpp", "// TODO\n"), testing::SizeIs(1));
    EXPECT_THAT(plant("cli/a.cpp", std::string(400, '\n')), testing::SizeIs(1));
    EXPECT_THAT(plant("cli/a.h", "int a;\n"), testing::SizeIs(1));
    EXPECT_THAT(check("cli/a.cpp", "int a;\n"), testing::SizeIs(1));
}

} // namespace
