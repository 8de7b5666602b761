// SPDX-License-Identifier: MIT
#include "cli/changes.h"

#include "cli/script.h"
#include "core/node/policy.h"

#include <algorithm>

namespace envmesh::cli {
namespace {

constexpr std::string_view format = "1 "; // of the text, for versions to come
constexpr std::size_t hash_digits = 16;

// FNV-1a, 64 bits: tells whether a value is still ours. It guards against nobody.
std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text)
        hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3U;
    return hash;
}

std::string digits(std::uint64_t hash) {
    Block<8> bytes{};
    for (std::size_t i = bytes.size(); i-- > 0; hash >>= 8U)
        bytes[i] = static_cast<std::uint8_t>(hash);
    return hex(bytes);
}

std::optional<std::uint64_t> from_digits(std::string_view text) {
    const auto bytes = from_hex(text);
    if (!bytes || bytes->size() != hash_digits / 2) return std::nullopt;
    std::uint64_t hash = 0;
    for (const std::uint8_t byte : *bytes)
        hash = hash << 8U | byte;
    return hash;
}

// A variable's value while it is looked at. Wiped, since it may be anybody's secret.
using Value = std::optional<Secret>;

Value value_of(std::optional<std::string_view> text) {
    return text ? Value(Secret(*text)) : std::nullopt;
}
Value copy_of(const Value& value) { return value ? Value(value->copy()) : std::nullopt; }

// Where a part stands in a colon list: the first place of what was prepended, the last of what was
// appended. The length of the list when it is not there.
std::size_t place_of(std::string_view part, std::string_view list, Mode mode) {
    const std::string all = ":" + std::string(list) + ":";
    const std::string one = ":" + std::string(part) + ":";
    return std::min(mode == Mode::prepend ? all.find(one) : all.rfind(one), list.size());
}

bool is_part(std::string_view part, std::string_view list, Mode mode) {
    return place_of(part, list, mode) != list.size();
}

// Where nothing else is in the list, it becomes what it was before: unset, or empty.
Value without(const Mark& mark, Value list) {
    const std::string_view part = mark.part;
    if (!list || part.empty()) return list;
    const auto text = list->reveal_text();
    if (text == part) return copy_of(mark.before);
    const auto at = place_of(part, text, mark.mode);
    if (at == text.size()) return list;
    const auto colon = at == 0 ? 0 : at - 1; // the one that goes with it
    std::string rest(text.substr(0, colon));
    rest += text.substr(colon + part.size() + 1);
    return Secret(std::string_view(rest));
}

// Beside a colon, an empty list would be an empty part, which means the current folder.
Value with(std::string_view part, const Value& list, Mode mode) {
    if (!list || list->empty()) return Secret(part);
    const std::string text(list->reveal_text());
    const std::string one(part);
    return Secret(std::string_view(mode == Mode::prepend ? one + ":" + text : text + ":" + one));
}

bool is_ours(const Mark& mark, const Value& value) {
    return value && hash_of(value->reveal_text()) == mark.hash;
}

Value undone(const Mark& mark, Value value) {
    if (mark.mode != Mode::replace) return without(mark, std::move(value));
    return is_ours(mark, value) ? copy_of(mark.before) : std::move(value);
}

// A part has to be there as well: a start-up file that assigns the whole list, as that of a login
// shell does with PATH, takes it out of a shell that has inherited the mark.
bool is_done(const Mark& mark, const Wanted& wanted, const Environment& environment) {
    if (mark.mode != wanted.mode) return false;
    const auto value = text(wanted.value);
    if (mark.mode == Mode::replace) return mark.hash == hash_of(value);
    const auto present = environment(std::string(wanted.name));
    return mark.part == value && present && is_part(value, *present, mark.mode);
}

struct Step {
    Value value; // what the variable is to be
    std::optional<Mark> mark;
};

// A value that is there already, from the session or from `export`, becomes ours: it came from us.
Step replaced(const Wanted& wanted, const Mark* old, Value present) {
    const auto wished = text(wanted.value);
    Step step{Secret(wanted.value), Mark{.hash = hash_of(wished), .before = {}, .part = {}}};
    if (!present || present->reveal_text() != wished)
        step.mark->before = old == nullptr ? std::move(present) : undone(*old, std::move(present));
    else if (old != nullptr)
        step.mark->before = copy_of(old->before);
    return step;
}

// A part that a person has there stays theirs: without a mark it is never taken out.
Step joined(const Wanted& wanted, const Mark* old, Value present) {
    const std::string part(text(wanted.value));
    Value base = old == nullptr ? std::move(present) : undone(*old, std::move(present));
    const bool is_there = base && is_part(part, base->reveal_text(), wanted.mode);
    if (is_there || part.empty()) return {std::move(base), std::nullopt};
    Mark mark{.mode = wanted.mode, .before = {}, .part = part};
    if (base && base->empty()) mark.before = Secret(std::string_view());
    return {with(part, base, wanted.mode), std::move(mark)};
}

void note(Changes& to, const std::string& name, const Value& present, Value value) {
    if (present == value) return;
    to.items.push_back({name, std::move(value)});
}

// After the name: "=" and the hash, ":" and what was there before; or "<" or ">" and the part, ":"
// if the variable was empty before.
std::string entry(const std::string& name, const Mark& mark, bool with_before) {
    if (mark.mode != Mode::replace)
        return ' ' + name + (mark.mode == Mode::prepend ? '<' : '>') + base64(view(mark.part)) +
               (mark.before ? ":" : "");
    std::string out = ' ' + name + '=' + digits(mark.hash);
    if (with_before && mark.before) out += ':' + base64(mark.before->reveal());
    return out;
}

std::optional<Mark> part_mark_from(char kind, std::string_view text) {
    const bool was_empty = text.ends_with(':');
    const auto part = from_base64(text.substr(0, text.size() - (was_empty ? 1 : 0)));
    if (!part || part->empty()) return std::nullopt;
    return Mark{.mode = kind == '<' ? Mode::prepend : Mode::append,
                .before = was_empty ? std::optional<Secret>(std::in_place, std::string_view())
                                    : std::nullopt,
                .part = std::string(envmesh::text(*part))};
}

std::optional<Mark> mark_from(char kind, std::string_view text) {
    if (kind != '=') return part_mark_from(kind, text);
    const auto hash = from_digits(text.substr(0, hash_digits));
    if (!hash) return std::nullopt;
    Mark mark{.hash = *hash, .before = {}, .part = {}};
    text.remove_prefix(hash_digits);
    if (text.empty()) return mark;
    auto before = from_base64(text.substr(1));
    if (text.front() != ':' || !before || std::ranges::find(*before, 0) != before->end())
        return std::nullopt;
    mark.before = Secret(*before);
    wipe(*before);
    return mark;
}

} // namespace

Mode mode_of(std::string_view type) {
    if (type == "path") return Mode::prepend;
    return type == "path-append" ? Mode::append : Mode::replace;
}

Changes changes(const std::vector<Wanted>& wanted, Marks marks, const Environment& environment) {
    Changes out;
    for (const Wanted& one : wanted) {
        const std::string name(one.name);
        const auto old = marks.find(name);
        if (old != marks.end() && is_done(old->second, one, environment)) {
            out.marks.insert(marks.extract(old));
            continue;
        }
        const Value present = value_of(environment(name));
        const Mark* mark = old == marks.end() ? nullptr : &old->second;
        auto step = one.mode == Mode::replace ? replaced(one, mark, copy_of(present))
                                              : joined(one, mark, copy_of(present));
        if (step.mark) out.marks.emplace(name, std::move(*step.mark));
        note(out, name, present, std::move(step.value));
        if (old != marks.end()) marks.erase(old);
    }
    for (const auto& [name, mark] : marks) { // EnvMesh has them no more
        const Value present = value_of(environment(name));
        note(out, name, present, undone(mark, copy_of(present)));
    }
    return out;
}

std::string fingerprint(std::string_view text) { return digits(hash_of(text)); }

// What is not written as we write it shows when it is written again.
Marks marks_from(std::string_view text) {
    Marks marks;
    std::string_view rest = text.substr(std::min(format.size() + hash_digits, text.size()));
    while (!rest.empty()) {
        const auto one = rest.substr(1, rest.find(' ', 1) - 1);
        const auto kind = one.find_first_of("=<>");
        if (kind == std::string_view::npos || !is_variable_name(one.substr(0, kind))) return {};
        auto mark = mark_from(one[kind], one.substr(kind + 1));
        if (!mark) return {};
        marks.emplace(one.substr(0, kind), std::move(*mark));
        rest.remove_prefix(1 + one.size());
    }
    if (to_text(marks).text != text) return {};
    // We never set these, so whoever wrote such a mark wants them set by our undoing it.
    std::erase_if(marks, [](const auto& mark) {
        return node::classify(mark.first) == node::NameClass::never;
    });
    return marks;
}

MarksText to_text(const Marks& marks) {
    MarksText out;
    std::string entries;
    std::size_t before_bytes = 0;
    for (const auto& [name, mark] : marks) {
        const std::size_t before = mark.before ? (mark.before->size() + 2) / 3 * 4 : 0;
        const bool has_room = before_bytes + before <= most_before_bytes;
        const std::string one = entry(name, mark, has_room);
        if (entries.size() + one.size() + format.size() + hash_digits > most_marks_bytes) {
            ++out.left_out;
            continue;
        }
        if (has_room) before_bytes += before;
        entries += one;
    }
    if (!entries.empty()) out.text = std::string(format) + fingerprint(entries) + entries;
    return out;
}

} // namespace envmesh::cli
