// SPDX-License-Identifier: MIT
#include "daemon/daemon.h"
#include "daemon/home.h"
#include "daemon/log.h"
#include "platform/files.h"
#include "platform/process.h"

#include <csignal>
#include <cstdio>
#include <optional>
#include <string_view>

namespace {

using namespace envmesh;

constexpr const char* help =
    R"(envmesh-daemon: keeps environment variables in step on all your machines

Usage: envmesh-daemon [--config FILE] [--log-to-file | --print-server-key | --print-join-token |
                      --take-back]

  --config FILE       read this configuration instead of the usual places
  --log-to-file       log into $XDG_STATE_HOME/envmesh/daemon.log (else ~/.local/state), at most 1 MiB
  --print-server-key  print the fingerprint that `envmesh-cli init --server-key` takes
  --print-join-token  print the token that making a mesh on this server takes
  --take-back         undo what a killed daemon has left in the environment of the login session
  --version, --help

Stays in the foreground and logs on standard error. ENVMESH_HOME puts everything under one folder. A
file vault.key among the credentials of its service (LoadCredential=) is used as vault.key_file.
SIGHUP makes it read its configuration again.
)";

struct Options {
    std::optional<std::string> config;
    bool log_to_file = false;
    enum class Action {
        run,
        print_server_key,
        print_join_token,
        take_back,
        version,
        usage
    } action = Action::run;
};

Result<Options> parse(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--config" && i + 1 == argc)
            return fail(Code::usage, "no file follows --config", "see envmesh-daemon --help");
        if (argument == "--config")
            options.config = argv[++i];
        else if (argument == "--log-to-file")
            options.log_to_file = true;
        else if (argument == "--print-server-key")
            options.action = Options::Action::print_server_key;
        else if (argument == "--print-join-token")
            options.action = Options::Action::print_join_token;
        else if (argument == "--take-back")
            options.action = Options::Action::take_back;
        else if (argument == "--version")
            options.action = Options::Action::version;
        else if (argument == "--help" || argument == "-h")
            options.action = Options::Action::usage;
        else
            return fail(Code::usage, "unknown argument " + std::string(argument),
                        "see envmesh-daemon --help");
    }
    return options;
}

Result<config::Config> from_file(const Options& options, const platform::Paths& paths) {
    if (options.config) return config::load(*options.config);
    for (const auto& candidate : paths.config_candidates)
        if (platform::exists(candidate)) return config::load(candidate);
    return config::Config{};
}

Result<config::Config> configuration(const Options& options, const platform::Paths& paths) {
    auto config = from_file(options, paths);
    if (!config) return config;
    if (auto credential = daemon::credential("vault.key"); !credential.empty())
        config->key_file = std::move(credential);
    return config;
}

Result<> print(Result<std::string> line) {
    if (!line) return std::unexpected(line.error());
    std::puts(line->c_str());
    return {};
}

Result<> act(const Options& options) {
    if (options.action == Options::Action::version) return print("envmesh-daemon " ENVMESH_VERSION);
    if (options.action == Options::Action::usage) return print(help);
    auto paths = platform::paths();
    if (!paths) return std::unexpected(paths.error());
    if (options.action == Options::Action::take_back) return daemon::take_back(*paths);
    auto config = configuration(options, *paths);
    if (!config) return std::unexpected(config.error());
    if (options.action == Options::Action::print_server_key)
        return print(daemon::server_key(*config, *paths));
    if (options.action == Options::Action::print_join_token)
        return print(daemon::join_token(*config, *paths));
    LogSink sink;
    if (options.log_to_file) {
        auto file = daemon::log_into(paths->log);
        if (!file) return std::unexpected(file.error());
        sink = std::move(*file);
    }
    set_log_sink(sink);
    auto done = daemon::run([&] { return configuration(options, *paths); }, *paths, sink);
    if (!done && sink) log_error("ended", "reason", done.error().message);
    return done;
}

} // namespace

int main(int argc, char** argv) {
    std::signal(SIGHUP, SIG_IGN); // until it is listened to
    auto done = platform::begin_clean(argv);
    platform::harden();
    platform::restrict_umask();
    const auto options = parse(argc, argv);
    if (done) done = options ? act(*options) : Result<>(std::unexpected(options.error()));
    if (done) return 0;
    std::fprintf(stderr, "envmesh-daemon: %s\n", done.error().message.c_str());
    if (!done.error().fix.empty()) std::fprintf(stderr, "  fix: %s\n", done.error().fix.c_str());
    return exit_status(done.error().code);
}
