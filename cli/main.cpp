// SPDX-License-Identifier: MIT
#include "cli/parser.h"
#include "cli/prompt.h"
#include "platform/process.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace envmesh::cli {
namespace {

Output::Options output_options(const Grammar& grammar) {
    Output::Options options;
    options.json = grammar.json;
    options.quiet = grammar.quiet || std::getenv("ENVMESH_QUIET") != nullptr;
    if (grammar.colour == "always") options.colour = Colour::always;
    if (grammar.colour == "never") options.colour = Colour::never;
    return options;
}

int report(const Output& out, const Error& error) {
    out.error(error);
    return exit_status(error.code);
}

int run(const Grammar& grammar, ipc::Deadline started) {
    Output out(output_options(grammar));
    Context context{out, grammar.socket, std::nullopt, started};
    if (!grammar.timeout.empty()) {
        const auto timeout = parse_duration("--timeout", grammar.timeout);
        if (!timeout) return report(out, timeout.error());
        context.timeout = *timeout;
    }
    const Exit result = grammar.run(context);
    if (!result) return report(out, result.error());
    const auto written = out.finish();
    return written ? *result : report(out, written.error());
}

int main(std::span<char*> words) {
    const auto started = std::chrono::steady_clock::now();
    platform::harden_front_end();
    Grammar grammar;
    const auto answer = parse(words, grammar);
    if (answer && !*answer) return run(grammar, started);
    Output::Options options; // whether --json was among them is not known once parsing has failed
    options.json =
        std::ranges::any_of(words, [](std::string_view word) { return word == "--json"; });
    Output out(options);
    if (!answer) return report(out, answer.error());
    out.raw(view(**answer));
    const auto written = out.finish();
    return written ? 0 : report(out, written.error());
}

} // namespace
} // namespace envmesh::cli

// What an exception says may hold a value.
int main(int argc, char** argv) {
    try {
        return envmesh::cli::main({argv, static_cast<std::size_t>(argc)});
    } catch (const std::exception&) {
        std::fputs("envmesh-cli: an internal fault, or no memory was left\n", stderr);
        return envmesh::exit_status(envmesh::Code::internal);
    }
}
