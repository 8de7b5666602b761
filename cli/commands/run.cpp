// SPDX-License-Identifier: MIT
#include "cli/changes.h"
#include "cli/commands.h"
#include "cli/commands/calls.h"
#include "cli/glob.h"
#include "cli/project.h"
#include "platform/child.h"
#include "platform/process.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>
#include <set>
#include <thread>

namespace envmesh::cli {
namespace {

// What env(1) and others say of themselves, rather than of the program.
constexpr int not_started = 125;
constexpr int not_executable = 126;
constexpr int not_found = 127;
constexpr int signalled = 128;
constexpr std::chrono::seconds patience{10};
constexpr std::chrono::seconds between_attempts{2};
constexpr std::chrono::hours look_again{1};

using Values = std::map<std::string, Secret, std::less<>>;

Values inherited(bool everything) {
    Values out;
    const Secret all = platform::environment();
    std::string_view rest = all.reveal_text();
    while (!rest.empty()) {
        const std::string_view one = rest.substr(0, rest.find('\0'));
        rest.remove_prefix(std::min(one.size() + 1, rest.size()));
        const auto equals = one.find('=', 1); // Windows has names that begin with it
        if (equals == std::string_view::npos) continue;
        const std::string_view name = one.substr(0, equals);
        if (everything || name == "PATH") out.emplace(name, Secret(one.substr(equals + 1)));
    }
    return out;
}

void put(Values& values, const api::Export::Item& item) {
    const Environment here = [&values](const std::string& name) -> std::optional<std::string_view> {
        const auto found = values.find(name);
        if (found == values.end()) return std::nullopt;
        return found->second.reveal_text();
    };
    auto due = changes({{item.key, item.value.reveal(), mode_of(item.type)}}, {}, here);
    for (auto& [name, value] : due.items)
        if (value) values.insert_or_assign(name, std::move(*value));
}

std::vector<Secret> lines(const Values& values) {
    std::vector<Secret> out;
    for (const auto& [name, value] : values) {
        std::string line = name + '=';
        line += value.reveal_text();
        out.emplace_back(std::string_view(line));
        wipe(line);
    }
    return out;
}

using Said = std::set<std::string>;

// Each thing once, however often the program begins anew.
void note_news(Context& context, const api::Export::Reply& all, Said& said) {
    api::Export::Reply news;
    const auto is_new = [&said](const std::string& one) { return said.insert(one).second; };
    std::ranges::copy_if(all.skipped, std::back_inserter(news.skipped), is_new);
    std::ranges::copy_if(all.missing, std::back_inserter(news.missing), is_new);
    note_left_out(context, news);
}

Result<std::vector<Secret>> environment_for(Context& context, const RunOptions& options,
                                            Said& said) {
    auto chosen = scoping(options.profiles);
    if (!chosen) return std::unexpected(chosen.error());
    api::Export call;
    call.scoping = std::move(*chosen);
    call.run = true;
    const auto all = export_all(context.connect(), std::move(call), context.deadline());
    if (!all) return std::unexpected(all.error());
    Values values = inherited(!options.no_inherit);
    for (const auto& item : all->items)
        if (matches(options.only, item.key)) put(values, item);
    note_news(context, *all, said);
    if (!all->missing.empty())
        return fail(Code::not_found,
                    "The project requires " + all->missing.front() +
                        ", and it does not reach the program.",
                    "'envmesh-cli explain " + all->missing.front() + "' tells why.");
    return lines(values);
}

int report(Context& context, const Error& error, int status) {
    context.out.error(error, status);
    return status;
}

/// The program itself could not be started.
int report(Context& context, const Error& error) {
    if (error.code == Code::not_found) return report(context, error, not_found);
    return report(context, error, error.code == Code::denied ? not_executable : not_started);
}

/// The program of `run --watch`, begun anew whenever its environment is another one. Its end is
/// ours.
class Watched {
  public:
    Watched(Context& context, const RunOptions& options) : context_(context), options_(options) {}

    Exit run() {
        auto environment = environment_for(context_, options_, said_);
        if (!environment) return report(context_, environment.error(), not_started);
        environment_ = std::move(*environment);
        if (auto begun = start(); !begun) return report(context_, begun.error());
        while (true) {
            follow();
            std::this_thread::sleep_for(between_attempts); // it runs on without a daemon
        }
    }

  private:
    /// Until the daemon is gone.
    void follow() {
        auto client = context_.connect();
        if (!client || !client->ask(api::Watch(), context_.deadline())) return;
        for (begin_anew();;) {
            const auto event = client->next_event(std::chrono::steady_clock::now() + look_again);
            if (!event && event.error().code != Code::timeout) return;
            if (event && event->event != "variables-changed" && event->event != "lock") continue;
            begin_anew();
        }
    }

    void begin_anew() {
        auto environment = environment_for(context_, options_, said_);
        if (!environment || *environment == environment_) return; // locked: it keeps what it has
        context_.out.note("variables have changed; starting " + options_.words.front() + " again");
        if (const int signal = child_->end(patience); signal != 0) std::_Exit(signalled + signal);
        environment_ = std::move(*environment);
        if (auto begun = start(); !begun) std::_Exit(report(context_, begun.error()));
    }

    Result<> start() {
        platform::Program program{options_.words, {}};
        for (const Secret& line : environment_)
            program.environment.push_back(line.copy());
        auto child = platform::Child::start(program, [](int status) { std::_Exit(status); });
        if (!child) return std::unexpected(child.error());
        child_ = std::move(*child);
        return {};
    }

    Context& context_;
    const RunOptions& options_;
    std::vector<Secret> environment_;
    Said said_;
    std::unique_ptr<platform::Child> child_;
};

} // namespace

Exit run(Context& context, const RunOptions& options) {
    if (options.watch) return Watched(context, options).run();
    Said said;
    auto environment = environment_for(context, options, said);
    if (!environment) return report(context, environment.error(), not_started);
    return report(context, platform::become({options.words, std::move(*environment)}));
}

} // namespace envmesh::cli
