// SPDX-License-Identifier: MIT
#include "cli/doctor/trial.h"

#include "cli/script.h"
#include "core/base/clock.h"
#include "platform/process.h"
#include "platform/pseudo_terminal.h"

#include <map>

namespace envmesh::cli::diagnosis {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto patience = 5s;
constexpr auto silence = 60ms;          // after which a prompt is taken to be all there
constexpr auto longest_display = 500ms; // of a prompt that never stops moving
constexpr std::size_t most_shown = 64 * 1024;

std::vector<std::string> start_of(const Shell& shell) {
    const std::string name(shell.name);
    if (name == "zsh")
        return {name, "-o", "hist_ignore_space", "-i"}; // what we type begins with one
    if (name == "xonsh") return {name, "--interactive"};
    if (name == "pwsh") return {name, "-NoLogo"};
    if (name == "nu") return {name};
    return {name, "-i"};
}

std::vector<Secret> lines_of(const std::map<std::string, Secret, std::less<>>& values) {
    std::vector<Secret> lines;
    for (const auto& [name, value] : values) {
        std::string line = name + '=';
        line += value.reveal_text();
        lines.emplace_back(std::string_view(line));
        wipe(line);
    }
    return lines;
}

// What a terminal would hand to a shell: this environment without what came from EnvMesh, or the
// new shell would have it even if it did nothing for it.
std::vector<Secret> environment_of_terminal(const std::vector<Wanted>& wanted) {
    std::map<std::string, Secret, std::less<>> values;
    const Secret all = platform::environment();
    std::string_view rest = all.reveal_text();
    while (!rest.empty()) {
        const std::string_view one = rest.substr(0, rest.find('\0'));
        rest.remove_prefix(std::min(one.size() + 1, rest.size()));
        const auto equals = one.find('=');
        if (equals != std::string_view::npos)
            values.emplace(one.substr(0, equals), Secret(one.substr(equals + 1)));
    }
    auto undone = changes({}, marks_from(inherited(marks_variable).value_or("")), inherited);
    for (auto& [name, value] : undone.items) {
        values.erase(name);
        if (value) values.emplace(name, std::move(*value));
    }
    values.erase(marks_variable);
    for (const Wanted& one : wanted)
        if (one.mode == Mode::replace) values.erase(std::string(one.name));
    values.emplace("TERM", Secret(std::string_view("xterm")));
    values.emplace("HISTCONTROL", Secret(std::string_view("ignorespace")));
    return lines_of(values);
}

// Some shells ask where the cursor is, or what the terminal can do, and wait for it.
std::string answers_to(std::string_view shown) {
    std::string out;
    for (auto at = shown.find("\x1b["); at != std::string_view::npos;
         at = shown.find("\x1b[", at + 1)) {
        const auto query = shown.substr(at + 2);
        if (query.starts_with("6n")) out += "\x1b[1;1R";
        if (query.starts_with("c") || query.starts_with("0c")) out += "\x1b[?6c";
        if (query.starts_with("?u")) out += "\x1b[?0u";
    }
    return out;
}

class Session {
  public:
    Session(platform::PseudoTerminal& terminal, Clock::time_point end)
        : terminal_(terminal), end_(end) {}

    /// Until the shell takes keys and says nothing more.
    Result<> prompt() {
        std::optional<Clock::time_point> ready;
        while (Clock::now() < end_) {
            const auto shown = terminal_.read(std::min(end_, Clock::now() + silence));
            if (!shown) return std::unexpected(shown.error());
            keep(*shown);
            if (!terminal_.awaits_keys()) {
                ready.reset();
                continue;
            }
            if (!ready) ready = Clock::now();
            if (shown->empty() || Clock::now() > *ready + longest_display) return {};
        }
        return fail(Code::timeout, "It shows no prompt.");
    }

    Result<Sight> answer(const std::string& nonce) {
        while (Clock::now() < end_) {
            const auto shown = terminal_.read(std::min(end_, Clock::now() + silence));
            if (!shown) return std::unexpected(shown.error());
            keep(*shown);
            if (auto sight = heard(shown_, nonce)) return std::move(*sight);
        }
        return fail(Code::timeout, "It does not run what is typed.");
    }

    void type(std::string_view keys) { terminal_.type(keys, end_); }

  private:
    void keep(const std::string& shown) {
        if (const auto answers = answers_to(shown); !answers.empty()) type(answers);
        shown_ += shown;
        if (shown_.size() > most_shown) shown_.erase(0, shown_.size() - most_shown / 2);
    }

    platform::PseudoTerminal& terminal_;
    Clock::time_point end_;
    std::string shown_;
};

std::string new_nonce() {
    Block<8> bytes{};
    SystemRandom().fill(bytes);
    return hex(bytes);
}

// A variable that is there once the hook's code has been read, whether it runs or not.
std::string tries_of_hook(const Shell& shell) {
    if (shell.name == "fish") return " \"$_envmesh_tries\"";
    const bool is_told = shell.name == "bash" || shell.name == "zsh";
    return is_told ? " \"${_envmesh_tries-}\"" : "";
}

struct Attempt {
    const Shell& shell;
    const Facts& facts;
    Clock::time_point end;
};

// A hook that was too late for one prompt asks again at the next; `prompts` go by before we look.
Result<Sight> look(const Attempt& attempt, int prompts) {
    auto terminal = platform::PseudoTerminal::start(
        {start_of(attempt.shell), environment_of_terminal(attempt.facts.wanted)});
    if (!terminal) return std::unexpected(terminal.error());
    Session session(**terminal, attempt.end);
    for (int i = 0; i < prompts; ++i) {
        if (auto ready = session.prompt(); !ready) return std::unexpected(ready.error());
        session.type("\r");
    }
    if (auto ready = session.prompt(); !ready) return std::unexpected(ready.error());
    const std::string nonce = new_nonce();
    session.type(typed(attempt.shell,
                       {attempt.facts.program.string(), "--socket", attempt.facts.socket.string(),
                        "doctor-look", std::string(attempt.shell.name), nonce}) +
                 tries_of_hook(attempt.shell) + "\r");
    return session.answer(nonce);
}

bool is_well(const Sight& sight) {
    return sight.asked && sight.missing == 0 && sight.different == 0;
}

} // namespace

std::string typed(const Shell& shell, const std::vector<std::string>& words) {
    std::string line;
    for (const std::string& word : words) {
        const std::string text = quoted(shell.dialect, word);
        line += (line.empty() ? "" : " ") + (shell.name == "xonsh" ? "@(" + text + ")" : text);
    }
    if (shell.name == "xonsh") return " $[" + line + "]";
    if (shell.name == "pwsh") return " & " + line;
    if (shell.name == "nu") return " ^" + line;
    return " " + line; // shells keep no history of what begins with a space
}

Result<Sight> try_shell(const Shell& shell, const Facts& facts) {
    const Attempt attempt{shell, facts, Clock::now() + patience};
    auto first = look(attempt, 0);
    if (!first || is_well(*first) || first->program == "none") return first;
    auto second = look(attempt, 2);
    return second ? std::move(second) : std::move(first);
}

} // namespace envmesh::cli::diagnosis
