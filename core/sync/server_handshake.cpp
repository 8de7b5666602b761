// SPDX-License-Identifier: MIT
#include "core/sync/handshake_message.h"

namespace envmesh::sync {

using wire::Type;

ServerHandshake::ServerHandshake(const crypto::Identity& server, bool join_path, std::uint64_t time_ms,
                                 FindChain find, MayCreate may_create, Block<32> channel_binding,
                                 Random& random)
    : server_(server), join_path_(join_path), time_ms_(time_ms), find_(std::move(find)),
      may_create_(std::move(may_create)), binding_(channel_binding), random_(random) {}

Result<ServerHandshake::Step> ServerHandshake::receive(View message) {
    switch (stage_) {
    case Stage::hello: return on_hello(message);
    case Stage::auth: return on_auth(message);
    case Stage::chain: return on_chain(message);
    case Stage::adopting:
    case Stage::proved:
    case Stage::done: break;
    }
    return wire::broken("a message at the wrong time");
}

Result<ServerHandshake::Step> ServerHandshake::on_hello(View message) {
    if (!wire::is(message, Type::client_hello)) return wire::broken("no hello from the client");
    Reader in = wire::body(message);
    const std::uint16_t least = in.u16();
    const std::uint16_t most = in.u16();
    in.block<32>(); // nonce_c
    if (!in.at_end() || least > most) return wire::broken("a malformed hello");
    if (least > protocol_version || most < protocol_version)
        return refuse({Code::protocol,
                       least > protocol_version ? "this server speaks an older protocol"
                                                : "this server speaks a newer protocol",
                       least > protocol_version ? "update EnvMesh on the server"
                                                : "update EnvMesh on this machine"});
    Block<32> nonce{};
    random_.fill(nonce);
    const crypto::PublicIdentity& keys = server_.public_identity();
    Bytes hello = std::move(wire::start(Type::server_hello)
                                .u16(protocol_version)
                                .u16(protocol_version)
                                .raw(keys.ed_pk)
                                .raw(keys.x_pk)
                                .raw(keys.id())
                                .raw(nonce)
                                .u64(time_ms_)
                                .u8(wire::binding_exporter))
                      .bytes();
    transcript_ = to_bytes(message);
    transcript_.insert(transcript_.end(), hello.begin(), hello.end());
    const mesh::Hash so_far = crypto::hash256({transcript_});
    const crypto::Signature signature = server_.sign(wire::server_label, {so_far, binding_});
    Bytes proof = std::move(wire::start(Type::server_proof).raw(signature)).bytes();
    transcript_.insert(transcript_.end(), proof.begin(), proof.end());
    stage_ = join_path_ ? Stage::proved : Stage::auth;
    return Step{{std::move(hello), std::move(proof)}, std::nullopt, std::nullopt};
}

Result<ServerHandshake::Step> ServerHandshake::on_auth(View message) {
    if (!wire::is(message, Type::auth)) return wire::broken("no identification from the client");
    Reader in = wire::body(message);
    const std::uint16_t version = in.u16();
    mesh_id_ = in.block<32>();
    device_ = in.block<16>();
    height_ = in.u32();
    head_ = in.block<32>();
    const View token = in.run16();
    signature_ = in.block<64>();
    if (!in.at_end() || version != protocol_version || token.size() > wire::most_token)
        return wire::broken("a malformed identification");
    const View unsigned_part = message.first(message.size() - signature_.size());
    transcript_.insert(transcript_.end(), unsigned_part.begin(), unsigned_part.end());
    const mesh::Chain* ours = find_(mesh_id_);
    if (ours == nullptr) {
        if (!may_create_(text(token)))
            return refuse({Code::denied, "this server does not accept a new mesh without its token",
                           "ask whoever runs it for the token, and use --server-token-file"});
        if (height_ == wire::no_chain)
            return refuse({Code::not_found, "this server does not know the mesh", "ask for a new invitation"});
        return need_chain(0);
    }
    if (height_ == wire::no_chain || client_is_on(*ours)) return accept(*ours);
    return need_chain(height_ > ours->height() ? ours->height() + 1 : 0);
}

ServerHandshake::Step ServerHandshake::need_chain(std::uint32_t from) {
    stage_ = Stage::chain;
    asked_from_ = from;
    entries_.clear();
    entry_bytes_ = 0;
    return Step{{std::move(wire::start(Type::need_chain).u32(from)).bytes()}, std::nullopt, std::nullopt};
}

Result<ServerHandshake::Step> ServerHandshake::on_chain(View message) {
    if (!wire::is(message, Type::chain)) return wire::broken("no member list");
    entry_bytes_ += message.size();
    if (entry_bytes_ > wire::most_unproved_chain)
        return refuse({Code::denied, "the member list is longer than this server accepts at once", {}});
    if (auto read = wire::read_chain(message, entries_); !read) return std::unexpected(read.error());
    if (asked_from_ + entries_.size() > std::size_t{height_} + 1)
        return wire::broken("a longer member list than announced");
    if (asked_from_ + entries_.size() <= height_) return Step{};
    if (asked_from_ == 0) {
        auto verified = mesh::Chain::verify(entries_);
        if (!verified) return refuse(verified.error());
        return weigh(std::move(*verified));
    }
    const mesh::Chain* ours = find_(mesh_id_);
    if (ours == nullptr || ours->height() + 1 != asked_from_) return need_chain(0);
    mesh::Chain longer = *ours;
    for (const Bytes& entry : entries_)
        if (!longer.append(entry)) return need_chain(0); // a fork, told apart on the whole chain
    return weigh(std::move(longer));
}

Result<ServerHandshake::Step> ServerHandshake::weigh(mesh::Chain theirs) {
    if (theirs.mesh_id() != mesh_id_ || theirs.head() != head_ || theirs.height() != height_)
        return wire::broken("another member list than announced");
    const mesh::Chain* ours = find_(mesh_id_);
    if (ours != nullptr && &mesh::Chain::preferred(*ours, theirs) == ours) return accept(*ours);
    // Nobody who cannot prove a membership makes this server store anything.
    if (auto why = objection(theirs)) return refuse(*why);
    stage_ = Stage::adopting;
    return Step{{}, std::move(theirs), std::nullopt};
}

Result<ServerHandshake::Step> ServerHandshake::adopted(const mesh::Chain& chain) {
    if (stage_ != Stage::adopting) return wire::broken("nothing was to be adopted");
    return accept(chain);
}

bool ServerHandshake::client_is_on(const mesh::Chain& chain) const {
    return height_ <= chain.height() && chain.entries()[height_].hash() == head_;
}

std::optional<Error> ServerHandshake::objection(const mesh::Chain& chain) const {
    const mesh::Member* member = chain.member(device_);
    if (member == nullptr || member->removed)
        return Error{Code::denied, "this device is not a member of the mesh",
                     "if it was removed, join again with a new invitation"};
    const mesh::Hash all = crypto::hash256({transcript_});
    if (!crypto::verify(member->keys.ed_pk, wire::device_label, {all, binding_}, signature_))
        return Error{Code::denied, "the device could not prove its key on this connection", {}};
    return std::nullopt;
}

ServerHandshake::Step ServerHandshake::accept(const mesh::Chain& chain) {
    if (auto why = objection(chain)) return refuse(*why);
    const std::uint32_t from =
        height_ != wire::no_chain && client_is_on(chain) ? height_ + 1 : 0;
    Step step;
    const auto total = static_cast<std::uint32_t>(chain.entries().size() - from);
    step.send.push_back(std::move(wire::start(Type::ok).u32(from).u32(total)).bytes());
    for (Bytes& message : wire::chain_messages(chain, from))
        step.send.push_back(std::move(message));
    chain_head_ = chain.head();
    stage_ = Stage::done;
    return step;
}

ServerHandshake::Step ServerHandshake::refuse(Error why) {
    Step step{{wire::refusal(why)}, std::nullopt, std::nullopt};
    step.refused = std::move(why);
    return step;
}

} // namespace envmesh::sync
