// SPDX-License-Identifier: MIT
#include "cli/start_file.h"

namespace envmesh::cli {
namespace {

// Takes the first line off the text, with its end.
std::string_view take_line(std::string_view& text) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end == std::string_view::npos ? end : end + 1);
    text.remove_prefix(line.size());
    return line;
}

std::string_view bare(std::string_view line) {
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

} // namespace

Result<std::string> with_block(std::string_view text, std::string_view lines) {
    std::string block;
    if (!lines.empty())
        block.append(block_begin).append("\n").append(lines).append(block_end).append("\n");
    std::string out;
    bool is_inside = false;
    while (!text.empty()) {
        const auto line = take_line(text);
        const bool begins = bare(line) == block_begin;
        if (begins && is_inside) break;
        if (begins) out += std::exchange(block, {});
        if (!begins && !is_inside) out += line;
        is_inside = begins || (is_inside && bare(line) != block_end);
    }
    if (is_inside)
        return fail(Code::invalid,
                    "A line \"" + std::string(block_begin) + "\" has no \"" +
                        std::string(block_end) + "\" after it.",
                    "Take out by hand what EnvMesh once wrote there.");
    if (!block.empty() && !out.empty() && !out.ends_with('\n')) out += '\n';
    return out += block;
}

Starts starts_in(std::string_view text) {
    Starts found;
    bool is_inside = false;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto line = bare(take_line(text));
        if (line == block_begin) {
            found.is_unended |= is_inside;
            found.blocks.push_back(number);
            is_inside = true;
        } else if (is_inside) {
            is_inside = line != block_end;
        } else if (const auto code = line.substr(0, line.find('#'));
                   code.contains("envmesh-cli hook ") && !code.contains("install")) {
            found.hooks.push_back(number);
        } else if (code.contains("envmesh-cli export")) {
            found.exports.push_back(number);
        }
    }
    found.is_unended |= is_inside;
    return found;
}

} // namespace envmesh::cli
