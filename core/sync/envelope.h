// SPDX-License-Identifier: MIT
// A change as it is stored and sent: 154 bytes around padded ciphertext, signed by its author
// (protocol §2.6). Replicated by size, author and signature alone (A2); a server never sees more
// than this.
#pragma once

#include "core/crypto/xaes.h"
#include "core/sync/hlc.h"

namespace envmesh::sync {

struct Envelope {
    mesh::Epoch epoch = 0;
    RecordId record{};
    DeviceId device{}; // the author; with hlc it is the change's name ("dot")
    Hlc hlc = 0;
    crypto::Nonce nonce{};
    Bytes sealed; // ciphertext ‖ tag
    crypto::Signature signature{};

    static constexpr std::size_t overhead =
        138 + crypto::tag_size; // 154: all but the padded plaintext
    static constexpr std::size_t most_bytes = 160 * 1024;

    /// `invalid` unless version 1, no flags, exact length, at most `most_bytes`.
    static Result<Envelope> parse(View bytes);
    [[nodiscard]] Bytes encode() const;
    /// "EnvMesh-rec-v1" ‖ mesh_id ‖ version ‖ flags ‖ epoch ‖ record_id ‖ device_id ‖ hlc.
    [[nodiscard]] Bytes aad(const mesh::MeshId& mesh_id) const;
    [[nodiscard]] crypto::Signature sign(const crypto::Identity& author,
                                         const mesh::MeshId& mesh_id) const;
    [[nodiscard]] bool authentic(const crypto::PublicKey& ed_pk, const mesh::MeshId& mesh_id) const;
};

} // namespace envmesh::sync
