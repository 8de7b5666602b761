// SPDX-License-Identifier: MIT
// What the program that was typed into a shell sees there, and how it tells.
#include "cli/commands/calls.h"
#include "cli/doctor/trial.h"
#include "platform/process.h"

#include <charconv>
#include <thread>

namespace envmesh::cli::diagnosis {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_names = 20; // so that all is written at once
constexpr auto patience = 3s;
constexpr auto longest_life = 10s; // whoever started us ends us long before

std::vector<std::string> first_of(std::vector<std::string> names) {
    names.resize(std::min(names.size(), most_names));
    return names;
}

std::string begin_mark(const std::string& nonce) { return "<<" + nonce + " "; }

std::size_t number(std::string_view text) {
    std::size_t out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

void take(Sight& sight, std::string_view token) {
    const auto equals = token.find('=');
    const auto key = token.substr(0, equals);
    const auto value = equals == std::string_view::npos ? "" : token.substr(equals + 1);
    if (key == "program") sight.program = value;
    if (key == "daemon") sight.same_daemon = value == "same";
    if (key == "asked") sight.asked = value == "yes";
    if (key == "follows") sight.follows = value == "yes";
    if (key == "begun") sight.begun = value == "yes";
    if (key == "total") sight.total = number(value);
    if (key == "missing") sight.missing = number(value);
    if (key == "different") sight.different = number(value);
    if (token.starts_with('-')) sight.missing_names.emplace_back(token.substr(1));
    if (token.starts_with('~')) sight.different_names.emplace_back(token.substr(1));
}

std::string program_in_path() {
    const auto found = platform::program_in_path("envmesh-cli");
    if (found.empty()) return "none";
    std::error_code error;
    const bool is_same = std::filesystem::equivalent(found, platform::own_program(), error);
    return is_same || error ? "same" : "other";
}

} // namespace

std::string told(const Sight& sight, const std::string& nonce) {
    const auto yes = [](bool is_so) { return std::string(is_so ? "yes" : "no"); };
    std::string out = "\n" + begin_mark(nonce) + "program=" + sight.program +
                      " daemon=" + (sight.same_daemon ? "same" : "other") +
                      " asked=" + yes(sight.asked) + " follows=" + yes(sight.follows) +
                      " begun=" + yes(sight.begun) + " total=" + std::to_string(sight.total) +
                      " missing=" + std::to_string(sight.missing) +
                      " different=" + std::to_string(sight.different);
    for (const std::string& name : sight.missing_names)
        out += " -" + name;
    for (const std::string& name : sight.different_names)
        out += " ~" + name;
    return out + " " + nonce + ">>\n";
}

std::optional<Sight> heard(std::string_view shown, const std::string& nonce) {
    const std::string begin = begin_mark(nonce);
    const auto from = shown.find(begin);
    if (from == std::string_view::npos) return std::nullopt;
    std::string_view rest = shown.substr(from + begin.size());
    const auto end = rest.find(" " + nonce + ">>");
    if (end == std::string_view::npos) return std::nullopt;
    rest = rest.substr(0, end);
    Sight sight;
    while (!rest.empty()) {
        const auto token = rest.substr(0, rest.find(' '));
        rest.remove_prefix(std::min(token.size() + 1, rest.size()));
        take(sight, token);
    }
    return sight;
}

int look_around(Context& context, const std::string& shell, const std::string& nonce,
                const std::string& tries) {
    Sight sight;
    sight.begun = !tries.empty();
    sight.program = program_in_path();
    const auto paths = platform::paths();
    std::error_code error;
    sight.same_daemon =
        paths && (paths->socket == context.socket ||
                  std::filesystem::equivalent(paths->socket, context.socket, error));
    sight.follows = inherited(marks_variable).has_value();
    auto exported = ask_export(context.socket, std::chrono::steady_clock::now() + patience);
    const auto known = shell_named(shell);
    sight.asked = exported.has_value() && known.has_value();
    if (sight.asked) {
        const auto wanted = wanted_of(*exported, known->dialect);
        const auto [missing, different] = difference(wanted);
        sight.total = wanted.size();
        sight.missing = missing.size();
        sight.different = different.size();
        sight.missing_names = first_of(missing);
        sight.different_names = first_of(different);
    }
    context.out.raw(view(told(sight, nonce)));
    std::this_thread::sleep_for(longest_life);
    return 0;
}

} // namespace envmesh::cli::diagnosis
