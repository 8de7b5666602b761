// SPDX-License-Identifier: MIT
#include "core/sync/client_handshake.h"

#include <algorithm>

namespace envmesh::sync {
namespace {

constexpr int most_chain_requests = 2; // the end of ours, then all of it

std::unexpected<Error> out_of_order() {
    return fail(Code::protocol, "The server answered the handshake out of order.");
}

std::unexpected<Error> no_common_version(const VersionRange& theirs) {
    const bool server_is_old = theirs.most < our_versions.least;
    return fail(Code::protocol,
                "The server speaks protocol " + std::to_string(theirs.least) + " to " +
                    std::to_string(theirs.most) + ", this device " +
                    std::to_string(our_versions.least) + " to " +
                    std::to_string(our_versions.most) + ".",
                server_is_old ? "Update EnvMesh on the server." : "Update EnvMesh on this device.");
}

} // namespace

bool ServerPin::accepts(const crypto::PublicKey& ed_pk) const {
    if (!fingerprint.empty()) return crypto::server_fingerprint(ed_pk) == fingerprint;
    if (short_hash) return crypto::hash128({ed_pk}) == *short_hash;
    if (!any_of.empty()) return std::ranges::find(any_of, ed_pk) != any_of.end();
    return any;
}

ClientHandshake::ClientHandshake(ServerPin pin, Credentials credentials, Block<32> channel_binding,
                                 Random& random)
    : pin_(std::move(pin)), credentials_(std::move(credentials)), binding_(channel_binding) {
    random.fill(nonce_);
}

Bytes ClientHandshake::hello() {
    transcript_ = encode_handshake(ClientHello{our_versions, nonce_});
    state_ = State::hello_expected;
    return transcript_;
}

Result<Messages> ClientHandshake::receive(View message) {
    auto out = step(message);
    if (!out) state_ = State::failed;
    return out;
}

Result<Messages> ClientHandshake::step(View message) {
    const auto theirs = versions_of(message);
    if (theirs && (theirs->most < our_versions.least || theirs->least > our_versions.most))
        return no_common_version(*theirs);
    auto decoded = decode_handshake(message);
    if (!decoded) return std::unexpected(decoded.error());
    if (const auto* refusal = std::get_if<Refusal>(&*decoded); refusal && !done()) {
        const Code code =
            refusal->error.code == Code::internal ? Code::denied : refusal->error.code;
        return fail(code, "The server refused: " + refusal->error.message, refusal->error.fix);
    }
    if (state_ == State::hello_expected)
        if (const auto* hello = std::get_if<ServerHello>(&*decoded)) return on(*hello, message);
    if (state_ == State::proof_expected)
        if (const auto* proof = std::get_if<ServerProof>(&*decoded)) return on(*proof, message);
    if (state_ != State::answer_expected) return out_of_order();
    if (const auto* need = std::get_if<NeedChain>(&*decoded)) return on(*need);
    if (auto* part = std::get_if<ChainPart>(&*decoded)) return on(std::move(*part));
    if (const auto* agreed = std::get_if<Agreed>(&*decoded)) return on(*agreed);
    return out_of_order();
}

Result<Messages> ClientHandshake::on(const ServerHello& hello, View message) {
    if (hello.id != hello.keys.id())
        return fail(Code::denied, "The server's id does not belong to its keys.");
    if (hello.binding != Binding::tls_exporter)
        return fail(Code::denied, "The server does not bind its proof to this connection.");
    if (pin_.any && credentials_.self)
        return fail(Code::internal, "A device names itself only to a server whose key it knows.");
    if (!pin_.accepts(hello.keys.ed_pk) && credentials_.self && hello.id == credentials_.self->id())
        return fail(Code::denied, "That is this machine itself.");
    if (!pin_.accepts(hello.keys.ed_pk))
        return fail(Code::denied,
                    "The server has another key than expected: " +
                        crypto::server_fingerprint(hello.keys.ed_pk) + ".",
                    "Compare it with what `envmesh-daemon --print-server-key` prints there.");
    server_ = {hello.keys, hello.time_ms};
    transcript_.insert(transcript_.end(), message.begin(), message.end());
    state_ = State::proof_expected;
    return Messages{};
}

Result<Messages> ClientHandshake::on(const ServerProof& proof, View message) {
    const crypto::Hash said = crypto::hash256({transcript_});
    if (!crypto::verify(server_.keys.ed_pk, server_label, {said, binding_}, proof.signature))
        return fail(Code::denied, "The server did not prove that it holds its key.",
                    "Somebody may be between this device and the server.");
    transcript_.insert(transcript_.end(), message.begin(), message.end());
    if (!credentials_.self) {
        state_ = State::done;
        return Messages{};
    }
    if (credentials_.token.size() > most_token_bytes)
        return fail(Code::invalid, "The server's token is longer than 1 KiB.");
    state_ = State::answer_expected;
    return Messages{auth()};
}

Bytes ClientHandshake::auth() {
    ClientAuth out;
    out.version = protocol_version;
    out.mesh_id = credentials_.mesh_id;
    out.device = credentials_.self->id();
    if (credentials_.chain) out.chain = point_of(*credentials_.chain);
    out.token = credentials_.token;
    const Bytes unsigned_form = encode_handshake(out);
    const crypto::Hash said = crypto::hash256({transcript_, statement_of(unsigned_form)});
    out.signature = credentials_.self->sign(device_label, {said, binding_});
    return encode_handshake(out);
}

Result<Messages> ClientHandshake::on(const NeedChain& need) {
    if (!credentials_.chain || partial_ || need.from > credentials_.chain->height() ||
        ++chain_requests_ > most_chain_requests)
        return out_of_order();
    return chain_parts(*credentials_.chain, need.from);
}

Result<Messages> ClientHandshake::on(ChainPart part) {
    if (!partial_) {
        const auto* ours = credentials_.chain;
        if (part.first != 0 && (!ours || part.first != ours->height() + 1)) return out_of_order();
        partial_.emplace(part.first, mesh::Chain::most_bytes);
    }
    if (auto added = partial_->add(std::move(part)); !added) return std::unexpected(added.error());
    return Messages{};
}

Result<Messages> ClientHandshake::on(const Agreed& agreed) {
    if (partial_) {
        if (!partial_->complete()) return out_of_order();
        auto chain = partial_->build(credentials_.chain);
        if (!chain) return std::unexpected(chain.error());
        adopted_ = std::move(*chain);
    }
    if (auto checked = check_adopted(agreed.chain); !checked) {
        adopted_.reset();
        return std::unexpected(checked.error());
    }
    state_ = State::done;
    return Messages{};
}

Result<> ClientHandshake::check_adopted(const ChainPoint& agreed) const {
    const mesh::Chain* ours = credentials_.chain;
    const mesh::Chain* chain = adopted_ ? &*adopted_ : ours;
    if (!chain || point_of(*chain) != agreed || chain->mesh_id() != credentials_.mesh_id)
        return fail(Code::protocol, "The server did not reach the member list that it names.");
    if (adopted_ && ours && mesh::Chain::preferred(*ours, *adopted_).head() != adopted_->head())
        return fail(Code::denied, "The server insists on an older member list than this device's.");
    const mesh::Member* self = chain->member(credentials_.self->id());
    if (!self || self->removed)
        return fail(Code::denied, "This device is not a member of the mesh any more.",
                    "Join the mesh anew with an invitation.");
    return {};
}

} // namespace envmesh::sync
