// SPDX-License-Identifier: MIT
#include "core/node/vault.h"

#include "core/base/log.h"

#include <algorithm>

namespace envmesh::node {
namespace {

constexpr const char* key_file_name = "vault.key";
constexpr const char* token_file = "server.token";
constexpr const char* public_key_file = "server.pub";
constexpr std::size_t most_small_file = 1024;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::filesystem::path key_file(const Context& context) {
    return context.config.key_file.empty() ? std::filesystem::path(key_file_name)
                                           : context.config.key_file;
}

// A file too large to be a vault stands where one was: it is damaged, and the machine is not new.
Result<std::optional<Secret>> vault_contents(Context& context) {
    auto contents = context.home.read(vault_file, crypto::Vault::most_bytes);
    if (contents || contents.error().code != Code::invalid) return contents;
    return fail(Code::corrupt, contents.error().message,
                "restore it from a backup, or join the mesh again as a new device");
}

Result<Key> read_key_file(Context& context) {
    auto contents = context.home.read(key_file(context), Key::size + 1);
    if (!contents) return std::unexpected(contents.error());
    if (!*contents || (*contents)->size() != Key::size)
        return fail(Code::locked,
                    context.home.path(key_file(context)).string() +
                        " is missing or not 32 bytes long",
                    "restore the key file, or move the data folder away for a new server identity");
    return Key((*contents)->reveal());
}

// One that somebody has put there beforehand is used; it may be where we cannot write.
Result<Key> read_or_make_key_file(Context& context) {
    const auto contents = context.home.read(key_file(context), Key::size + 1);
    if (!contents) return std::unexpected(contents.error());
    if (*contents) return read_key_file(context);
    Key made = crypto::random_key(context.random);
    if (auto written = context.home.write(key_file(context), made.reveal()); !written)
        return std::unexpected(written.error());
    return made;
}

Result<Key> make_server_vault(Context& context) {
    Key vault_key = crypto::random_key(context.random);
    // The key first: a vault file without its key would lock the server out of a new identity for
    // ever.
    const auto kek = read_or_make_key_file(context);
    if (!kek) return std::unexpected(kek.error());
    crypto::Vault vault;
    auto added = vault.add_key(crypto::SlotKind::file, vault_key, *kek, context.random);
    if (!added) return std::unexpected(added.error());
    if (auto written = write_vault(context, vault); !written)
        return std::unexpected(written.error());
    log_info("vault_made", "slot", "file");
    return vault_key;
}

} // namespace

Result<> check_newcomer(std::string_view name, const Secret& password) {
    if (name.empty() || name.size() > 64 || !is_utf8(view(name)) ||
        std::ranges::any_of(name, is_control))
        return fail(Code::invalid,
                    "a device's name has 1 to 64 bytes of text without control characters",
                    "choose another with --name");
    if (password.empty()) return fail(Code::invalid, "the password is empty", "choose a password");
    return {};
}

Result<bool> has_vault(Context& context) {
    auto contents = vault_contents(context);
    if (contents) return contents->has_value();
    if (contents.error().code == Code::corrupt) return true;
    return std::unexpected(contents.error());
}

Result<std::optional<crypto::Vault>> read_vault(Context& context) {
    auto contents = vault_contents(context);
    if (!contents) return std::unexpected(contents.error());
    if (!*contents) return std::optional<crypto::Vault>();
    auto vault = crypto::Vault::parse((*contents)->reveal_text());
    if (!vault) return std::unexpected(vault.error());
    return std::optional(std::move(*vault));
}

Result<> write_vault(Context& context, const crypto::Vault& vault) {
    return context.home.write(vault_file, view(vault.to_json()));
}

Task<Result<NewVault>> make_vault(Context& context, Secret password) {
    auto work = [&context, password = std::move(password)]() -> Result<NewVault> {
        SystemRandom random; // the context's belongs to the owner thread
        NewVault made{crypto::random_key(random), {}};
        auto added = made.vault.add_password(made.key, password, context.argon2, random);
        if (!added) return std::unexpected(added.error());
        return made;
    };
    auto running = blocking(context.slow, std::move(work));
    co_return co_await std::move(running);
}

Task<Result<Key>> open_vault(Context& context, Secret password) {
    auto vault = read_vault(context);
    if (!vault) co_return std::unexpected(vault.error());
    if (!*vault)
        co_return fail(Code::absent, "there is no vault on this machine",
                       "`envmesh-cli init` makes one, `envmesh-cli join` joins an existing mesh");
    auto work = [&context, password = std::move(password), vault = std::move(**vault)] {
        return vault.open_password(password, context.argon2);
    };
    auto running = blocking(context.slow, std::move(work));
    co_return co_await std::move(running);
}

Result<Key> open_or_make_server_vault(Context& context) {
    auto vault = read_vault(context);
    if (!vault) return std::unexpected(vault.error());
    if (!*vault) return make_server_vault(context);
    const auto key = read_key_file(context);
    if (!key) return std::unexpected(key.error());
    return (*vault)->open_key(crypto::SlotKind::file, *key);
}

Result<std::optional<std::string>> read_token(Context& context) {
    auto contents = context.home.read(token_file, most_small_file);
    if (!contents) return std::unexpected(contents.error());
    if (!*contents) return std::optional<std::string>();
    const std::string_view stored = (*contents)->reveal_text();
    return std::optional<std::string>(stored.substr(0, stored.find_first_of("\r\n")));
}

Result<std::string> read_or_make_token(Context& context) {
    auto stored = read_token(context);
    if (!stored) return std::unexpected(stored.error());
    if (*stored) return std::move(**stored);
    Block<20> secret{};
    context.random.fill(secret);
    std::string token = base32(secret);
    if (auto written = context.home.write(token_file, view(token + '\n')); !written)
        return std::unexpected(written.error());
    return token;
}

Result<> store_public_key(Context& context, const crypto::PublicIdentity& keys) {
    return context.home.write(public_key_file, view(hex(keys.ed_pk) + '\n'));
}

Result<std::optional<crypto::PublicKey>> read_public_key(Context& context) {
    auto contents = context.home.read(public_key_file, most_small_file);
    if (!contents) return std::unexpected(contents.error());
    if (!*contents) return std::optional<crypto::PublicKey>();
    const std::string_view line = (*contents)->reveal_text();
    const auto key = from_hex(line.substr(0, line.find('\n')));
    if (!key || key->size() != sizeof(crypto::PublicKey))
        return fail(Code::corrupt, context.home.path(public_key_file).string() + " is damaged",
                    "delete it; the server writes it again when it starts");
    return std::optional(block<32>(*key));
}

} // namespace envmesh::node
