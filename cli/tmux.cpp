// SPDX-License-Identifier: MIT
#include "cli/tmux.h"

#include "platform/child.h"

#include <algorithm>

namespace envmesh::cli {
namespace {

constexpr std::size_t most_bytes = 8 * 1024 * 1024;

bool skip(std::string_view& text, std::string_view what) {
    if (!text.starts_with(what)) return false;
    text.remove_prefix(what.size());
    return true;
}

// The text up to the quote that ends it, which goes as well.
Secret take_quoted(std::string_view& text) {
    std::string value;
    std::size_t at = 0;
    for (; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\' && at + 1 < text.size()) ++at;
        value += text[at];
    }
    text.remove_prefix(std::min(at + 1, text.size()));
    Secret out{std::string_view(value)};
    wipe(value);
    return out;
}

} // namespace

TmuxEnvironment tmux_environment_from(std::string_view text) {
    TmuxEnvironment out;
    while (!text.empty()) {
        if (text.starts_with("unset ")) {
            text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
            continue;
        }
        const std::string name(text.substr(0, text.find('=')));
        if (!skip(text, name + "=\"")) break;
        Secret value = take_quoted(text);
        if (!skip(text, "; export " + name + ";\n")) break;
        out.emplace(name, std::move(value));
    }
    return out;
}

// -u: or all that is not ASCII would come as '_'.
Result<TmuxEnvironment> tmux_environment(std::chrono::steady_clock::time_point deadline) {
    const auto said =
        platform::output_of({"tmux", "-u", "show-environment", "-g", "-s"}, most_bytes, deadline);
    if (said) return tmux_environment_from(said->reveal_text());
    if (said.error().code == Code::timeout) return std::unexpected(said.error());
    return TmuxEnvironment();
}

} // namespace envmesh::cli
