// SPDX-License-Identifier: MIT
// Private to the handshake: its messages on the wire (types 0x01 to 0x08) and what both machines compute alike.
#pragma once

#include "core/sync/handshake.h"

namespace envmesh::sync::wire {

enum class Type : std::uint8_t {
    client_hello = 0x01,
    server_hello = 0x02,
    server_proof = 0x03,
    auth = 0x04,
    need_chain = 0x05,
    chain = 0x06,
    ok = 0x07,
    refused = 0x08,
};

inline constexpr std::string_view server_label = "EnvMesh-srv-v1";
inline constexpr std::string_view device_label = "EnvMesh-dev-v1";
inline constexpr std::uint32_t no_chain = 0xffffffff; // the height of who has none
inline constexpr std::size_t most_chain_message = 256 * 1024;
inline constexpr std::size_t most_unproved_chain = 1024 * 1024; // A16
inline constexpr std::size_t most_token = 1024;
inline constexpr std::uint8_t binding_exporter = 1; // cb_mode: RFC 9266

bool is(View message, Type type);
/// A reader behind the type byte.
Reader body(View message);
Writer start(Type type);
/// The error for a message that is malformed or comes at the wrong time.
std::unexpected<Error> broken(std::string_view what);

Bytes refusal(const Error& error);
/// The reason a server gave, as an error of ours; `protocol` when malformed.
Error read_refusal(View message);
/// Entries from height `from` on, in messages of at most 256 KiB.
Messages chain_messages(const mesh::Chain& chain, std::uint32_t from);
/// Appends a chain message's entries; `protocol` when malformed.
Result<> read_chain(View message, std::vector<Bytes>& entries);

} // namespace envmesh::sync::wire
