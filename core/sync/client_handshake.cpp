// SPDX-License-Identifier: MIT
#include "core/sync/handshake_message.h"

namespace envmesh::sync {

using wire::Type;

bool ServerPin::accepts(const crypto::PublicKey& ed_pk) const {
    if (any) return true;
    if (short_hash) return crypto::hash128({ed_pk}) == *short_hash;
    return !fingerprint.empty() && crypto::server_fingerprint(ed_pk) == fingerprint;
}

ClientHandshake::ClientHandshake(ServerPin pin, Credentials credentials, Block<32> channel_binding,
                                 Random& random)
    : pin_(std::move(pin)), credentials_(std::move(credentials)), binding_(channel_binding),
      random_(random) {}

Bytes ClientHandshake::hello() {
    Block<32> nonce{};
    random_.fill(nonce);
    transcript_ = std::move(wire::start(Type::client_hello)
                                .u16(protocol_version)
                                .u16(protocol_version)
                                .raw(nonce))
                      .bytes();
    return transcript_;
}

Result<Messages> ClientHandshake::receive(View message) {
    if (wire::is(message, Type::refused) && stage_ != Stage::done)
        return std::unexpected(wire::read_refusal(message));
    switch (stage_) {
    case Stage::hello: return on_hello(message);
    case Stage::proof: return on_proof(message);
    case Stage::answer: return on_answer(message);
    case Stage::chain: return on_chain(message);
    case Stage::done: break;
    }
    return wire::broken("a message after its end");
}

Result<Messages> ClientHandshake::on_hello(View message) {
    if (!wire::is(message, Type::server_hello)) return wire::broken("no hello from the server");
    Reader in = wire::body(message);
    const std::uint16_t least = in.u16();
    const std::uint16_t most = in.u16();
    server_.keys.ed_pk = in.block<32>();
    server_.keys.x_pk = in.block<32>();
    const crypto::DeviceId id = in.block<16>();
    in.block<32>(); // nonce_s
    server_.time_ms = in.u64();
    const std::uint8_t binding = in.u8();
    if (!in.at_end()) return wire::broken("a malformed hello");
    if (least > protocol_version)
        return fail(Code::protocol, "the server speaks a newer protocol than this program",
                    "update EnvMesh on this machine");
    if (most < protocol_version)
        return fail(Code::protocol, "the server speaks an older protocol than this program",
                    "update EnvMesh on the server");
    if (binding != wire::binding_exporter || id != server_.keys.id())
        return wire::broken("a hello that does not fit this connection");
    if (!pin_.accepts(server_.keys.ed_pk))
        return fail(Code::denied,
                    "the server's key is not the expected one (it shows " +
                        crypto::server_fingerprint(server_.keys.ed_pk) + ")",
                    "this may be another server, or an attack: ask whoever runs it for its key");
    transcript_.insert(transcript_.end(), message.begin(), message.end());
    stage_ = Stage::proof;
    return Messages{};
}

Result<Messages> ClientHandshake::on_proof(View message) {
    if (!wire::is(message, Type::server_proof)) return wire::broken("no proof from the server");
    Reader in = wire::body(message);
    const crypto::Signature signature = in.block<64>();
    if (!in.at_end()) return wire::broken("a malformed proof");
    const mesh::Hash so_far = crypto::hash256({transcript_});
    if (!crypto::verify(server_.keys.ed_pk, wire::server_label, {so_far, binding_}, signature))
        return fail(Code::denied, "the server could not prove its key on this connection",
                    "someone may be between this machine and the server");
    transcript_.insert(transcript_.end(), message.begin(), message.end());
    if (credentials_.self == nullptr) {
        stage_ = Stage::done;
        return Messages{};
    }
    stage_ = Stage::answer;
    return Messages{auth()};
}

Bytes ClientHandshake::auth() {
    const mesh::Chain* chain = credentials_.chain;
    const Bytes unsigned_part =
        std::move(wire::start(Type::auth)
                      .u16(protocol_version)
                      .raw(credentials_.mesh_id)
                      .raw(credentials_.self->id())
                      .u32(chain != nullptr ? chain->height() : wire::no_chain)
                      .raw(chain != nullptr ? chain->head() : mesh::Hash{})
                      .run16(view(credentials_.token)))
            .bytes();
    const mesh::Hash all = crypto::hash256({transcript_, unsigned_part});
    const crypto::Signature signature =
        credentials_.self->sign(wire::device_label, {all, binding_});
    return std::move(Writer().raw(unsigned_part).raw(signature)).bytes();
}

Result<Messages> ClientHandshake::on_answer(View message) {
    Reader in = message.empty() ? Reader({}) : wire::body(message);
    if (wire::is(message, Type::need_chain)) {
        const std::uint32_t from = in.u32();
        const mesh::Chain* chain = credentials_.chain;
        if (!in.at_end() || chain == nullptr || from > chain->height())
            return wire::broken("a request for a member list that we do not have");
        return wire::chain_messages(*chain, from);
    }
    if (!wire::is(message, Type::ok)) return wire::broken("neither yes nor no");
    chain_from_ = in.u32();
    expected_ = in.u32();
    if (!in.at_end() || expected_ > mesh::Chain::most_entries)
        return wire::broken("a malformed answer");
    stage_ = Stage::chain;
    if (expected_ == 0) return take_chain();
    return Messages{};
}

Result<Messages> ClientHandshake::on_chain(View message) {
    if (!wire::is(message, Type::chain)) return wire::broken("no member list");
    const std::size_t before = entries_.size();
    if (auto read = wire::read_chain(message, entries_); !read)
        return std::unexpected(read.error());
    const std::size_t came = entries_.size() - before;
    if (came > expected_) return wire::broken("a longer member list than announced");
    expected_ -= static_cast<std::uint32_t>(came);
    if (expected_ > 0) return Messages{};
    return take_chain();
}

Result<Messages> ClientHandshake::take_chain() {
    const mesh::Chain* ours = credentials_.chain;
    stage_ = Stage::done;
    if (entries_.empty()) {
        if (ours == nullptr) return wire::broken("no member list");
        return Messages{};
    }
    std::optional<mesh::Chain> theirs;
    if (chain_from_ == 0) {
        auto verified = mesh::Chain::verify(entries_);
        if (!verified) return std::unexpected(verified.error());
        theirs = std::move(*verified);
    } else {
        if (ours == nullptr || chain_from_ != ours->height() + 1)
            return wire::broken("a member list with a gap");
        theirs = *ours;
        for (const Bytes& entry : entries_)
            if (auto appended = theirs->append(entry); !appended)
                return std::unexpected(appended.error());
    }
    if (theirs->mesh_id() != credentials_.mesh_id) return wire::broken("another mesh's member list");
    if (ours != nullptr && &mesh::Chain::preferred(*ours, *theirs) == ours &&
        ours->head() != theirs->head())
        return fail(Code::denied, "the server insists on a member list that ours overrules",
                    "do not trust this server; use another");
    adopted_ = std::move(*theirs);
    return Messages{};
}

} // namespace envmesh::sync
