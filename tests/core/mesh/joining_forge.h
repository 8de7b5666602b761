// SPDX-License-Identifier: MIT
// Both sides of one invitation, for tests.
#pragma once

#include "core/mesh/invite.h"
#include "tests/core/mesh/forge.h"

namespace envmesh::mesh {

struct Invitation {
    Forge forge;
    InviteCode code = InviteCode::create(forge.random, {1}, "host:1");
    SlotKeys keys{code.secret.reveal()};
    crypto::Identity device = forge.device();
    Inviter inviter{code, forge.admin, forge.chain.mesh_id(), forge.chain.head(), forge.random};
    Joining joining{code, device, "laptop", "linux", forge.random};

    Welcome welcome() const {
        return {forge.chain.mesh_id(),
                forge.chain.height(),
                forge.chain.head(),
                "desk",
                {1, 2, 3},
                "wss://host:1",
                "ab"};
    }
    /// The slot opened, one byte of what is inside changed, and sealed again: what somebody who
    /// has the code can do.
    Bytes altered(MailSlot slot, View sealed, std::size_t at) {
        Bytes plaintext = *keys.open(slot, sealed);
        plaintext[at] ^= 1;
        return keys.seal(slot, plaintext, forge.random);
    }
    std::size_t size_of(MailSlot slot, View sealed) { return keys.open(slot, sealed)->size(); }
};

} // namespace envmesh::mesh
