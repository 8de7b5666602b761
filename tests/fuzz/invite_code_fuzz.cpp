// SPDX-License-Identifier: MIT
#include "core/mesh/invite.h"
#include "tests/fuzz/canonical.h"

using namespace envmesh;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const View input(data, size);
    const auto code = mesh::InviteCode::parse(Secret(input));
    if (!code) return 0;
    const auto again = mesh::InviteCode::parse(code->to_text());
    fuzz::require(again && again->address == code->address &&
                  again->server_key == code->server_key && again->secret == code->secret);
    return 0;
}
