// SPDX-License-Identifier: MIT
#include "platform/linux/secret_service.h"

#include "core/base/log.h"
#include "platform/linux/keychain_limits.h"
#include "platform/linux/secret_prompt.h"

#include <algorithm>
#include <array>
#include <utility>

#include <unistd.h>

namespace envmesh::platform {
namespace {

using std::chrono::seconds;

constexpr seconds patience{5};         // all calls together
constexpr seconds asking_ends{55};     // from the beginning: what follows needs some time too
constexpr seconds most_patience{60};   // with a person in it
constexpr std::size_t most_items = 64; // under one id there is one, and copies by accident

constexpr const char* bus_name = "org.freedesktop.secrets";
constexpr const char* root = "/org/freedesktop/secrets";
constexpr const char* of_service = "org.freedesktop.Secret.Service";
constexpr const char* of_collection = "org.freedesktop.Secret.Collection";
constexpr const char* of_item = "org.freedesktop.Secret.Item";
constexpr const char* none = "/"; // the path that stands for no object

GVariant* attributes_of(const std::string& id) {
    GVariantBuilder all;
    g_variant_builder_init(&all, G_VARIANT_TYPE("a{ss}"));
    g_variant_builder_add(&all, "{ss}", "xdg:schema", "org.envmesh.Vault");
    g_variant_builder_add(&all, "{ss}", "id", id.c_str());
    return g_variant_builder_end(&all);
}

std::string label() {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) return "EnvMesh vault";
    const std::string text = std::string("EnvMesh vault on ") + host.data();
    return is_utf8(view(text)) ? text : "EnvMesh vault";
}

GVariant* properties_of(const std::string& id) {
    GVariantBuilder all;
    g_variant_builder_init(&all, G_VARIANT_TYPE("a{sv}"));
    g_variant_builder_add(&all, "{sv}", "org.freedesktop.Secret.Item.Label",
                          g_variant_new_string(label().c_str()));
    g_variant_builder_add(&all, "{sv}", "org.freedesktop.Secret.Item.Attributes",
                          attributes_of(id));
    return g_variant_builder_end(&all);
}

std::vector<std::string> paths_of(GVariant* answer, gsize index) {
    const Variant list(g_variant_get_child_value(answer, index));
    std::vector<std::string> paths;
    for (gsize i = 0; i < g_variant_n_children(list.get()); ++i) {
        const Variant path(g_variant_get_child_value(list.get(), i));
        paths.emplace_back(g_variant_get_string(path.get(), nullptr));
    }
    return paths;
}

std::string path_of(GVariant* answer, gsize index) {
    const Variant path(g_variant_get_child_value(answer, index));
    return g_variant_get_string(path.get(), nullptr);
}

std::unexpected<Error> locked() {
    return fail(Code::locked, "The keyring of the Secret Service is locked.");
}

std::unexpected<Error> not_plausible(const std::string& what) {
    return fail(Code::corrupt, what + " is not one of EnvMesh.");
}

// The bus starts it where it knows how. Asked for that always, it would fail for what runs but
// cannot be started.
Result<std::string> owner_of_service(const Bus& bus, Moment deadline) {
    const auto find = [&] {
        return bus.call(bus_itself, "GetNameOwner", g_variant_new("(s)", bus_name), "(s)",
                        deadline);
    };
    auto answer = find();
    if (!answer && answer.error().code == Code::unreachable) {
        answer = bus.call(bus_itself, "StartServiceByName", g_variant_new("(su)", bus_name, 0U),
                          "(u)", deadline);
        if (answer) answer = find();
    }
    const Code code = answer ? Code::internal : answer.error().code;
    if (code == Code::timeout || code == Code::protocol) return std::unexpected(answer.error());
    if (!answer) // whatever it says of programs that it could not start
        return fail(
            Code::unreachable,
            "There is no org.freedesktop.secrets on the session bus." +
                (code == Code::denied ? " " + answer.error().message : ""),
            "Install gnome-keyring, KWallet or KeePassXC and switch its Secret Service on.");
    const char* unique = nullptr;
    g_variant_get(answer->get(), "(&s)", &unique);
    if (g_dbus_is_unique_name(unique) != 0) return unique;
    return fail(Code::protocol, "The session bus gives the Secret Service no name of its own.");
}

} // namespace

Result<std::unique_ptr<SecretStore>> SecretStore::open(IsWanted is_wanted) {
    std::unique_ptr<SecretStore> store(new SecretStore);
    store->is_wanted_ = std::move(is_wanted);
    if (auto connected = store->connect(); !connected) return std::unexpected(connected.error());
    return store;
}

Result<> SecretStore::connect() {
    deadline_ = begin_ + patience;
    auto bus = Bus::connect_to_session(deadline_);
    if (!bus) return std::unexpected(bus.error());
    bus_ = std::move(*bus);
    auto owner = owner_of_service(*bus_, deadline_);
    if (!owner) return std::unexpected(owner.error());
    owner_ = std::move(*owner);
    return {};
}

BusObject SecretStore::at(const std::string& path, const char* interface) const {
    return {owner_, path, interface, "The Secret Service"};
}

Result<Variant> SecretStore::call(const std::string& path, const char* interface, const char* name,
                                  GVariant* arguments, const char* reply) {
    return bus_->call(at(path, interface), name, arguments, reply, deadline_);
}

Result<> SecretStore::find_collection() {
    collection_.clear();
    for (const char* alias : {"default", "login"}) {
        auto answer = call(root, of_service, "ReadAlias", g_variant_new("(s)", alias), "(o)");
        if (!answer) return std::unexpected(answer.error());
        collection_ = path_of(answer->get(), 0);
        if (collection_ != none) return {};
    }
    collection_.clear();
    return {};
}

Result<SecretStore::Door> SecretStore::door() {
    if (auto found = find_collection(); !found) return std::unexpected(found.error());
    if (collection_.empty()) return Door::missing;
    const auto is_locked = bus_->property(at(collection_, of_collection), "Locked", "b", deadline_);
    // gnome-keyring has an alias for a collection that nobody has made yet.
    if (!is_locked && is_locked.error().code == Code::not_found) return Door::missing;
    if (!is_locked) return std::unexpected(is_locked.error());
    return g_variant_get_boolean(is_locked->get()) != 0 ? Door::locked : Door::open;
}

bool SecretStore::lasts() const { return !collection_.ends_with("/collection/session"); }

Result<SecretStore::Found> SecretStore::search(const std::string& id) {
    auto answer = call(root, of_service, "SearchItems",
                       g_variant_new("(@a{ss})", attributes_of(id)), "(aoao)");
    if (!answer) return std::unexpected(answer.error());
    Found found{paths_of(answer->get(), 0), paths_of(answer->get(), 1)};
    if (found.unlocked.size() + found.locked.size() > most_items)
        return not_plausible("What the Secret Service holds in great number");
    return found;
}

Result<> SecretStore::ask(const std::string& prompt, Asking asking) {
    if (prompt == none) return {};
    if (asking == Asking::never) {
        dismiss_prompt(*bus_, owner_, prompt, deadline_);
        return locked();
    }
    auto answered = answer_prompt(*bus_, owner_, prompt, begin_ + asking_ends, is_wanted_);
    deadline_ = std::min(begin_ + most_patience, std::chrono::steady_clock::now() + patience);
    return answered;
}

Result<> SecretStore::unlock(const Paths& items, Asking asking) {
    if (asking == Asking::never) return locked();
    GVariantBuilder all;
    g_variant_builder_init(&all, G_VARIANT_TYPE("ao"));
    if (!collection_.empty()) g_variant_builder_add(&all, "o", collection_.c_str());
    for (const auto& item : items)
        g_variant_builder_add(&all, "o", item.c_str());
    auto answer = call(root, of_service, "Unlock",
                       g_variant_new("(@ao)", g_variant_builder_end(&all)), "(aoo)");
    if (!answer) return std::unexpected(answer.error());
    if (auto asked = ask(path_of(answer->get(), 1), asking); !asked) return asked;
    auto state = door();
    if (!state) return std::unexpected(state.error());
    return *state == Door::open ? Result<>() : locked();
}

Result<> SecretStore::open_session() {
    if (session_) return {};
    auto opened = open_secret_session(*bus_, deadline_);
    if (!opened) return std::unexpected(opened.error());
    session_ = std::move(*opened);
    return {};
}

const std::string& SecretStore::best(const Paths& items) const {
    const auto ours = std::ranges::find_if(
        items, [&](const std::string& item) { return item.starts_with(collection_ + "/"); });
    return ours == items.end() ? items.front() : *ours;
}

Result<Secret> SecretStore::secret_of(const std::string& item) {
    if (auto opened = open_session(); !opened) return std::unexpected(opened.error());
    const char* const session = secret_service_get_session_dbus_path(session_.get());
    auto answer = call(item, of_item, "GetSecret", g_variant_new("(o)", session), "((oayays))");
    if (!answer) return std::unexpected(answer.error());
    const Variant coded(g_variant_get_child_value(answer->get(), 0));
    const CarriedSecret value(secret_service_decode_dbus_secret(session_.get(), coded.get()));
    gsize size = 0;
    const gchar* const bytes = value ? secret_value_get(value.get(), &size) : nullptr;
    if (bytes == nullptr || !is_plausible(size))
        return not_plausible("The secret in the Secret Service");
    return Secret(std::string_view(bytes, size));
}

Result<std::optional<Secret>> SecretStore::load(const std::string& id, Asking asking) {
    const auto before = door();
    if (!before) return std::unexpected(before.error());
    auto found = search(id);
    if (!found) return std::unexpected(found.error());
    if (found->unlocked.empty()) {
        // Locked meanwhile, it would have found nothing too.
        const auto after = door();
        if (!after) return std::unexpected(after.error());
        const bool was_open = *before == Door::open && *after == Door::open;
        if (was_open && found->locked.empty()) return std::nullopt;
        if (auto opened = unlock(found->locked, asking); !opened)
            return std::unexpected(opened.error());
        found = search(id);
        if (!found) return std::unexpected(found.error());
        if (!found->locked.empty() && found->unlocked.empty()) return locked();
    }
    if (found->unlocked.empty()) return std::nullopt;
    auto secret = secret_of(best(found->unlocked));
    if (!secret) return std::unexpected(secret.error());
    return std::move(*secret);
}

Result<> SecretStore::create(const std::string& id, const Secret& secret, Asking asking) {
    if (auto opened = open_session(); !opened) return opened;
    const auto bytes = secret.reveal_text();
    const CarriedSecret value(secret_value_new(bytes.data(), static_cast<gssize>(bytes.size()),
                                               "application/octet-stream"));
    GVariant* const coded = secret_service_encode_dbus_secret(session_.get(), value.get());
    if (coded == nullptr) return fail(Code::unreachable, "The Secret Service's session has ended.");
    auto answer = call(collection_, of_collection, "CreateItem",
                       g_variant_new("(@a{sv}@(oayays)b)", properties_of(id), coded, TRUE), "(oo)");
    if (!answer) return std::unexpected(answer.error());
    return ask(path_of(answer->get(), 1), asking);
}

Result<> SecretStore::store(const std::string& id, const Secret& secret, Asking asking) {
    const auto state = door();
    if (!state) return std::unexpected(state.error());
    if (*state != Door::open)
        if (auto opened = unlock({}, asking); !opened) return opened;
    if (auto created = create(id, secret, asking); !created) return created;
    if (auto dropped = drop_others(id); !dropped) return dropped;
    const auto kept = load(id, Asking::never);
    if (!kept) return std::unexpected(kept.error());
    if (!*kept || !(**kept == secret))
        return fail(Code::corrupt,
                    "The Secret Service does not give back what it was given to keep.",
                    "Look at the keyring with a program of the desktop, such as Seahorse, then: "
                    "envmesh-cli keychain enable");
    return {};
}

// Copies by other hands in other collections, which a search would find as well.
Result<> SecretStore::drop_others(const std::string& id) {
    const auto found = search(id);
    if (!found) return std::unexpected(found.error());
    for (const auto& item : found->unlocked)
        if (item != best(found->unlocked))
            if (auto dropped = drop(item); !dropped)
                log_warning("a copy stays in the keyring", "cause", dropped.error().message);
    return {};
}

Result<> SecretStore::drop(const std::string& item) {
    auto answer = call(item, of_item, "Delete", nullptr, "(o)");
    if (!answer && answer.error().code == Code::not_found) return {};
    if (!answer) return std::unexpected(answer.error());
    return ask(path_of(answer->get(), 0), Asking::never);
}

Result<> SecretStore::erase(const std::string& id) {
    const auto found = search(id);
    if (!found) return std::unexpected(found.error());
    Result<> done;
    for (const auto& item : found->unlocked)
        if (auto dropped = drop(item); !dropped) done = dropped;
    if (!done) return done;
    const auto state = door();
    if (!state) return std::unexpected(state.error());
    return *state == Door::locked || !found->locked.empty() ? locked() : Result<>();
}

} // namespace envmesh::platform
