// SPDX-License-Identifier: MIT
// dotenv has no specification but the npm package of that name. The reader matches as the regular
// expression LINE of its lib/main.js (versions 16 and 17) does, in time linear in the file:
//   /^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)
//    (\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?$/mg
#include "cli/formats/format.h"

#include <algorithm>
#include <array>
#include <map>

namespace envmesh::cli::formats {
namespace {

constexpr std::string_view quotes = "'\"`";
constexpr auto none = std::string_view::npos;

// JavaScript's \s. Bytes of the white space that stands here, 0 when none does.
std::size_t space_at(std::string_view text, std::size_t at) {
    const std::string_view here = text.substr(std::min(at, text.size()), 3);
    if (here.empty()) return 0;
    if (std::string_view("\t\n\v\f\r ").contains(here.front())) return 1;
    if (here.starts_with("\xc2\xa0")) return 2;
    if (here.size() == 3 && here.starts_with("\xe2\x80")) {
        const auto last = static_cast<std::uint8_t>(here.back());
        return last <= 0x8a || last == 0xa8 || last == 0xa9 || last == 0xaf ? 3 : 0;
    }
    for (const std::string_view space :
         {"\xe1\x9a\x80", "\xe2\x81\x9f", "\xe3\x80\x80", "\xef\xbb\xbf"})
        if (here == space) return 3;
    return 0;
}

// What JavaScript's ^ and $ take for the end of a line, carriage returns being gone.
std::size_t break_at(std::string_view text, std::size_t at) {
    const std::string_view here = text.substr(std::min(at, text.size()), 3);
    if (here.starts_with('\n')) return 1;
    return here == "\xe2\x80\xa8" || here == "\xe2\x80\xa9" ? 3 : 0;
}

std::size_t after_spaces(std::string_view text, std::size_t at) {
    while (const auto size = space_at(text, at))
        at += size;
    return at;
}

std::size_t end_of_line(std::string_view text, std::size_t at) {
    while (at < text.size() && break_at(text, at) == 0)
        ++at;
    return at;
}

bool is_name_byte(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("_.-").contains(c);
}

struct Match {
    std::string_view key, value; // value as it stands there
    std::size_t end;
};

class Matcher {
  public:
    explicit Matcher(std::string_view text) : text_(text) {}

    std::optional<Match> next() {
        while (at_ < text_.size()) {
            const auto start = after_spaces(text_, at_);
            const auto found = match(start);
            const auto end = end_of_line(text_, found ? found->end : start);
            at_ = end + break_at(text_, end);
            if (found) return found;
            if (at_ == end) break;
        }
        return std::nullopt;
    }

  private:
    static constexpr std::string_view exported = "export";

    [[nodiscard]] std::optional<Match> match(std::size_t start) {
        if (text_.substr(start).starts_with(exported)) {
            const auto after = start + exported.size();
            const auto key = after_spaces(text_, after);
            if (key > after)
                if (auto found = match_key(key)) return found;
        }
        return match_key(start);
    }

    // Once a key and its separator are there, some value follows: an empty one at least.
    [[nodiscard]] std::optional<Match> match_key(std::size_t start) {
        auto end = start;
        while (end < text_.size() && is_name_byte(text_[end]))
            ++end;
        if (end == start) return std::nullopt;
        const auto equals = after_spaces(text_, end);
        const std::string_view key = text_.substr(start, end - start);
        if (text_.substr(equals).starts_with('=')) return match_value(key, equals + 1);
        const auto space = space_at(text_, end + 1);
        if (text_.substr(end).starts_with(':') && space > 0)
            return match_value(key, end + 1 + space);
        return std::nullopt;
    }

    Match match_value(std::string_view key, std::size_t start) {
        const auto first = after_spaces(text_, start);
        if (first < text_.size() && quotes.contains(text_[first]))
            if (const auto close = closing(text_[first], first + 1); close != none)
                return {key, text_.substr(start, close + 1 - start), tail(close + 1)};
        const auto stop = std::min(text_.find_first_of("#\n", start), text_.size());
        return {key, text_.substr(start, stop - start), tail(stop)};
    }

    // Where \s*(?:#.*)?$ ends that begins here, or none.
    [[nodiscard]] std::size_t tail(std::size_t start) const {
        const auto after = after_spaces(text_, start);
        if (after == text_.size()) return after;
        if (text_[after] == '#') return end_of_line(text_, after);
        auto last = none;
        for (auto at = start; at < after; at += space_at(text_, at))
            if (break_at(text_, at) > 0) last = at;
        return last;
    }

    // The quote that closes a value whose first byte is `from`. One after a backslash is passed
    // over, or closes when none after it can. What was found once serves all who begin before it.
    std::size_t closing(char quote, std::size_t from) {
        Search& search = searches_[quotes.find(quote)];
        if (from < search.from || from > search.to) search = find_closing(quote, from);
        return search.close >= from ? search.close : none;
    }

    struct Search {
        std::size_t from = 1, to = 0; // serves these; at first none
        std::size_t close = none;
    };
    [[nodiscard]] Search find_closing(char quote, std::size_t from) const {
        auto escaped = none;
        for (auto at = text_.find(quote, from); at != none; at = text_.find(quote, at + 1)) {
            const bool closes = tail(at + 1) != none;
            const bool is_last = at == from || text_[at - 1] != '\\';
            if (is_last) return {from, at, closes ? at : escaped};
            if (closes) escaped = at;
        }
        return {from, text_.size(), escaped};
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::array<Search, quotes.size()> searches_;
};

std::string_view trimmed(std::string_view text) {
    text.remove_prefix(after_spaces(text, 0));
    for (std::size_t size = 1; size <= 3 && size <= text.size();) {
        const bool is_space = space_at(text, text.size() - size) == size;
        if (is_space) text.remove_suffix(size);
        size = is_space ? 1 : size + 1;
    }
    return text;
}

// As /^(['"`])([\s\S]*)\1$/mg has it: the closing quote for one that begins a line, or none.
std::size_t closing_of_lines(std::string_view text, std::size_t at) {
    const bool begins = at == 0 || text[at - 1] == '\n' || (at >= 3 && break_at(text, at - 3) == 3);
    if (!begins || !quotes.contains(text[at])) return none;
    for (auto end = text.rfind(text[at]); end > at; end = text.rfind(text[at], end - 1))
        if (end + 1 == text.size() || break_at(text, end + 1) > 0) return end;
    return none;
}

Secret value_of(std::string_view raw) {
    raw = trimmed(raw);
    const bool expands = raw.starts_with('"');
    Secret stripped(raw.size());
    std::size_t size = 0;
    for (std::size_t at = 0; at < raw.size();) {
        const auto close = closing_of_lines(raw, at);
        const auto inner = close == none ? raw.substr(at, 1) : raw.substr(at + 1, close - at - 1);
        std::ranges::copy(view(inner), stripped.writable().subspan(size).begin());
        size += inner.size();
        at = close == none ? at + 1 : close + 1;
    }
    const auto bytes = stripped.writable().first(size);
    std::size_t kept = 0;
    for (std::size_t at = 0; at < size; ++at) {
        const bool escape = expands && bytes[at] == '\\' && at + 1 < size;
        const bool named = escape && (bytes[at + 1] == 'n' || bytes[at + 1] == 'r');
        if (named) ++at;
        const std::uint8_t control = bytes[at] == 'n' ? '\n' : '\r';
        bytes[kept++] = named ? control : bytes[at];
    }
    return Secret(stripped.reveal().first(kept));
}

Secret with_line_feeds(std::string_view text) {
    Secret out(text.size());
    std::size_t size = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool is_return = text[at] == '\r';
        out.writable()[size++] = static_cast<std::uint8_t>(is_return ? '\n' : text[at]);
        if (is_return && text.substr(at + 1).starts_with('\n')) ++at;
    }
    return Secret(out.reveal().first(size));
}

bool equals(const Entry& one, const Entry& other) {
    return one.key == other.key && one.value == other.value;
}

// What stands after a line at worst: a quote of each kind that ends a line.
constexpr std::string_view worst_rest = "'\n\"\n`\n";

bool reads_back(std::string_view line, std::string_view rest, const Entry& entry) {
    std::string text;
    text.reserve(line.size() + rest.size() + 64);
    text.append(line).append(rest);
    const Secret lines = with_line_feeds(text);
    wipe(text);
    const auto found = Matcher(lines.reveal_text()).next();
    return found && found->key == entry.key && value_of(found->value) == entry.value;
}

std::string line_in(std::string_view quote, const Entry& entry) {
    std::string line;
    line.reserve(entry.key.size() + 2 * entry.value.size() + 64);
    line.append(entry.key).append("=").append(quote);
    for (const char c : entry.value.reveal_text()) {
        if (c == '\r' && quote == "\"")
            line.append("\\r");
        else
            line += c;
    }
    return line.append(quote).append("\n");
}

// Single quotes first: others than npm's readers take what is in them as it stands. A quote around
// one of its kind comes last, for those would not read it at all.
bool append_line(std::string& out, const Entry& entry, std::string_view rest) {
    const std::string_view value = entry.value.reveal_text();
    for (const bool holds_it : {false, true})
        for (const std::string_view quote : {"'", "\"", "`", ""}) {
            if ((!quote.empty() && value.contains(quote)) != holds_it) continue;
            std::string line = line_in(quote, entry);
            const bool good = reads_back(line, rest, entry);
            if (good) out += line;
            wipe(line);
            if (good) return true;
        }
    return false;
}

} // namespace

Result<Entries> read_dotenv(std::string_view text, std::string_view /*origin*/) {
    const Secret lines = with_line_feeds(text);
    Matcher matcher(lines.reveal_text());
    Entries entries;
    std::map<std::string, std::size_t, std::less<>> places;
    while (const auto found = matcher.next()) {
        const auto [place, is_new] = places.try_emplace(std::string(found->key), entries.size());
        if (is_new) entries.push_back({place->first, {}});
        entries[place->second].value = value_of(found->value); // the last one wins
    }
    return entries;
}

Result<> write_dotenv(std::string& out, std::span<const Entry> entries) {
    constexpr std::string_view what = "has quotes that dotenv cannot tell from its own";
    for (const Entry& entry : entries)
        if (!append_line(out, entry, worst_rest) && !append_line(out, entry, ""))
            return cannot_carry(entry, what);
    const auto written = read_dotenv(out, "");
    for (std::size_t i = 0; i < entries.size(); ++i)
        if (i >= written->size() || !equals((*written)[i], entries[i]))
            return cannot_carry(entries[i], what);
    return {};
}

} // namespace envmesh::cli::formats
