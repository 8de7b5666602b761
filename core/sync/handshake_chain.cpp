// SPDX-License-Identifier: MIT
#include "core/sync/handshake_chain.h"

namespace envmesh::sync {
namespace {

constexpr std::size_t part_header = 1 + 4 + 1 + 2;
constexpr std::size_t entry_header = 4;

} // namespace

ChainPoint point_of(const mesh::Chain& chain) { return {chain.height(), chain.head()}; }

bool contains(const mesh::Chain& chain, const ChainPoint& point) {
    return point.height <= chain.height() && chain.entries()[point.height].hash() == point.head;
}

Messages chain_parts(const mesh::Chain& chain, std::uint32_t from) {
    Messages out;
    ChainPart part;
    part.first = from;
    std::size_t size = part_header;
    for (std::uint32_t height = from; height <= chain.height(); ++height) {
        const Bytes& entry = chain.entries()[height].encoded;
        if (size + entry_header + entry.size() > most_part_bytes) {
            out.push_back(encode_handshake(part));
            part = ChainPart{height, false, {}};
            size = part_header;
        }
        size += entry_header + entry.size();
        part.entries.push_back(entry);
    }
    part.last = true;
    if (!part.entries.empty()) out.push_back(encode_handshake(part));
    return out;
}

Result<> PartialChain::add(ChainPart part) {
    if (complete_ || part.first != from_ + entries_.size())
        return fail(Code::protocol, "The other side sent its member list out of order.");
    for (Bytes& entry : part.entries) {
        bytes_ += entry.size();
        entries_.push_back(std::move(entry));
    }
    if (bytes_ > most_bytes_ || from_ + entries_.size() > mesh::Chain::most_entries)
        return fail(Code::denied, "The member list is longer than the " +
                                      std::to_string(most_bytes_ / 1024) + " KiB allowed here.");
    complete_ = part.last;
    return {};
}

Result<mesh::Chain> PartialChain::build(const mesh::Chain* base) const {
    if (from_ == 0) return mesh::Chain::verify(entries_);
    if (!base || base->height() + 1 != from_)
        return fail(Code::corrupt, "The member list does not continue the known one.");
    mesh::Chain chain = *base;
    for (const Bytes& entry : entries_)
        if (auto appended = chain.append(entry); !appended)
            return std::unexpected(appended.error());
    return chain;
}

} // namespace envmesh::sync
