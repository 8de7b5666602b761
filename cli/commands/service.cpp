// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "platform/autostart.h"
#include "platform/process.h"

#include <cstdlib>
#include <thread>

namespace envmesh::cli {
namespace {

Object described(const platform::Autostart& now) {
    std::vector<std::string> files;
    for (const auto& file : now.files)
        files.push_back(file.string());
    const auto or_null = [](const std::string& text) -> FieldValue {
        if (text.empty()) return nullptr;
        return text;
    };
    return {{"installed", !now.kind.empty()},
            {"kind", or_null(now.kind)},
            {"state", or_null(now.state)},
            {"running", now.is_running},
            {"pid", now.pid == 0 ? FieldValue(nullptr) : FieldValue(std::int64_t{now.pid})},
            {"at_login", now.is_on},
            {"outlives_logout", now.outlives_logout},
            {"current", now.is_current},
            {"changed", now.is_changed},
            {"program", or_null(now.program.string())},
            {"files", files}};
}

void show(Output& out, const platform::Autostart& now) {
    if (out.is_json()) return out.object(described(now));
    if (now.kind.empty())
        return out.line("The service is not installed; install it: envmesh-cli daemon install");
    const auto line = [&out](std::string_view label, const std::string& text) {
        out.line(std::string(label) + printable(text));
    };
    line("service         ", now.kind);
    line("state           ", now.state);
    if (now.pid != 0) line("process         ", std::to_string(now.pid));
    line("at login        ", now.is_on ? "starts" : "does not start");
    line("after logout    ", now.outlives_logout ? "goes on" : "ends with the last session");
    line("program         ", now.program.string());
    for (const auto& file : now.files)
        line("file            ", file.string());
    if (now.is_changed)
        line("                ", "changed by hand: `install` and `uninstall` leave it alone");
    else if (!now.is_current)
        line("                ", "not up to date: envmesh-cli daemon install");
}

Result<std::filesystem::path> daemon_program() {
    std::error_code error;
    auto beside = platform::own_program().parent_path() / "envmesh-daemon";
    if (std::filesystem::exists(beside, error)) return beside;
    auto found = std::filesystem::absolute(platform::program_in_path("envmesh-daemon"), error);
    if (!error && found.has_filename()) return found;
    return fail(Code::not_found, "There is no envmesh-daemon beside envmesh-cli, nor in PATH.",
                "Install it there.");
}

// The service gets the folders of the daemon that runs: that one ends first. One in other folders,
// or that the service runs already, goes on.
Result<> end_what_was_started_by_hand(const Context& context) {
    constexpr std::chrono::seconds patience{10};
    if (!context.socket.empty() || std::getenv("ENVMESH_HOME") != nullptr) return {};
    auto client = context.connect();
    const auto now = client ? platform::autostart() : Result<platform::Autostart>();
    if (!client || !now || now->is_running) return {};
    const auto deadline = std::chrono::steady_clock::now() + patience;
    if (auto ended = client->ask(api::Shutdown(), deadline); !ended)
        return std::unexpected(ended.error());
    while (context.connect()) {
        if (std::chrono::steady_clock::now() > deadline)
            return fail(Code::timeout, "The daemon that runs does not end.",
                        "End the process envmesh-daemon, then try again.");
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    context.out.note("The daemon that was started by hand has ended; its vault is locked again.");
    return {};
}

// A daemon that was killed could not undo what it had put into the session's environment.
Result<> take_back(const Output& out) {
    constexpr std::chrono::seconds patience{30};
    const auto daemon = daemon_program();
    if (!daemon) {
        out.note("No envmesh-daemon is here that could undo what a killed one has left in the "
                 "session's environment.");
        return {};
    }
    const auto deadline = std::chrono::steady_clock::now() + patience;
    const auto done = platform::output_of(
        platform::Program{{daemon->string(), "--take-back"}, platform::plain_environment()}, 0,
        deadline);
    if (done) return {};
    return fail(done.error().code,
                "The service is gone, and something that its daemon had put into the session's "
                "environment is still there.",
                "It tells why, and tries again: " + daemon->string() + " --take-back");
}

void show(Output& out, const platform::Uninstalled& done) {
    std::vector<std::string> removed;
    for (const auto& file : done.removed)
        removed.push_back(file.string());
    if (out.is_json()) return out.object({{"ok", true}, {"removed", removed}});
    if (!done.was_installed) return out.line("The service was not installed.");
    for (const auto& file : removed)
        out.line("removed " + printable(file));
    if (removed.empty())
        out.line("The service is stopped and switched off; its files are a package's and stay.");
}

} // namespace

Exit install_service(Context& context, const NoOptions&) {
    const auto daemon = daemon_program();
    if (!daemon) return std::unexpected(daemon.error());
    if (auto checked = platform::check_autostart(*daemon); !checked)
        return std::unexpected(checked.error());
    if (auto ended = end_what_was_started_by_hand(context); !ended)
        return std::unexpected(ended.error());
    const auto now = platform::install_autostart(*daemon);
    if (!now) return std::unexpected(now.error());
    show(context.out, *now);
    return 0;
}

Exit uninstall_service(Context& context, const NoOptions&) {
    Result<> taken_back;
    const auto done = platform::uninstall_autostart([&] { taken_back = take_back(context.out); });
    if (!done) return std::unexpected(done.error());
    if (!taken_back) return std::unexpected(taken_back.error());
    show(context.out, *done);
    return 0;
}

Exit service_status(Context& context, const NoOptions&) {
    const auto now = platform::autostart();
    if (!now) return std::unexpected(now.error());
    show(context.out, *now);
    if (now->kind.empty()) return exit_status(Code::not_found);
    return now->is_running ? 0 : exit_status(Code::unreachable);
}

Exit service_logs(Context& context, const ServiceOptions& options) {
    using enum platform::LogEnd;
    if (context.out.is_json())
        return fail(Code::usage, "The service's log is text: it is not printed as JSON.",
                    "Leave --json away, or ask: journalctl --user -u envmesh.service -o json");
    const auto program = platform::log_program(options.lines, options.follow ? follow : stop);
    if (!program) return std::unexpected(program.error());
    return std::unexpected(platform::become(*program));
}

} // namespace envmesh::cli
