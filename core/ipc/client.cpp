// SPDX-License-Identifier: MIT
#include "core/ipc/client.h"

namespace envmesh::ipc {
namespace {

constexpr std::size_t most_kept_events = 10'000;

} // namespace

Result<> compatible(const api::Hello& mine, const api::Hello& theirs) {
    if (theirs.most < mine.least)
        return fail(Code::protocol,
                    "The daemon (" + theirs.version + ") is older than this program (" +
                        mine.version + ") and they share no protocol.",
                    "Restart the daemon, or update it.");
    if (theirs.least > mine.most)
        return fail(Code::protocol,
                    "This program (" + mine.version + ") is older than the daemon (" +
                        theirs.version + ") and they share no protocol.",
                    "Update this program.");
    return {};
}

Result<Client> Client::open(std::unique_ptr<Channel> channel, std::string role, Deadline deadline) {
    Client client(std::move(channel));
    api::Hello mine;
    mine.version = ENVMESH_VERSION;
    mine.role = std::move(role);
    // A daemon that turns us away says why and closes: what it said is worth more than our failed
    // write.
    const auto sent = client.send(api::encode(mine), deadline);
    const auto body = client.receive(deadline);
    if (!body) return std::unexpected(body.error());
    auto theirs = api::decode_hello(body->reveal());
    if (!theirs) {
        const auto refusal = api::decode_reply(body->reveal(), api::Request(api::Watch{}));
        if (refusal && !refusal->reply) return std::unexpected(refusal->reply.error());
        return std::unexpected(theirs.error());
    }
    if (auto shared = compatible(mine, *theirs); !shared) return std::unexpected(shared.error());
    if (!sent) return std::unexpected(sent.error());
    client.daemon_ = std::move(*theirs);
    client.reader_.allow(most_frame_bytes);
    return client;
}

Result<> Client::send(const Secret& body, Deadline deadline) {
    const auto whole = frame(body.reveal());
    if (!whole) return std::unexpected(whole.error());
    return channel_->write(whole->reveal(), deadline);
}

Result<Secret> Client::receive(Deadline deadline) {
    while (true) {
        const auto count = channel_->read(reader_.space(), deadline);
        if (!count) return std::unexpected(count.error());
        const auto complete = reader_.advance(*count);
        if (!complete) return std::unexpected(complete.error());
        if (*complete) return reader_.take();
    }
}

Result<api::Reply> Client::ask(const api::Request& request, Deadline deadline) {
    const std::uint64_t id = ++last_id_;
    const auto sent = send(api::encode(id, request), deadline);
    if (!sent) return std::unexpected(sent.error());
    while (true) {
        const auto body = receive(deadline);
        if (!body) return std::unexpected(body.error());
        if (watching_) {
            if (auto event = api::decode_event(body->reveal())) {
                if (events_.size() < most_kept_events) events_.push_back(std::move(*event));
                continue;
            }
        }
        auto answer = api::decode_reply(body->reveal(), request);
        if (!answer) return std::unexpected(answer.error());
        // Id 0: the daemon could not tell which question it refuses. There is only this one.
        if (answer->id != id && !(answer->id == 0 && !answer->reply))
            return fail(Code::protocol, "The daemon answered a question that was not asked.");
        if (answer->reply && std::holds_alternative<api::Watch>(request)) watching_ = true;
        return std::move(answer->reply);
    }
}

Result<api::Event> Client::next_event(Deadline deadline) {
    if (!events_.empty()) {
        api::Event event = std::move(events_.front());
        events_.pop_front();
        return event;
    }
    const auto body = receive(deadline);
    if (!body) return std::unexpected(body.error());
    return api::decode_event(body->reveal());
}

} // namespace envmesh::ipc
