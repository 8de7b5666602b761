// SPDX-License-Identifier: MIT
#include "cli/commands/calls.h"

#include "cli/script.h"
#include "core/ipc/frame.h"
#include "platform/process.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace envmesh::cli {
namespace {

// JSON may need six bytes for one, and each item has its own quotes and names.
constexpr std::size_t most_call_bytes = ipc::most_frame_bytes / 6 - 1024;
constexpr std::size_t bytes_around_item = 32;
constexpr std::size_t most_call_items = 500; // so that progress is seen

// As many of the items, from `first` on, as one call takes: at least one.
std::vector<api::Set::Item> part(std::vector<api::Set::Item>& items, std::size_t first) {
    std::vector<api::Set::Item> out;
    for (std::size_t bytes = 0; first < items.size() && out.size() < most_call_items; ++first) {
        bytes += items[first].key.size() + items[first].value.size() + bytes_around_item;
        if (!out.empty() && bytes > most_call_bytes) break;
        out.push_back(std::move(items[first]));
    }
    return out;
}

Result<api::Set::Reply> set_in_parts(Context& context, api::Set& whole) {
    auto client = context.connect();
    if (!client) return std::unexpected(client.error());
    api::Set::Reply all;
    for (std::size_t done = 0; done < whole.items.size();) {
        if (whole.items.size() > most_call_items)
            context.out.progress("Setting " + std::to_string(done) + " of " +
                                 std::to_string(whole.items.size()));
        api::Set call{
            part(whole.items, done), whole.scope, whole.visibility, whole.type, whole.force,
            whole.if_version,        whole.inject};
        const std::size_t sent = call.items.size();
        auto reply = client->ask(std::move(call), context.deadline());
        if (!reply) {
            if (done > 0)
                reply.error().message += " The first " + std::to_string(done) + " were set.";
            return reply;
        }
        done += sent;
        std::ranges::move(reply->keys, std::back_inserter(all.keys));
        std::ranges::move(reply->versions, std::back_inserter(all.versions));
        all.pending_sync = reply->pending_sync;
    }
    return all;
}

// Takes out what would leave too little room for a program's arguments: then every command of that
// shell would fail. The largest go first.
void keep_to_budget(api::Export::Reply& all) {
    using Item = api::Export::Item;
    const auto size = [](const Item* item) { return item->key.size() + item->value.size() + 2; };
    std::vector<const Item*> kept;
    std::size_t total = 0;
    for (const Item& item : all.items) {
        kept.push_back(&item);
        total += size(&item);
    }
    if (total <= platform::most_environment_bytes()) return;
    std::ranges::sort(kept, {}, [&](const Item* item) {
        return std::pair(size(item), std::string_view(item->key)); // the same ones every time
    });
    std::set<const Item*> left_out;
    for (; total > platform::most_environment_bytes(); kept.pop_back()) {
        total -= size(kept.back());
        left_out.insert(kept.back());
        all.skipped.push_back(kept.back()->key +
                              ": together they are more than a program can be given");
    }
    std::erase_if(all.items, [&](const Item& item) { return left_out.contains(&item); });
}

} // namespace

Result<std::vector<api::Variable>> list_all(Context& context, api::List call) {
    auto client = context.connect();
    if (!client) return std::unexpected(std::move(client.error()));
    std::vector<api::Variable> all;
    while (true) {
        auto page = client->ask(call, context.deadline());
        if (!page) return std::unexpected(std::move(page.error()));
        std::ranges::move(page->variables, std::back_inserter(all));
        if (page->next.empty()) return all;
        if (page->next == call.after)
            return fail(Code::protocol, "The daemon repeats a page of the list.");
        call.after = page->next;
    }
}

Result<api::Export::Reply> export_all(Result<ipc::Client> client, api::Export call,
                                      ipc::Deadline deadline) {
    if (!client) return std::unexpected(std::move(client.error()));
    api::Export::Reply all;
    do {
        call.after = all.next;
        auto page = client->ask(call, deadline);
        if (!page) return std::unexpected(page.error());
        std::ranges::move(page->items, std::back_inserter(all.items));
        std::ranges::move(page->skipped, std::back_inserter(all.skipped));
        std::ranges::move(page->missing, std::back_inserter(all.missing));
        all.next = std::move(page->next);
    } while (!all.next.empty()); // a daemon that repeats itself meets the deadline
    return all;
}

void note_left_out(Context& context, const api::Export::Reply& all) {
    for (const std::string& name_and_reason : all.skipped)
        context.out.note("not exported: " + name_and_reason);
    for (const std::string& name : all.missing)
        context.out.note("the project requires " + name + ", which is not there or not given out.");
}

std::vector<Wanted> wanted_of(api::Export::Reply& all, Dialect dialect) {
    keep_to_budget(all);
    std::vector<Wanted> wanted;
    for (const auto& item : all.items) {
        const auto reason = why_not(dialect, item.key, item.value.reveal());
        if (reason.empty())
            wanted.push_back({item.key, item.value.reveal(), mode_of(item.type)});
        else
            all.skipped.push_back(item.key + ": " + std::string(reason));
    }
    return wanted;
}

Result<api::Set::Reply> set_all(Context& context, api::Set call) {
    auto reply = set_in_parts(context, call);
    context.out.progress("");
    return reply;
}

} // namespace envmesh::cli
