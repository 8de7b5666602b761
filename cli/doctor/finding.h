// SPDX-License-Identifier: MIT
// What a check of `doctor` found.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace envmesh::cli::diagnosis {

enum class State { ok, warning, fault };

struct Finding {
    std::string check; // the same word in every version: programs look for it
    State state = State::ok;
    /// Names nothing of the person's: no variable, machine, file, address. It goes into bundles.
    std::string message;
    /// What it is about; may name all of that, but no value. Never in a bundle.
    std::vector<std::string> about{};
    std::string fix{}; // the command, or what to do; as `about`
};
using Findings = std::vector<Finding>;

inline std::string joined(const std::vector<std::string>& words, const char* between = ", ") {
    std::string out;
    for (const std::string& word : words)
        out += (out.empty() ? "" : between) + word;
    return out;
}

bool has(const auto& list, const auto& one) {
    return std::ranges::find(list, one) != std::ranges::end(list);
}

/// "1 variable", "2 variables".
inline std::string counted(std::size_t number, const std::string& what) {
    return std::to_string(number) + ' ' + what + (number == 1 ? "" : "s");
}

} // namespace envmesh::cli::diagnosis
