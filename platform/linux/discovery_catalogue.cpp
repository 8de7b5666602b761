// SPDX-License-Identifier: MIT
#include "platform/linux/discovery_catalogue.h"

#include <algorithm>
#include <utility>

namespace envmesh::platform {
namespace {

constexpr std::size_t most_name_bytes = 63;
constexpr std::size_t most_key_bytes = 9;
constexpr std::size_t most_pair_bytes = 255;
constexpr std::size_t most_text_bytes = 1300;

bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_instance(std::string_view name) {
    return !name.empty() && name.size() <= most_name_bytes && is_printable(name);
}

bool is_key(std::string_view key) {
    return !key.empty() && key.size() <= most_key_bytes && is_printable(key) &&
           key.find('=') == std::string_view::npos;
}

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
char lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

} // namespace

Result<> check(const Service& service) {
    const auto refuse = [&](const std::string& why) {
        return fail(Code::invalid,
                    "The service \"" + service.instance + "\" cannot be announced: " + why + ".",
                    "See the limits in platform/discovery.h.");
    };
    if (!is_instance(service.instance))
        return fail(Code::invalid, "A service's name must have 1 to 63 printable ASCII characters.",
                    "Choose another name.");
    if (service.port == 0) return refuse("its port is 0");
    std::size_t total = 0;
    for (const auto& [key, value] : service.text) {
        const auto bytes = key.size() + 1 + value.size();
        if (!is_key(key) || std::ranges::any_of(key, is_upper))
            return refuse("a key of its text is not 1 to 9 printable characters in lower case");
        if (!is_printable(value) || bytes > most_pair_bytes)
            return refuse("the value of \"" + key + "\" is too long or not printable");
        total += 1 + bytes;
    }
    if (total > most_text_bytes) return refuse("its text has more than 1300 bytes");
    return {};
}

std::optional<std::map<std::string, std::string>> text_of(std::span<const std::string> pairs) {
    std::size_t total = 0;
    std::map<std::string, std::string> text;
    for (const auto& pair : pairs) {
        total += 1 + pair.size();
        if (total > most_text_bytes) return std::nullopt;
        const auto equals = std::min(pair.find('='), pair.size());
        std::string key = pair.substr(0, equals);
        std::string value = equals == pair.size() ? "" : pair.substr(equals + 1);
        if (!is_key(key) || !is_printable(value)) continue;
        std::ranges::transform(key, key.begin(), lower);
        text.emplace(std::move(key), std::move(value));
    }
    return text;
}

void Catalogue::appeared(const Sighting& sighting) {
    if (!is_instance(sighting.instance)) return;
    const auto entry = known_.find(sighting.instance);
    if (entry == known_.end() && known_.size() == most_names) return;
    auto& places = entry == known_.end() ? known_[sighting.instance].places : entry->second.places;
    const std::pair where(sighting.interface, sighting.protocol);
    if (!places.contains(where) && places.size() == most_places) return;
    places[where].is_seen = true;
    std::erase_if(waiting_, [&](const Lookup& lookup) { return lookup.sighting == sighting; });
    waiting_.push_back({sighting, 0});
}

void Catalogue::vanished(const Sighting& sighting) {
    const auto entry = known_.find(sighting.instance);
    if (entry == known_.end()) return;
    std::erase_if(waiting_, [&](const Lookup& lookup) { return lookup.sighting == sighting; });
    entry->second.places.erase({sighting.interface, sighting.protocol});
    forget_if_nowhere(entry);
}

void Catalogue::start_over() {
    waiting_.clear();
    for (auto& [instance, known] : known_)
        for (auto& [where, place] : known.places)
            place.is_seen = false;
}

void Catalogue::everything_appeared() {
    for (auto entry = known_.begin(); entry != known_.end();) {
        std::erase_if(entry->second.places, [](const auto& item) { return !item.second.is_seen; });
        entry = forget_if_nowhere(entry);
    }
}

void Catalogue::leave_out(const std::string& instance) {
    known_.erase(std::exchange(ours_, instance));
    std::erase_if(waiting_,
                  [&](const auto& one) { return !known_.contains(one.sighting.instance); });
    const auto entry = known_.find(instance);
    if (entry == known_.end() || !entry->second.told) return;
    entry->second.told.reset();
    --services_;
    hooks_.lost(instance);
}

Catalogue::Lookup Catalogue::next() {
    Lookup lookup = std::move(waiting_.back());
    waiting_.pop_back();
    return lookup;
}

void Catalogue::answered(const Sighting& sighting, std::string address, std::uint16_t port,
                         std::map<std::string, std::string> text) {
    Place* const place = place_of(sighting);
    if (place == nullptr || port == 0) return;
    place->address = std::move(address);
    auto& known = known_[sighting.instance];
    known.port = port;
    known.text = std::move(text);
    tell(sighting.instance, known);
}

void Catalogue::failed(Lookup lookup) {
    if (place_of(lookup.sighting) == nullptr) return;
    if (++lookup.tries == most_tries) return vanished(lookup.sighting);
    waiting_.push_front(std::move(lookup));
}

Catalogue::Place* Catalogue::place_of(const Sighting& sighting) {
    const auto entry = known_.find(sighting.instance);
    if (entry == known_.end()) return nullptr;
    const auto place = entry->second.places.find({sighting.interface, sighting.protocol});
    return place == entry->second.places.end() ? nullptr : &place->second;
}

void Catalogue::tell(const std::string& instance, Known& known) {
    FoundService found{instance, {}, known.port, known.text};
    for (const auto& [where, place] : known.places)
        if (!place.address.empty() && found.addresses.size() < most_addresses &&
            std::ranges::find(found.addresses, place.address) == found.addresses.end())
            found.addresses.push_back(place.address);
    // One that is looked up again keeps what was last said until there is better.
    if (instance == ours_ || found.addresses.empty() || known.told == found) return;
    if (!known.told) ++services_;
    known.told = found;
    hooks_.found(std::move(found));
}

Catalogue::Entry Catalogue::forget_if_nowhere(Entry entry) {
    if (!entry->second.places.empty()) {
        tell(entry->first, entry->second);
        return std::next(entry);
    }
    const auto gone = known_.extract(entry++);
    if (!gone.mapped().told) return entry;
    --services_;
    hooks_.lost(gone.key());
    return entry;
}

std::size_t Catalogue::services_on(int interface) const {
    return static_cast<std::size_t>(std::ranges::count_if(known_, [interface](const auto& one) {
        return one.second.told &&
               std::ranges::any_of(one.second.places, [interface](const auto& place) {
                   return place.first.first == interface && place.second.is_seen;
               });
    }));
}

} // namespace envmesh::platform
