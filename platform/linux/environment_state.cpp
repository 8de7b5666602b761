// SPDX-License-Identifier: MIT
#include "platform/linux/environment_state.h"

#include "core/base/codec.h"
#include "core/base/log.h"
#include "platform/files.h"

#include <algorithm>

#include <unistd.h>

namespace envmesh::platform {
namespace {

constexpr std::uint32_t form = 0x454d4901; // "EMI", 1
constexpr std::size_t most_entries = 20'000;
constexpr std::size_t most_bytes = 16U << 20U;
constexpr std::uint8_t has_before = 1, is_activated = 2;

bool is_identifier(std::string_view name) {
    const auto fits = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '_';
    };
    return !name.empty() && !(name[0] >= '0' && name[0] <= '9') && std::ranges::all_of(name, fits);
}

// The manager takes neither, so they cannot come from us.
bool is_value(View bytes) { return is_utf8(bytes) && std::ranges::find(bytes, 0) == bytes.end(); }

bool read_entry(Reader& in, Injections& out) {
    const View name = in.run32();
    const auto flags = in.u8();
    Injected entry;
    bool is_good = is_identifier(text(name)) && (flags & ~(has_before | is_activated)) == 0;
    if ((flags & has_before) != 0) entry.before.emplace(in.run32());
    if (entry.before) is_good = is_good && is_value(entry.before->reveal());
    entry.is_activated = (flags & is_activated) != 0;
    for (auto count = in.u8(); count > 0 && in.ok(); --count) {
        entry.ours.emplace_back(in.run32());
        is_good = is_good && is_value(entry.ours.back().reveal());
    }
    return in.ok() && is_good && !entry.is_over() &&
           out.all.emplace(std::string(text(name)), std::move(entry)).second;
}

} // namespace

bool Injected::has(std::string_view value) const {
    return std::ranges::any_of(ours, [&](const auto& one) { return one.reveal_text() == value; });
}

Injected Injected::copy() const {
    Injected same;
    if (before) same.before = before->copy();
    for (const auto& one : ours)
        same.ours.push_back(one.copy());
    same.is_activated = is_activated;
    return same;
}

Bytes encode(const Injections& injections) {
    Writer out;
    out.u32(form).run8(view(injections.manager)).run8(view(injections.bus));
    out.u32(static_cast<std::uint32_t>(injections.all.size()));
    for (const auto& [name, entry] : injections.all) {
        out.run32(view(name));
        out.u8(static_cast<std::uint8_t>((entry.before ? has_before : 0) |
                                         (entry.is_activated ? is_activated : 0)));
        if (entry.before) out.run32(entry.before->reveal());
        out.u8(static_cast<std::uint8_t>(entry.ours.size()));
        for (const auto& one : entry.ours)
            out.run32(one.reveal());
    }
    return std::move(out).bytes();
}

Result<Injections> decode_injections(View bytes) {
    Reader in(bytes);
    Injections out;
    bool is_good = in.u32() == form;
    out.manager = text(in.run8());
    out.bus = text(in.run8());
    const auto count = in.u32();
    is_good = is_good && count <= most_entries;
    for (std::uint32_t i = 0; is_good && i < count; ++i)
        is_good = read_entry(in, out);
    if (!is_good || !in.at_end())
        return fail(Code::corrupt, "What was put into the session's environment is not known.");
    return out;
}

Injections InjectionFile::read() const {
    auto bytes = read_regular_file(file_, most_bytes);
    if (!bytes && bytes.error().code == Code::not_found) return {};
    auto known = bytes ? decode_injections(bytes->reveal())
                       : Result<Injections>(std::unexpected(bytes.error()));
    if (known) return std::move(*known);
    const std::filesystem::path aside = file_.string() + ".damaged";
    std::error_code error;
    std::filesystem::rename(file_, aside, error);
    log_warning("cannot undo what was put into the session's environment before", "file",
                aside.string(), "cause", known.error().message);
    return {};
}

Result<> InjectionFile::write(const Injections& injections) const {
    if (injections.all.empty()) {
        ::unlink(file_.c_str());
        return {};
    }
    auto bytes = encode(injections);
    const auto there = read_regular_file(file_, most_bytes); // a full folder can keep it
    auto done = there && there->reveal_text() == text(bytes)
                    ? Result<>{}
                    : replace_file(file_, bytes, Replacing::fleetingly);
    wipe(bytes);
    return done;
}

} // namespace envmesh::platform
