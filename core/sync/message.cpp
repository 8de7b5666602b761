// SPDX-License-Identifier: MIT
#include "core/sync/message.h"

#include "core/base/codec.h"

#include <algorithm>

namespace envmesh::sync {
namespace {

constexpr std::uint8_t first_type = 0x10; // the variant's order is the table's

void put(Writer& out, bool flag) { out.u8(flag ? 1 : 0); }

void put(Writer& out, const VersionVector& versions) {
    const auto size = std::ranges::count_if(versions, [](const auto& v) { return v.second != 0; });
    out.u16(static_cast<std::uint16_t>(size));
    for (const auto& [device, hlc] : versions)
        if (hlc != 0) out.raw(device).u64(hlc);
}

void put(Writer& out, const std::optional<Hash>& digest) {
    put(out, digest.has_value());
    if (digest) out.raw(*digest);
}

void put(Writer& out, const Envelopes& envelopes) {
    out.u16(static_cast<std::uint16_t>(envelopes.envelopes.size()));
    for (const Bytes& envelope : envelopes.envelopes)
        out.run32(envelope);
}

void write(Writer& out, const Pull& pull) {
    put(out, pull.versions);
    put(out, pull.resume.has_value());
    if (!pull.resume) return;
    put(out, pull.resume->target);
    out.u64(pull.resume->cursor.hlc).raw(pull.resume->cursor.device);
    out.raw(pull.resume->cursor.record);
}
void write(Writer& out, const Begin& begin) {
    put(out, begin.resumed);
    put(out, begin.target);
    out.u64(begin.expected);
}
void write(Writer& out, const Batch& batch) { put(out, batch); }
void write(Writer&, const Ack&) {}
void write(Writer&, const End&) {}
void write(Writer& out, const Offer& offer) {
    put(out, offer.full);
    put(out, offer.versions);
    put(out, offer.digest);
}
void write(Writer& out, const Push& push) {
    put(out, push.from);
    put(out, push.to);
    put(out, static_cast<const Envelopes&>(push));
}
void write(Writer& out, const Applied& applied) { put(out, applied.versions); }
void write(Writer& out, const Settled& settled) {
    put(out, settled.versions);
    put(out, settled.digest);
}
void write(Writer& out, const Quota& quota) { out.u64(quota.cells).u64(quota.bytes); }
void write(Writer&, const Poke&) {}

// Each `get` is false for a form that `put` does not make; running out of bytes is left to at_end.

bool get(Reader& in, bool& flag) {
    const std::uint8_t byte = in.u8();
    flag = byte == 1;
    return byte <= 1;
}

bool get(Reader& in, VersionVector& versions) {
    const std::uint16_t size = in.u16();
    if (size > most_message_entries) return false;
    for (std::size_t i = 0; i < size && in.ok(); ++i) {
        const auto device = in.block<16>();
        const Hlc hlc = in.u64();
        if (hlc == 0 || (!versions.empty() && versions.rbegin()->first >= device)) return false;
        versions.emplace_hint(versions.end(), device, hlc);
    }
    return true;
}

bool get(Reader& in, std::optional<Hash>& digest) {
    bool present = false;
    if (!get(in, present)) return false;
    if (present) digest = in.block<32>();
    return true;
}

bool get(Reader& in, Envelopes& envelopes) {
    const std::uint16_t size = in.u16();
    if (size > most_message_entries) return false;
    for (std::size_t i = 0; i < size && in.ok(); ++i) {
        const View envelope = in.run32();
        if (envelope.size() > Envelope::most_bytes) return false;
        envelopes.envelopes.push_back(to_bytes(envelope));
    }
    envelopes.checked.resize(envelopes.envelopes.size());
    return true;
}

bool read(Reader& in, Pull& pull) {
    bool resume = false;
    if (!get(in, pull.versions) || !get(in, resume)) return false;
    if (!resume) return true;
    pull.resume.emplace();
    if (!get(in, pull.resume->target)) return false;
    pull.resume->cursor.hlc = in.u64();
    pull.resume->cursor.device = in.block<16>();
    pull.resume->cursor.record = in.block<16>();
    return true;
}
bool read(Reader& in, Begin& begin) {
    if (!get(in, begin.resumed) || !get(in, begin.target)) return false;
    begin.expected = in.u64();
    return true;
}
bool read(Reader& in, Batch& batch) { return get(in, batch); }
bool read(Reader&, Ack&) { return true; }
bool read(Reader&, End&) { return true; }
bool read(Reader& in, Offer& offer) {
    return get(in, offer.full) && get(in, offer.versions) && get(in, offer.digest);
}
bool read(Reader& in, Push& push) {
    return get(in, push.from) && get(in, push.to) && get(in, static_cast<Envelopes&>(push));
}
bool read(Reader& in, Applied& applied) { return get(in, applied.versions); }
bool read(Reader& in, Settled& settled) {
    return get(in, settled.versions) && get(in, settled.digest);
}
bool read(Reader& in, Quota& quota) {
    quota.cells = in.u64();
    quota.bytes = in.u64();
    return true;
}
bool read(Reader&, Poke&) { return true; }

/// The default value of the variant's alternative `index`.
template <std::size_t I = 0>
std::optional<Message> blank(std::size_t index) {
    if constexpr (I < std::variant_size_v<Message>) {
        if (index == I) return Message(std::in_place_index<I>);
        return blank<I + 1>(index);
    }
    return std::nullopt;
}

const Envelopes* envelopes_of(const Message& message) {
    if (const auto* batch = std::get_if<Batch>(&message)) return batch;
    return std::get_if<Push>(&message);
}

} // namespace

Bytes encode(const Message& message) {
    Writer out;
    out.u8(static_cast<std::uint8_t>(first_type + message.index()));
    std::visit([&out](const auto& fields) { write(out, fields); }, message);
    return std::move(out).bytes();
}

Result<Message> decode(View bytes) {
    if (bytes.empty() || bytes.size() > most_message_bytes)
        return fail(Code::protocol, "The other side sent a message of " +
                                        std::to_string(bytes.size()) +
                                        " bytes; 1 byte to 1 MiB are allowed.");
    Reader in(bytes);
    const std::uint8_t type = in.u8();
    auto message = blank(static_cast<std::size_t>(type) - first_type);
    if (!message)
        return fail(Code::protocol,
                    "The other side sent a message of the unknown type " + std::to_string(type) +
                        ".",
                    "Update EnvMesh on the older of the two devices.");
    const bool canonical =
        std::visit([&in](auto& fields) { return read(in, fields); }, *message) && in.at_end();
    if (!canonical)
        return fail(Code::protocol, "The other side sent a malformed message of type " +
                                        std::to_string(type) + ".");
    return std::move(*message);
}

std::size_t cells_to_check(const Message& message) {
    const Envelopes* found = envelopes_of(message);
    return found == nullptr ? 0 : found->envelopes.size();
}

void check_cells(const Authority& authority, Message& message, std::size_t first,
                 std::size_t count) {
    const std::size_t size = cells_to_check(message);
    if (first >= size) return;
    auto* batch = std::get_if<Batch>(&message);
    Envelopes& all = batch != nullptr ? static_cast<Envelopes&>(*batch) : std::get<Push>(message);
    for (std::size_t i = first; i < first + std::min(count, size - first); ++i)
        all.checked[i] = check_cell(authority, all.envelopes[i]);
}

} // namespace envmesh::sync
