// SPDX-License-Identifier: MIT
#include "core/node/readings.h"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace envmesh::node {
namespace {

auto place(const sync::Reading& reading) {
    return std::tie(reading.variable.name, reading.variable.scope);
}

} // namespace

Result<const std::vector<sync::Reading>*> Readings::all() {
    const auto touched = cells_.take_touched(); // before reading: what comes later is told later
    auto done = kept_ && touched ? read_again(*touched) : read_all();
    if (!done) {
        kept_.reset(); // what was touched is not told twice
        return std::unexpected(done.error());
    }
    return &*kept_;
}

Result<> Readings::read_all() {
    kept_.emplace();
    auto read = replica_.read_all([&](sync::Reading reading) -> Result<> {
        if (reading.variable.kind == sync::Kind::set) kept_->push_back(std::move(reading));
        return {};
    });
    if (read) std::ranges::sort(*kept_, {}, place);
    return read;
}

Result<> Readings::read_again(const Touched& touched) {
    if (touched.empty()) return {};
    std::erase_if(*kept_, [&](const sync::Reading& one) { return touched.contains(one.record); });
    const auto old = std::ssize(*kept_);
    for (const sync::RecordId& record : touched) {
        auto reading = replica_.read(record);
        if (!reading) return std::unexpected(reading.error());
        if (*reading && (*reading)->variable.kind == sync::Kind::set)
            kept_->push_back(std::move(**reading));
    }
    const auto fresh = kept_->begin() + old;
    std::ranges::sort(fresh, kept_->end(), {}, place);
    using Moving = std::move_iterator<std::vector<sync::Reading>::iterator>;
    std::vector<sync::Reading> merged;
    merged.reserve(kept_->size());
    std::merge(Moving(kept_->begin()), Moving(fresh), Moving(fresh), Moving(kept_->end()),
               std::back_inserter(merged),
               [](const sync::Reading& a, const sync::Reading& b) { return place(a) < place(b); });
    kept_ = std::move(merged);
    return {};
}

} // namespace envmesh::node
