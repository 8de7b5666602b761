// SPDX-License-Identifier: MIT
#include "core/sync/handshake_message.h"

#include <algorithm>

namespace envmesh::sync::wire {

bool is(View message, Type type) {
    return !message.empty() && message.front() == static_cast<std::uint8_t>(type);
}

Reader body(View message) { return Reader(message.subspan(1)); }

Writer start(Type type) {
    Writer out;
    out.u8(static_cast<std::uint8_t>(type));
    return out;
}

std::unexpected<Error> broken(std::string_view what) {
    return fail(Code::protocol, "the other side broke the handshake: " + std::string(what));
}

Bytes refusal(const Error& error) {
    const std::string_view code = wire_name(error.code);
    return std::move(start(Type::refused).run8(view(code)).run16(view(error.message)).run16(view(error.fix)))
        .bytes();
}

Error read_refusal(View message) {
    Reader in = body(message);
    const View code = in.run8();
    const View reason = in.run16();
    const View fix = in.run16();
    if (!in.at_end() || !is_utf8(reason) || !is_utf8(fix)) return broken("an unreadable refusal").error();
    return {code_from_wire(text(code)), "the server refuses: " + std::string(text(reason)),
            std::string(text(fix))};
}

Messages chain_messages(const mesh::Chain& chain, std::uint32_t from) {
    Messages messages;
    const std::vector<mesh::Entry>& entries = chain.entries();
    for (std::size_t next = from; next < entries.size();) {
        Writer list;
        std::uint16_t count = 0;
        do {
            list.run32(entries[next].encoded);
            ++count;
            ++next;
        } while (next < entries.size() &&
                 list.size() + entries[next].encoded.size() + 16 < most_chain_message);
        messages.push_back(std::move(start(Type::chain).u16(count).raw(list.bytes())).bytes());
    }
    return messages;
}

Result<> read_chain(View message, std::vector<Bytes>& entries) {
    Reader in = body(message);
    const std::size_t count = in.u16();
    for (std::size_t i = 0; i < count && in.ok(); ++i)
        entries.push_back(to_bytes(in.run32()));
    if (count == 0 || !in.at_end() || message.size() > most_chain_message)
        return broken("a malformed member list");
    return {};
}

} // namespace envmesh::sync::wire
