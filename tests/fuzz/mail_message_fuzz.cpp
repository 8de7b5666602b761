// SPDX-License-Identifier: MIT
#include "core/mesh/mail_message.h"
#include "core/mesh/slots.h"
#include "tests/fuzz/canonical.h"

using namespace envmesh;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const View input(data, size);
    fuzz::canonical(input, mesh::decode_mail,
                    [](const mesh::MailMessage& message) { return mesh::encode(message); });
    fuzz::canonical(input, mesh::AdminHalf::decode,
                    [](const mesh::AdminHalf& half) { return half.encode(); });
    fuzz::canonical(input, mesh::Opening::decode,
                    [](const mesh::Opening& opening) { return opening.encode(); });
    return 0;
}
