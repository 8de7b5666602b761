// SPDX-License-Identifier: MIT
#include "cli/verb.h"

namespace envmesh::cli {

std::vector<std::string> choices(const std::string& name) {
    std::vector<std::string> words;
    if (!name.contains('|')) return words;
    for (std::size_t from = 0; from <= name.size();) {
        const auto end = std::min(name.find('|', from), name.size());
        words.push_back(name.substr(from, end - from));
        from = end + 1;
    }
    return words;
}

} // namespace envmesh::cli
