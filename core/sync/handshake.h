// SPDX-License-Identifier: MIT
// Who is at the other end: mutual Ed25519 proof over the TLS exporter, server first (protocol §2.7,
// A15, A16). Then both sides reach the same chain head (A6). Sans-I/O: messages in, messages out.
//
//   C→S  ClientHello                nonce_c, versions; reveals nothing
//   S→C  ServerHello, ServerProof   "EnvMesh-srv-v1" over BLAKE2b-256(all so far) ‖ cb
//   C→S  ClientAuth                 mesh, device, end of its chain, [token]; "EnvMesh-dev-v1"
//                                   over BLAKE2b-256(all so far and this) ‖ cb
//   S→C  NeedChain  C→S  ChainPart… when the client's chain is longer, forked (from 0), or unknown
//   S→C  [ChainPart…] Agreed        what the client lacks; the head that both now have
//   S→C  Refusal                    instead of any of it: why not
#pragma once

#include "core/sync/client_handshake.h"
#include "core/sync/server_handshake.h"
