// SPDX-License-Identifier: MIT
#include "cli/doctor/facts.h"

#include "cli/commands/calls.h"
#include "cli/project.h"
#include "cli/script.h"
#include "platform/files.h"
#include "platform/process.h"

#include <algorithm>
#include <cstdlib>

namespace envmesh::cli::diagnosis {
namespace {

constexpr std::chrono::milliseconds patience{3'000};
constexpr std::chrono::milliseconds patience_with_keychain{12'000}; // two calls of at most 5 s

std::unexpected<Error> not_asked() { return fail(Code::unreachable, "The daemon was not asked."); }

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : value;
}

std::string known_shell(const std::string& program) {
    const auto shell = shell_named(program);
    return shell ? std::string(shell->name) : std::string();
}

// As --profile reads it from there.
std::vector<std::string> profiles_of_environment() {
    std::vector<std::string> out;
    const std::string text = variable("ENVMESH_PROFILE");
    for (std::size_t from = 0; from < text.size();) {
        const auto end = std::min(text.find(',', from), text.size());
        if (end > from) out.push_back(text.substr(from, end - from));
        from = end + 1;
    }
    return out;
}

bool is_of_the_connection(const Error& error) {
    return error.code == Code::unreachable || error.code == Code::timeout ||
           error.code == Code::protocol;
}

class Asker {
  public:
    Asker(const std::filesystem::path& socket, std::chrono::milliseconds limit)
        : limit_(limit), client_(connect(socket, deadline())) {}

    [[nodiscard]] Result<api::Hello> greeting() const {
        if (!client_) return std::unexpected(client_.error());
        return client_->daemon();
    }
    template <class Call>
    void ask(Result<typename Call::Reply>& into, Call call = Call()) {
        if (!client_) return;
        into = client_->ask(std::move(call), deadline());
        if (!into && is_of_the_connection(into.error())) client_ = std::unexpected(into.error());
    }
    [[nodiscard]] bool answers() const { return client_.has_value(); }
    [[nodiscard]] ipc::Deadline deadline() const {
        return std::chrono::steady_clock::now() + limit_;
    }

  private:
    std::chrono::milliseconds limit_;
    Result<ipc::Client> client_;
};

} // namespace

Result<api::Export::Reply> ask_export(const std::filesystem::path& socket, ipc::Deadline deadline) {
    auto chosen = scoping(profiles_of_environment());
    if (!chosen) return std::unexpected(chosen.error());
    api::Export call;
    call.scoping = std::move(*chosen);
    return export_all(connect(socket, deadline), std::move(call), deadline);
}

Facts gather(const Context& context) {
    Facts facts{.program = platform::own_program(),
                .paths = platform::paths(),
                .socket = context.socket,
                .parent = known_shell(platform::parent_process_name()),
                .login = known_shell(variable("SHELL")),
                .daemon = not_asked(),
                .status = not_asked(),
                .peers = not_asked(),
                .untrusted = not_asked(),
                .injected = not_asked(),
                .keychain = not_asked(),
                .exported = not_asked(),
                .wanted = {}};
    std::error_code error; // a shell may begin in another folder
    if (!facts.socket.empty()) facts.socket = std::filesystem::absolute(facts.socket, error);
    if (facts.socket.empty() && facts.paths) facts.socket = facts.paths->socket;
    if (facts.socket.empty()) return facts;
    facts.is_socket_there = platform::exists(facts.socket);
    Asker asker(facts.socket, std::min(context.timeout.value_or(patience), patience));
    facts.daemon = asker.greeting();
    asker.ask<api::Status>(facts.status);
    asker.ask<api::Peers>(facts.peers);
    if (auto chosen = scoping(profiles_of_environment()))
        asker.ask(facts.untrusted, api::Untrusted{false, std::move(*chosen)});
    asker.ask<api::Injected>(facts.injected);
    if (!asker.answers()) return facts;
    Asker(facts.socket, patience_with_keychain).ask<api::Keychain>(facts.keychain);
    facts.exported = ask_export(facts.socket, asker.deadline());
    const auto shell = choose_shell({{}, {}, facts.parent, facts.login});
    if (facts.exported && shell) facts.wanted = wanted_of(*facts.exported, shell->dialect);
    return facts;
}

std::optional<std::string_view> inherited(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string_view>(value);
}

Difference difference(const std::vector<Wanted>& wanted) {
    Difference out;
    for (const auto& item : changes(wanted, {}, inherited).items)
        (inherited(item.name) ? out.different : out.missing).push_back(item.name);
    return out;
}

std::string word(const std::filesystem::path& path) {
    std::string text = path.string();
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("/._-+:@").contains(c);
    };
    if (!text.empty() && std::ranges::all_of(text, is_plain)) return text;
    return quoted(Dialect::posix, text);
}

} // namespace envmesh::cli::diagnosis
