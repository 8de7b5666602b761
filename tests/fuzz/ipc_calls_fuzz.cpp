// SPDX-License-Identifier: MIT
#include "core/api/calls.h"
#include "tests/fuzz/canonical.h"

using namespace envmesh;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const View input(data, size);
    if (const auto request = api::decode_request(input)) {
        const Secret body = api::encode(request->id, request->request);
        const auto again = api::decode_request(body.reveal());
        fuzz::require(again && api::encode(again->id, again->request) == body);
    }
    api::id_of(input);
    (void)api::decode_reply(input, api::List());
    (void)api::decode_reply(input, api::Export());
    (void)api::decode_event(input);
    (void)api::decode_hello(input);
    return 0;
}
