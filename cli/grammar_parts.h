// SPDX-License-Identifier: MIT
// What the parts of the grammar are made with.
#pragma once

#include "cli/grammar.h"

#include <algorithm>

#include <CLI/CLI.hpp>

namespace envmesh::cli {

/// Adds the verbs that are wanted.
struct Verbs {
    CLI::App& app;
    std::function<Exit(Context&)>& run;
    std::span<char* const> typed; // empty: all of them are wanted

    /// Nothing when it is not wanted. Of itself it does nothing.
    [[nodiscard]] CLI::App* group(const char* name, const char* help) const {
        const auto is_name = [name](const char* word) { return std::string_view(word) == name; };
        if (!typed.empty() && std::ranges::none_of(typed, is_name)) return nullptr;
        return app.add_subcommand(name, help);
    }
    template <class Options>
    CLI::App* add(const char* name, const char* help, const Options& options,
                  Exit (*command)(Context&, const Options&)) const {
        CLI::App* added = group(name, help);
        if (added == nullptr) return nullptr;
        added->callback([added, &to = run, &options, command] {
            if (!added->get_subcommands().empty()) return; // the one below it was meant
            to = [&options, command](Context& context) { return command(context, options); };
        });
        return added;
    }
};

constexpr auto password_help = "File with the master password; - is standard input";
inline void add_password(CLI::App& to, std::string& file, const char* help = password_help) {
    to.add_option("--password-file", file, help)->type_name("FILE");
}

// grammar_service.cpp
void add_service(const Verbs& verbs, Grammar& to);
// grammar_vault.cpp
void add_vault(const Verbs& verbs, Grammar& to);

} // namespace envmesh::cli
