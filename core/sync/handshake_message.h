// SPDX-License-Identifier: MIT
// What the two sides of a handshake say (the order stands in handshake.h). One message is its type
// byte and the fields in the order given here, in the form of core/base/codec.h. Canonical: decode
// accepts exactly what encode produces. At most 4 KiB, parts of a chain 256 KiB.
#pragma once

#include "core/mesh/chain.h"

namespace envmesh::sync {

inline constexpr std::uint16_t protocol_version = 1;
/// Messages to send, in order.
using Messages = std::vector<Bytes>;

inline constexpr std::size_t most_handshake_bytes = 4 * 1024;
inline constexpr std::size_t most_part_bytes = 256 * 1024;
inline constexpr std::size_t most_token_bytes = 1024;
inline constexpr std::size_t most_reason_bytes = 512;

/// u16, u16: both ends count. In every version both hellos start with it.
struct VersionRange {
    std::uint16_t least = 0;
    std::uint16_t most = 0;
    bool operator==(const VersionRange&) const = default;
};
inline constexpr VersionRange our_versions{protocol_version, protocol_version};
inline constexpr std::string_view server_label = "EnvMesh-srv-v1";
inline constexpr std::string_view device_label = "EnvMesh-dev-v1";
struct ClientHello { // 0x01
    VersionRange versions;
    Block<32> nonce{};
};
enum class Binding : std::uint8_t { none = 0, tls_exporter = 1 };
struct ServerHello { // 0x02
    VersionRange versions;
    crypto::PublicIdentity keys; // ed_pk, x_pk
    crypto::DeviceId id{};
    Block<32> nonce{};
    std::uint64_t time_ms = 0;
    Binding binding = Binding::tls_exporter; // u8
};
struct ServerProof { // 0x03
    crypto::Signature signature{};
};
/// The last entry of a chain.
struct ChainPoint {
    std::uint32_t height = 0;
    crypto::Hash head{};
    bool operator==(const ChainPoint&) const = default;
};
struct ClientAuth { // 0x04
    std::uint16_t version = 0;
    mesh::MeshId mesh_id{};
    crypto::DeviceId device{};
    std::optional<ChainPoint> chain; // u8 0, or u8 1, u32, 32: a joiner has none
    std::string token;               // u16 length
    crypto::Signature signature{};
};
struct NeedChain { // 0x05
    std::uint32_t from = 0;
};
struct ChainPart {              // 0x06
    std::uint32_t first = 0;    // height of the first entry
    bool last = false;          // u8
    std::vector<Bytes> entries; // u16 n ≥ 1, then each behind its u32 length
};
struct Agreed { // 0x07
    ChainPoint chain;
};
struct Refusal { // 0x08; a code as in `wire_name` (u8 length), UTF-8 texts (u16 lengths)
    Error error;
};
using HandshakeMessage = std::variant<ClientHello, ServerHello, ServerProof, ClientAuth, NeedChain,
                                      ChainPart, Agreed, Refusal>;

Bytes encode_handshake(const HandshakeMessage& message);
/// `protocol` for anything that `encode_handshake` would not have produced.
Result<HandshakeMessage> decode_handshake(View bytes);
/// The range of a hello of any version; nothing for other messages.
std::optional<VersionRange> versions_of(View bytes);

/// The part of a ClientAuth that its signature covers: all but the signature.
View statement_of(View encoded_auth);

} // namespace envmesh::sync
