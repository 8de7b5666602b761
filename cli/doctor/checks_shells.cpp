// SPDX-License-Identifier: MIT
// Each shell that is installed: whether its start-up file has the hook, once, and what a program
// that is started from a new one really gets.
#include "cli/doctor/checks.h"
#include "cli/doctor/trial.h"
#include "cli/hook_file.h"
#include "cli/start_file.h"
#include "platform/process.h"

#include <algorithm>

namespace envmesh::cli::diagnosis {
namespace {

struct Place {
    std::filesystem::path file;
    Starts starts;
};

// All that is known about the start-up files of one shell.
struct Known {
    Shell shell;
    HookFile hook;
    std::string text; // of the hook's own file
    Starts starts;    // in it
    std::vector<Place> others;
    [[nodiscard]] std::size_t hooks() const {
        std::size_t count = starts.blocks.size() + starts.hooks.size();
        for (const Place& other : others)
            count += other.starts.blocks.size() + other.starts.hooks.size();
        return count;
    }
};

std::string at_line(const std::filesystem::path& file, std::size_t line) {
    return file.string() + ":" + std::to_string(line);
}

Result<Known> known_of(const Shell& shell) {
    auto hook = hook_file(shell);
    if (!hook) return std::unexpected(hook.error());
    auto text = start_file_text(hook->file);
    if (!text) return std::unexpected(text.error());
    Known known{shell, std::move(*hook), std::move(*text), {}, {}};
    known.starts = starts_in(known.text);
    for (const auto& other : known.hook.others)
        if (const auto more = start_file_text(other); more && !more->empty())
            known.others.push_back({other, starts_in(*more)});
    return known;
}

// Where a person, or an earlier installation, starts it once more.
std::vector<std::string> lines_by_hand(const Known& known,
                                       std::vector<std::size_t> Starts::* kind) {
    std::vector<std::string> out;
    for (const std::size_t line : known.starts.*kind)
        out.push_back(at_line(known.hook.file, line));
    for (const Place& other : known.others)
        for (const std::size_t line : other.starts.*kind)
            out.push_back(at_line(other.file, line));
    return out;
}

void add_duplicates(const Known& known, const std::string& check, Findings& to) {
    const std::string name(known.shell.name);
    const auto blocks = lines_by_hand(known, &Starts::blocks);
    const auto hooks = lines_by_hand(known, &Starts::hooks);
    const auto exports = lines_by_hand(known, &Starts::exports);
    if (blocks.size() > 1)
        to.push_back({check, State::warning,
                      "start-up files hold " + counted(blocks.size(), "block") +
                          " of EnvMesh, and one does all",
                      blocks,
                      known.starts.blocks.size() > 1 ? "envmesh-cli hook install " + name
                                                     : "Take out the block at " + blocks.back()});
    if (!hooks.empty() && known.hooks() > 1)
        to.push_back({check, State::warning, "start-up files start the hook more than once", hooks,
                      "Take out what stands at " + joined(hooks) +
                          ", then: envmesh-cli hook install " + name});
    if (!exports.empty())
        to.push_back({check, State::warning,
                      "an old line with `envmesh-cli export` stands beside the hook, which does "
                      "the same",
                      exports, "Take out what stands at " + joined(exports)});
}

Findings without_hook(const Known& known, const Facts& facts, const std::string& check) {
    const std::string name(known.shell.name);
    if (name != facts.parent && name != facts.login) return {};
    const auto exports = lines_by_hand(known, &Starts::exports);
    return {{check, State::warning,
             exports.empty() ? "the shell does not start the hook: variables do not reach it"
                             : "the shell has a line with `envmesh-cli export` and not the hook: "
                               "once it is open it does not follow",
             exports, "envmesh-cli hook install " + name}};
}

Findings about_files(const Shell& shell, const Facts& facts) {
    const std::string check = std::string(shell.name) + "-file";
    const auto known = known_of(shell);
    if (!known)
        return {{check,
                 State::fault,
                 "a start-up file cannot be read",
                 {known.error().message},
                 known.error().fix}};
    if (known->starts.is_unended)
        return {{check,
                 State::fault,
                 "a block in the start-up file has no end",
                 {at_line(known->hook.file, known->starts.blocks.back())},
                 "Take out by hand what stands there, then: envmesh-cli hook install " +
                     std::string(shell.name)}};
    if (known->hooks() == 0) return without_hook(*known, facts, check);
    Findings found;
    add_duplicates(*known, check, found);
    const auto renewed = with_block(known->text, known->hook.lines);
    if (known->starts.blocks.size() == 1 && renewed && *renewed != known->text)
        found.push_back({check,
                         State::warning,
                         "the block is one of another version",
                         {at_line(known->hook.file, known->starts.blocks.front())},
                         "envmesh-cli hook install " + std::string(shell.name)});
    if (found.empty()) found.push_back({check, State::ok, "the hook stands in the start-up file"});
    return found;
}

std::string reference(const std::filesystem::path& file, const std::vector<std::string>& names) {
    return "grep -nE '" + joined(names, "|") + "' " + word(file);
}

// Nothing that a shell would run stands before the first block.
bool is_at_top(std::string_view text) {
    text = text.substr(0, text.find(block_begin));
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        const auto code = line.find_first_not_of(" \t\r");
        if (code != std::string_view::npos && line[code] != '#') return false;
        text.remove_prefix(std::min(line.size() + 1, text.size()));
    }
    return true;
}

// The hook stands in a start-up file, and yet it does not run.
Finding unreached(const Known& known, const Sight& sight) {
    const std::string name(known.shell.name);
    const std::string file = known.hook.file.string();
    const auto fault = [&](const std::string& why, std::string fix) {
        const std::string what = "the hook does not run in a new shell: ";
        return Finding{name, State::fault, what + why, {file}, std::move(fix)};
    };
    if (known.starts.blocks.empty() && known.starts.hooks.empty())
        return fault("its start-up file, which may not be read there, does not have it",
                     "envmesh-cli hook install " + name);
    if (known.hook.is_ours_alone)
        return fault("another start-up file fails or takes it away",
                     name + " -i   (it may say what fails)");
    const bool is_first = is_at_top(known.text);
    if (sight.begun || (is_first && name != "bash" && name != "zsh"))
        return fault("what stands after its block takes it away",
                     "Move the block to the end of " + file);
    if (is_first)
        return fault("an earlier start-up file returns or fails",
                     name + " -i   (it may say what fails)");
    return fault("what stands before its block returns or fails",
                 "Move the block to the top of " + file);
}

// Why a new shell can have nothing from us at all.
Findings hindrance(const Known& known, const Facts& facts, const Sight& sight) {
    const auto fault = [&](std::string message, std::vector<std::string> about, std::string fix) {
        return Findings{{std::string(known.shell.name), State::fault, std::move(message),
                         std::move(about), std::move(fix)}};
    };
    const std::string file = known.hook.file.string();
    if (sight.program == "none")
        return fault("a new shell does not find envmesh-cli in its PATH, so the hook does nothing",
                     {},
                     "Put " + facts.program.parent_path().string() +
                         " into PATH before the block in " + file);
    if (!sight.same_daemon)
        return fault("a new shell speaks to another daemon: ENVMESH_HOME is another one there", {},
                     "grep -n ENVMESH_HOME " + word(known.hook.file));
    if (!sight.asked)
        return fault("in a new shell the daemon does not say what is to be exported", {},
                     "envmesh-cli export --strict");
    if (!sight.follows && sight.missing + sight.different > 0) return {unreached(known, sight)};
    return {};
}

Findings differing(const Known& known, const Sight& sight) {
    const std::string name(known.shell.name);
    const std::string of_all = " of " + std::to_string(sight.total) + " variables ";
    Findings found;
    const auto add = [&](std::size_t count, const char* what,
                         const std::vector<std::string>& names) {
        if (count > 0)
            found.push_back({name, State::fault, std::to_string(count) + of_all + what, names,
                             reference(known.hook.file, names)});
    };
    add(sight.missing, "are taken away again in a new shell", sight.missing_names);
    add(sight.different, "get another value in a new shell", sight.different_names);
    return found;
}

Findings about_new_shell(const Known& known, const Facts& facts) {
    const std::string name(known.shell.name);
    const auto sight = try_shell(known.shell, facts);
    if (!sight && sight.error().code == Code::unreachable)
        return {{name,
                 State::fault,
                 "a new shell ends before it has done anything",
                 {sight.error().message},
                 name + " -i"}};
    if (!sight)
        return {{name,
                 State::warning,
                 "a new shell shows no prompt in time: a start-up file asks something, hangs or "
                 "is slow",
                 {known.hook.file.string() + ": " + sight.error().message},
                 name + " -i"}};
    if (auto found = hindrance(known, facts, *sight); !found.empty()) return found;
    if (auto found = differing(known, *sight); !found.empty()) return found;
    if (sight->program == "other")
        return {{name,
                 State::warning,
                 "PATH of a new shell leads to another envmesh-cli",
                 {},
                 "Put " + facts.program.parent_path().string() + " first in PATH, in " +
                     known.hook.file.string()}};
    return {{name, State::ok, "a new shell gets " + counted(sight->total, "variable")}};
}

std::vector<Shell> installed() {
    std::vector<Shell> out;
    for (const char* name : hooked_shells)
        if (!platform::program_in_path(name).empty()) out.push_back(*shell_named(name));
    return out;
}

} // namespace

Findings start_up_files(const Facts& facts) {
    Findings all;
    for (const Shell& shell : installed())
        for (Finding& one : about_files(shell, facts))
            all.push_back(std::move(one));
    return all;
}

Findings login_shell(const Facts&) {
    const std::string path(inherited("SHELL").value_or(""));
    const auto finding = [&](State state, std::string what, std::string fix) {
        return Findings{{"login-shell", state, std::move(what), {path}, std::move(fix)}};
    };
    const std::string run = "envmesh-cli run -- COMMAND";
    std::error_code error;
    if (path.empty()) return {};
    if (!std::filesystem::exists(path, error))
        return finding(State::warning, "the login shell is not there", "chsh");
    if (is_c_shell(path))
        return finding(State::warning, "variables do not reach a C shell, nor can they", run);
    const auto shell = shell_named(path);
    if (!shell)
        return finding(State::warning, "the login shell is none that variables can reach", run);
    if (has(hooked_shells, shell->name)) return {};
    return finding(State::ok,
                   "the login shell has no hook; in it works: eval \"$(envmesh-cli export)\"", "");
}

// Without the daemon's word there is nothing to compare with.
Findings new_shells(const Facts& facts) {
    Findings all;
    if (!facts.exported || facts.program.empty()) return all;
    for (const Shell& shell : installed()) {
        const auto known = known_of(shell);
        if (!known || known->hooks() == 0) continue;
        for (Finding& one : about_new_shell(*known, facts))
            all.push_back(std::move(one));
    }
    return all;
}

} // namespace envmesh::cli::diagnosis
