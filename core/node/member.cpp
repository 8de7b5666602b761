// SPDX-License-Identifier: MIT
#include "core/node/member.h"

#include "core/base/log.h"
#include "core/crypto/vault.h"

namespace envmesh::node {
namespace {

/// However its address is written.
bool same_server(std::string_view one, std::string_view other) {
    const auto a = net::Url::parse(one);
    const auto b = net::Url::parse(other);
    return a && b && a->to_string() == b->to_string();
}

constexpr std::string_view setting_seed = "device.ed_seed";
constexpr std::string_view setting_x = "device.x_secret";
constexpr std::string_view setting_name = "device.name";
constexpr std::string_view setting_name_key = "keys.name";
constexpr std::string_view setting_epoch_prefix = "keys.epoch.";
constexpr std::string_view setting_epoch = "keys.current";
constexpr std::string_view setting_server = "server.url";
constexpr std::string_view setting_server_key = "server.key";
constexpr std::string_view setting_server_token = "server.token";
constexpr std::string_view setting_contact = "contact";

std::unexpected<Error> incomplete_database() {
    return fail(Code::corrupt, "envmesh.db lacks this device's keys",
                "restore the data folder from a backup, or move it away and join the mesh again");
}

Bytes number(std::uint64_t value) { return Writer().u64(value).bytes(); }

Result<Secret> required(storage::Settings& settings, std::string_view name) {
    auto value = settings.get(name);
    if (!value) return std::unexpected(value.error());
    if (!*value) return incomplete_database();
    return std::move(**value);
}

Result<std::string> text_setting(storage::Settings& settings, std::string_view name) {
    auto value = settings.get(name);
    if (!value) return std::unexpected(value.error());
    return *value ? std::string((*value)->reveal_text()) : std::string();
}

Result<crypto::Identity> load_identity(storage::Settings& settings) {
    auto seed = required(settings, setting_seed);
    if (!seed) return std::unexpected(seed.error());
    auto x_secret = required(settings, setting_x);
    if (!x_secret) return std::unexpected(x_secret.error());
    return crypto::Identity::restore(seed->reveal(), x_secret->reveal());
}

Result<mesh::Keyring> load_keys(storage::Settings& settings) {
    auto name_key = required(settings, setting_name_key);
    if (!name_key) return std::unexpected(name_key.error());
    auto current = required(settings, setting_epoch);
    if (!current) return std::unexpected(current.error());
    auto epochs = settings.with_prefix(setting_epoch_prefix);
    if (!epochs) return std::unexpected(epochs.error());
    const auto current_epoch = static_cast<mesh::Epoch>(Reader(current->reveal()).u64());
    std::optional<mesh::Keyring> keyring;
    for (const bool take_current : {true, false}) {
        for (const auto& [digits, key] : *epochs) {
            const auto epoch = from_hex(digits);
            if (!epoch || epoch->size() != 4 || key.size() != Key::size ||
                name_key->size() != Key::size)
                return incomplete_database();
            const mesh::Epoch number_of = Reader(*epoch).u32();
            if ((number_of == current_epoch) != take_current) continue;
            if (take_current)
                keyring.emplace(Key(name_key->reveal()), number_of, Key(key.reveal()));
            else
                keyring->add(number_of, Key(key.reveal()));
        }
        if (!keyring) return incomplete_database();
    }
    return std::move(*keyring);
}

Result<> put_all(storage::Settings& settings,
                 std::initializer_list<std::pair<std::string_view, View>> values) {
    for (const auto& [name, value] : values)
        if (auto put = settings.put(name, value); !put) return put;
    return {};
}

} // namespace

Member::Member(Context& context, Parts parts)
    : context_(context), database_(std::move(parts.database)), settings_(*database_),
      meshes_(*database_), row_(parts.row), identity_(std::move(parts.birth.identity)),
      keyring_(std::move(parts.birth.keyring)), chain_(std::move(parts.birth.chain)),
      name_(std::move(parts.birth.name)), server_(std::move(parts.birth.server)),
      cells_(*database_, row_, context.clock, true), authority_(chain_, keyring_, identity_),
      replica_(cells_, authority_, context.clock, context.random, identity_.id()),
      variables_({*database_, settings_, cells_, replica_, authority_, chain_, identity_.id(),
                  [this](const mesh::DeviceId& device) { return name_of(device); }}),
      sessions_(context.executor) {}

Result<std::unique_ptr<Member>> Member::create(Context& context, const Key& vault_key,
                                               Birth birth) {
    // Without a vault file no key can open an old database: it is kept, out of the way.
    if (auto aside = context.home.move_aside(database_file); !aside)
        return std::unexpected(aside.error());
    auto database =
        storage::Database::open(context.home.path(database_file), crypto::database_key(vault_key));
    if (!database) return std::unexpected(database.error());
    storage::Settings settings(**database);
    storage::Meshes meshes(**database);
    storage::MeshRow row = 0;
    auto written = (*database)->transaction([&]() -> Result<> {
        auto added = meshes.add(birth.chain.mesh_id());
        if (!added) return std::unexpected(added.error());
        row = *added;
        std::vector<Bytes> entries;
        for (const mesh::Entry& entry : birth.chain.entries())
            entries.push_back(entry.encoded);
        if (auto put = meshes.put_chain(row, 0, entries); !put) return put;
        if (auto put = save_keys(settings, birth.keyring); !put) return put;
        return put_all(settings, {{setting_seed, birth.identity.ed_seed().reveal()},
                                  {setting_x, birth.identity.x_secret().reveal()},
                                  {setting_name, view(birth.name)},
                                  {setting_server, view(birth.server.url)},
                                  {setting_server_key, view(birth.server.fingerprint)},
                                  {setting_server_token, view(birth.server.token)}});
    });
    if (!written) return std::unexpected(written.error());
    return std::unique_ptr<Member>(
        new Member(context, Parts{std::move(*database), row, std::move(birth)}));
}

Result<> Member::save_keys(storage::Settings& settings, const mesh::Keyring& keyring) {
    for (const auto& [epoch, key] : keyring.epoch_keys()) {
        const std::string name =
            std::string(setting_epoch_prefix) + hex(Writer().u32(epoch).bytes());
        if (auto put = settings.put(name, key.reveal()); !put) return put;
    }
    return put_all(settings, {{setting_name_key, keyring.name_key().reveal()},
                              {setting_epoch, number(keyring.current_epoch())}});
}

Result<Member::Parts> Member::load(Context& context, const Key& vault_key) {
    const std::filesystem::path file = context.home.path(database_file);
    // Opening would make a new one, and end what a log of writes beside it still holds.
    if (std::error_code ignored; !std::filesystem::exists(file, ignored))
        return fail(Code::corrupt, file.string() + " is not there, though the vault is",
                    "restore it from a backup; without one move vault.keys away and join again");
    auto database = storage::Database::open(file, crypto::database_key(vault_key));
    if (!database) return std::unexpected(database.error());
    storage::Settings settings(**database);
    storage::Meshes meshes(**database);
    auto all = meshes.all();
    if (!all) return std::unexpected(all.error());
    if (all->size() != 1) return incomplete_database();
    auto identity = load_identity(settings);
    if (!identity) return std::unexpected(identity.error());
    auto keyring = load_keys(settings);
    if (!keyring) return std::unexpected(keyring.error());
    auto entries = meshes.chain(all->front().first);
    if (!entries) return std::unexpected(entries.error());
    auto chain = mesh::Chain::verify(*entries);
    if (!chain) return std::unexpected(chain.error());
    ServerSetting server;
    std::string name;
    for (auto [setting, target] :
         {std::pair{setting_name, &name}, std::pair{setting_server, &server.url},
          std::pair{setting_server_key, &server.fingerprint},
          std::pair{setting_server_token, &server.token}}) {
        auto stored = text_setting(settings, setting);
        if (!stored) return std::unexpected(stored.error());
        *target = std::move(*stored);
    }
    return Parts{std::move(*database), all->front().first,
                 Birth{std::move(*identity), std::move(*keyring), std::move(*chain),
                       std::move(name), std::move(server)}};
}

Result<std::unique_ptr<Member>> Member::open(Context& context, const Key& vault_key) {
    auto parts = load(context, vault_key);
    if (!parts) return std::unexpected(parts.error());
    std::unique_ptr<Member> member(new Member(context, std::move(*parts)));
    auto contact = member->settings_.get(setting_contact);
    if (!contact) return std::unexpected(contact.error());
    if (*contact)
        member->last_contact_ms_ = static_cast<std::int64_t>(Reader((*contact)->reveal()).u64());
    return member;
}

std::string Member::name_of(const mesh::DeviceId& device) const {
    if (device == identity_.id()) return name_;
    const mesh::Member* member = chain_.member(device);
    if (member != nullptr)
        if (auto name = mesh::open_name(*member, keyring_)) return *name;
    return hex(device).substr(0, 8);
}

ServerSetting Member::server() const {
    ServerSetting setting = server_;
    const config::Config& config = context_.config;
    if (!config.cloud_url.empty()) {
        // Pin and token are one server's: another must be told neither.
        if (!same_server(config.cloud_url, setting.url)) setting = {};
        setting.url = config.cloud_url;
    }
    if (!config.cloud_key.empty()) setting.fingerprint = config.cloud_key;
    if (!config.enable_cloud) setting = {};
    return setting;
}

Result<> Member::store_server(const ServerSetting& server) {
    auto stored = database_->transaction([&] {
        return put_all(settings_, {{setting_server, view(server.url)},
                                   {setting_server_key, view(server.fingerprint)},
                                   {setting_server_token, view(server.token)}});
    });
    if (stored) server_ = server;
    return stored;
}

Result<> Member::save_chain(std::uint32_t from) {
    std::vector<Bytes> entries;
    for (const mesh::Entry& entry : chain_.entries())
        if (entry.height >= from) entries.push_back(entry.encoded);
    return meshes_.put_chain(row_, from, entries);
}

Result<> Member::adopt(mesh::Chain chain) {
    auto keys = mesh::open_keyring(chain, identity_);
    if (!keys) return std::unexpected(keys.error());
    mesh::Chain previous = std::exchange(chain_, std::move(chain));
    auto saved = database_->transaction([&]() -> Result<> {
        if (auto put = save_chain(0); !put) return put;
        if (auto put = save_keys(settings_, *keys); !put) return put;
        return cells_.inbox_clear_all(); // A6: what was staged belongs to the old chain
    });
    if (!saved) {
        chain_ = std::move(previous);
        return saved;
    }
    for (const auto& [epoch, key] : keys->epoch_keys())
        keyring_.add(epoch, key.copy());
    keyring_.make_current(keys->current_epoch());
    log_info("chain_adopted", "height", chain_.height());
    replica_.keys_changed();
    auto changed = replica_.reexamine();
    if (!changed) return std::unexpected(changed.error());
    return {};
}

Result<> Member::add_device(const crypto::PublicIdentity& device, mesh::Role role,
                            std::string_view name) {
    auto last = cells_.last();
    if (!last) return std::unexpected(last.error());
    mesh::Chain longer = chain_;
    const sync::Hlc hlc = sync::next_hlc(*last, context_.clock.wall_ms());
    auto added = longer.add_device(identity_, device, role, name, keyring_, hlc, context_.random);
    if (!added) return added;
    return adopt(std::move(longer));
}

Result<Bytes> Member::head() {
    auto versions = cells_.versions();
    if (!versions) return std::unexpected(versions.error());
    auto digest = cells_.digest();
    if (!digest) return std::unexpected(digest.error());
    auto last = cells_.last();
    if (!last) return std::unexpected(last.error());
    const mesh::Head head{identity_.id(), chain_.epoch(), chain_.height(),     chain_.head(),
                          *last,          *digest,        std::move(*versions)};
    return head.sign(identity_, chain_.mesh_id());
}

void Member::contact_now() { last_contact_ms_ = context_.clock.wall_ms(); }

Result<> Member::store_contact() {
    if (!last_contact_ms_) return {};
    return settings_.put(setting_contact, number(static_cast<std::uint64_t>(*last_contact_ms_)));
}

} // namespace envmesh::node
