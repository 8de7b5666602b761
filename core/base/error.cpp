// SPDX-License-Identifier: MIT
#include "core/base/error.h"

#include <algorithm>
#include <array>

namespace envmesh {
namespace {

struct Row {
    Code code;
    std::string_view wire;
    int exit;
};

constexpr std::array table{
    Row{Code::internal, "INTERNAL", 1},   Row{Code::usage, "USAGE", 2},
    Row{Code::not_found, "NOT_FOUND", 3}, Row{Code::unreachable, "UNREACHABLE", 4},
    Row{Code::timeout, "TIMEOUT", 4},     Row{Code::absent, "ABSENT", 5},
    Row{Code::locked, "LOCKED", 5},       Row{Code::wrong_secret, "WRONG_SECRET", 5},
    Row{Code::denied, "DENIED", 6},       Row{Code::incomplete, "INCOMPLETE", 7},
    Row{Code::conflict, "CONFLICT", 8},   Row{Code::protocol, "PROTOCOL", 9},
    Row{Code::too_new, "TOO_NEW", 9},     Row{Code::invalid, "INVALID", 65},
    Row{Code::corrupt, "CORRUPT", 74},    Row{Code::storage, "STORAGE", 74},
};

const Row& row(Code code) { return *std::ranges::find(table, code, &Row::code); }

} // namespace

std::unexpected<Error> fail(Code code, std::string message, std::string fix) {
    return std::unexpected(Error{code, std::move(message), std::move(fix)});
}

std::string_view wire_name(Code code) { return row(code).wire; }

Code code_from_wire(std::string_view name) {
    const auto* found = std::ranges::find(table, name, &Row::wire);
    return found == table.end() ? Code::internal : found->code;
}

int exit_status(Code code) { return row(code).exit; }

} // namespace envmesh
