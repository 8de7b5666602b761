// SPDX-License-Identifier: MIT
#include "core/sync/server_handshake.h"

namespace envmesh::sync {
namespace {

std::unexpected<Error> out_of_order() {
    return fail(Code::protocol, "The client broke the order of the handshake.");
}

Error no_common_version(const VersionRange& theirs) {
    return {Code::protocol,
            "The client speaks protocol " + std::to_string(theirs.least) + " to " +
                std::to_string(theirs.most) + ", this server " +
                std::to_string(our_versions.least) + " to " + std::to_string(our_versions.most) +
                ".",
            {}};
}

Error unknown_mesh(bool client_has_chain) {
    if (!client_has_chain)
        return {Code::not_found, "This server does not have the mesh.",
                "Ask for a new invitation."};
    return {Code::denied,
            "This server does not have the mesh, and takes no new ones without its token.",
            "Give the token that `envmesh-daemon --print-join-token` prints on the server."};
}

} // namespace

ServerHandshake::ServerHandshake(const crypto::Identity& server, bool join_path,
                                 std::uint64_t time_ms, FindChain find, MayCreate may_create,
                                 Block<32> channel_binding, Random& random)
    : server_(server), join_path_(join_path), time_ms_(time_ms), find_(std::move(find)),
      may_create_(std::move(may_create)), binding_(channel_binding) {
    random.fill(nonce_);
}

Result<ServerHandshake::Step> ServerHandshake::receive(View message) {
    auto out = step(message);
    if (!out) state_ = State::ended;
    return out;
}

Result<ServerHandshake::Step> ServerHandshake::step(View message) {
    if (const auto theirs = versions_of(message);
        theirs && state_ == State::hello_expected &&
        (theirs->most < our_versions.least || theirs->least > our_versions.most)) {
        state_ = State::ended;
        // Our hello tells the range; a client of any version finds it there.
        ServerHello hello;
        hello.versions = our_versions;
        return Step{{encode_handshake(hello)}, std::nullopt, no_common_version(*theirs)};
    }
    auto decoded = decode_handshake(message);
    if (!decoded) return std::unexpected(decoded.error());
    if (state_ == State::hello_expected)
        if (const auto* hello = std::get_if<ClientHello>(&*decoded))
            return on_hello(*hello, message);
    if (state_ == State::auth_expected)
        if (const auto* auth = std::get_if<ClientAuth>(&*decoded)) return on_auth(*auth, message);
    if (state_ == State::chain_expected)
        if (auto* part = std::get_if<ChainPart>(&*decoded)) return on_part(std::move(*part));
    return out_of_order();
}

Result<ServerHandshake::Step> ServerHandshake::on_hello(const ClientHello&, View message) {
    ServerHello hello;
    hello.versions = our_versions;
    hello.keys = server_.public_identity();
    hello.id = server_.id();
    hello.nonce = nonce_;
    hello.time_ms = time_ms_;
    const Bytes ours = encode_handshake(hello);
    transcript_ = to_bytes(message);
    transcript_.insert(transcript_.end(), ours.begin(), ours.end());
    const crypto::Hash said = crypto::hash256({transcript_});
    const Bytes proof = encode_handshake(ServerProof{server_.sign(server_label, {said, binding_})});
    transcript_.insert(transcript_.end(), proof.begin(), proof.end());
    proved_ = join_path_;
    state_ = join_path_ ? State::ended : State::auth_expected;
    return Step{{ours, proof}, std::nullopt, std::nullopt};
}

Result<ServerHandshake::Step> ServerHandshake::on_auth(const ClientAuth& auth, View message) {
    if (auth.version != protocol_version) return out_of_order();
    mesh_id_ = auth.mesh_id;
    device_ = auth.device;
    client_chain_ = auth.chain;
    signature_ = auth.signature;
    signed_hash_ = crypto::hash256({transcript_, statement_of(message)});

    const mesh::Chain* ours = find_(mesh_id_);
    if (!ours) {
        if (!client_chain_ || !may_create_(auth.token))
            return refuse(unknown_mesh(client_chain_.has_value()));
        return ask_for_chain(0);
    }
    const mesh::Member* member = ours->member(device_);
    known_device_ = member && signed_by(*member);
    if (member && !known_device_) return refuse(*objection(*ours));
    if (!client_chain_ || contains(*ours, *client_chain_)) return agree(*ours);
    const bool longer = client_chain_->height > ours->height();
    return ask_for_chain(longer ? ours->height() + 1 : 0);
}

Result<ServerHandshake::Step> ServerHandshake::on_part(ChainPart part) {
    if (auto added = partial_->add(std::move(part)); !added) {
        if (added.error().code == Code::denied) return refuse(added.error());
        return std::unexpected(added.error());
    }
    if (!partial_->complete()) return Step();
    auto candidate = partial_->build(partial_->from() == 0 ? nullptr : find_(mesh_id_));
    if (!candidate) {
        // What does not continue ours forks from it (or is damaged, which the next round tells).
        if (partial_->from() != 0) return ask_for_chain(0);
        return refuse(candidate.error());
    }
    return judge(*candidate);
}

// The client signed where its chain ends, so nobody else can have put another one here.
ServerHandshake::Step ServerHandshake::judge(const mesh::Chain& candidate) {
    if (candidate.mesh_id() != mesh_id_ || point_of(candidate) != *client_chain_)
        return refuse({Code::denied, "The member list is not the one that was announced.", {}});
    const mesh::Chain* ours = find_(mesh_id_);
    const mesh::Chain& winner = ours ? mesh::Chain::preferred(*ours, candidate) : candidate;
    if (ours && winner.head() == ours->head()) return agree(*ours);
    if (auto why = objection(winner)) return refuse(*std::move(why));
    state_ = State::adopting;
    return Step{{}, winner, std::nullopt};
}

Result<ServerHandshake::Step> ServerHandshake::adopted(const mesh::Chain& chain) {
    if (state_ != State::adopting || chain.mesh_id() != mesh_id_) return out_of_order();
    return agree(chain);
}

ServerHandshake::Step ServerHandshake::declined(Error why) { return refuse(std::move(why)); }

ServerHandshake::Step ServerHandshake::ask_for_chain(std::uint32_t from) {
    partial_.emplace(from, known_device_ ? mesh::Chain::most_bytes : most_unproven_chain_bytes);
    state_ = State::chain_expected;
    return Step{{encode_handshake(NeedChain{from})}, std::nullopt, std::nullopt};
}

ServerHandshake::Step ServerHandshake::agree(const mesh::Chain& chain) {
    if (auto why = objection(chain)) return refuse(*std::move(why));
    const bool extends = client_chain_ && contains(chain, *client_chain_);
    Step out;
    out.send = chain_parts(chain, extends ? client_chain_->height + 1 : 0);
    out.send.push_back(encode_handshake(Agreed{point_of(chain)}));
    chain_head_ = chain.head();
    done_ = true;
    state_ = State::ended;
    return out;
}

ServerHandshake::Step ServerHandshake::refuse(Error why) {
    state_ = State::ended;
    return Step{{encode_handshake(Refusal{why})}, std::nullopt, why};
}

bool ServerHandshake::signed_by(const mesh::Member& member) const {
    return crypto::verify(member.keys.ed_pk, device_label, {signed_hash_, binding_}, signature_);
}

std::optional<Error> ServerHandshake::objection(const mesh::Chain& chain) const {
    const mesh::Member* member = chain.member(device_);
    if (!member)
        return Error{Code::denied, "This device is not a member of the mesh.",
                     "Join the mesh with an invitation."};
    if (!signed_by(*member))
        return Error{Code::denied, "The device did not prove that it holds its key.", {}};
    if (member->removed)
        return Error{Code::denied, "This device was removed from the mesh.",
                     "Join the mesh anew with an invitation."};
    return std::nullopt;
}

} // namespace envmesh::sync
