// SPDX-License-Identifier: MIT
#include "platform/keychain.h"

#include "platform/linux/kernel_keyring.h"
#include "platform/linux/keychain_limits.h"
#include "platform/linux/secret_service.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>

namespace envmesh::platform {
namespace {

using Door = SecretStore::Door;

constexpr const char* service_name = "Secret Service";
constexpr const char* kernel_name = "kernel keyring";

Result<> check_id(const std::string& id) {
    const auto is_known = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-';
    };
    if (!id.empty() && id.size() <= 64 && std::ranges::all_of(id, is_known)) return {};
    return fail(Code::invalid, "A secret's name in the keychain has 1 to 64 of [0-9a-z-].");
}

bool is_set(const char* name) {
    const char* const value = std::getenv(name);
    return value != nullptr && *value != '\0';
}

// Without a screen there is nothing that a question could be put on.
bool somebody_could_answer() { return is_set("DISPLAY") || is_set("WAYLAND_DISPLAY"); }

bool can_be_opened(Door door) {
    return door == Door::open || (door == Door::locked && somebody_could_answer());
}

std::string reason_against(Door door) {
    if (can_be_opened(door)) return {};
    return door == Door::missing
               ? "The Secret Service has no keyring yet."
               : "The keyring of the Secret Service is locked, and there is no screen to ask on.";
}

// Where the error knows none of its own.
std::string next_step(Code code) {
    switch (code) {
    case Code::locked:
        return "Open the keyring (log in to the desktop, or unlock it there), then try again.";
    case Code::corrupt:
        return "Let EnvMesh make a new key: envmesh-cli unlock, then envmesh-cli keychain enable";
    case Code::storage: return "Make room for it, then: envmesh-cli keychain enable";
    case Code::invalid: return "This is a fault of EnvMesh: please report it.";
    default:
        return "Try again, or log out and in where that does not help. The password opens the "
               "vault meanwhile: envmesh-cli unlock";
    }
}

// Callers know what to do with these; how else a service can be wrong makes no difference to them.
Error plain(Error error) {
    constexpr Code known[] = {Code::locked,  Code::timeout, Code::unreachable,
                              Code::corrupt, Code::invalid, Code::storage};
    if (std::ranges::find(known, error.code) == std::ranges::end(known))
        error.code = Code::unreachable;
    if (error.fix.empty()) error.fix = next_step(error.code);
    return error;
}

template <class T>
Result<T> plain(Result<T> result) {
    if (!result) return std::unexpected(plain(std::move(result.error())));
    return result;
}

// There is none at all; one that only fails to answer may hold what is looked for.
bool is_absent(const Error& error) { return error.code == Code::unreachable; }

class SystemKeychain final : public Keychain {
  public:
    KeychainState state() override {
        auto service = SecretStore::open(until_stopped());
        if (!service && is_absent(service.error())) return kernel_state(service.error().message);
        if (!service) return nowhere(service.error().message);
        const auto door = (*service)->door();
        if (!door) return nowhere(door.error().message);
        if (*door == Door::missing) return kernel_state(reason_against(*door)); // as `store` does
        return {service_name, *door != Door::open, (*service)->lasts(), reason_against(*door)};
    }

    Result<std::optional<Secret>> load(const std::string& id, Asking asking) override {
        if (auto checked = check_id(id); !checked) return std::unexpected(plain(checked.error()));
        return plain(load_from_anywhere(id, asking));
    }

    Result<> store(const std::string& id, const Secret& secret, Asking asking) override {
        if (auto checked = check_id(id); !checked) return plain(checked);
        if (!is_plausible(secret.size()))
            return fail(Code::invalid, "The keychain keeps secrets of 1 to 1024 bytes.",
                        next_step(Code::invalid));
        return plain(store_somewhere(id, secret, asking));
    }

    Result<> erase(const std::string& id) override {
        if (auto checked = check_id(id); !checked) return plain(checked);
        return plain(erase_everywhere(id));
    }

    void end_login(const std::string& id) override {
        if (check_id(id)) static_cast<void>(kernel_keyring::erase(id)); // it may have none
    }

    void stop_asking() override { ++stops_; }

  private:
    IsWanted until_stopped() {
        return [this, stops = stops_.load()] { return stops_ == stops; };
    }

    static KeychainState nowhere(std::string reason) {
        return {"", false, false, std::move(reason)};
    }

    static KeychainState kernel_state(std::string reason) {
        const auto kernel = kernel_keyring::check();
        if (!kernel) return nowhere(reason + " " + kernel.error().message);
        return {kernel_name, false, false, std::move(reason)};
    }

    Result<std::optional<Secret>> load_from_anywhere(const std::string& id, Asking asking) {
        auto service = SecretStore::open(until_stopped());
        if (!service && !is_absent(service.error())) return std::unexpected(service.error());
        if (!service) return with_reason(kernel_keyring::load(id), service.error());
        auto found = (*service)->load(id, Asking::never);
        if (found ? found->has_value() : found.error().code != Code::locked) return found;
        auto in_kernel = kernel_keyring::load(id);
        if (in_kernel && *in_kernel) return in_kernel;
        if (!in_kernel && in_kernel.error().code != Code::unreachable) return in_kernel;
        if (found || asking == Asking::never) return found;
        const auto door = (*service)->door();
        if (!door) return std::unexpected(door.error());
        if (!can_be_opened(*door)) return cannot_be_opened(*door);
        return (*service)->load(id, asking);
    }

    Result<> store_somewhere(const std::string& id, const Secret& secret, Asking asking) {
        auto service = SecretStore::open(until_stopped());
        if (!service && !is_absent(service.error())) return std::unexpected(service.error());
        if (!service) return with_reason(kernel_keyring::store(id, secret), service.error());
        const auto door = (*service)->door();
        if (!door) return std::unexpected(door.error());
        if (!can_be_opened(*door)) {
            auto stored = kernel_keyring::store(id, secret);
            if (!stored && is_absent(stored.error())) return cannot_be_opened(*door);
            return stored;
        }
        auto stored = (*service)->store(id, secret, asking);
        if (!stored) return stored;
        // Older than what is in the service now.
        auto erased = kernel_keyring::erase(id);
        return !erased && !is_absent(erased.error()) ? erased : Result<>();
    }

    Result<> erase_everywhere(const std::string& id) {
        auto in_kernel = kernel_keyring::erase(id);
        auto service = SecretStore::open(until_stopped());
        if (!service && !is_absent(service.error())) return std::unexpected(service.error());
        if (!service) return with_reason(std::move(in_kernel), service.error());
        if (auto erased = (*service)->erase(id); !erased) return erased;
        return !in_kernel && !is_absent(in_kernel.error()) ? in_kernel : Result<>();
    }

    static std::unexpected<Error> cannot_be_opened(Door door) {
        return fail(Code::locked, reason_against(door),
                    "Log in to the desktop once, which makes and opens its keyring.");
    }

    // Where neither place is to be had, both reasons are told.
    template <class T>
    static Result<T> with_reason(Result<T> result, const Error& other) {
        if (!result && is_absent(result.error()))
            return fail(Code::unreachable, other.message + " " + result.error().message, other.fix);
        return result;
    }

    std::atomic<unsigned> stops_ = 0; // of questions, from whichever thread
};

} // namespace

std::unique_ptr<Keychain> system_keychain() { return std::make_unique<SystemKeychain>(); }

} // namespace envmesh::platform
