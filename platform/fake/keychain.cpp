// SPDX-License-Identifier: MIT
#include "platform/fake/keychain.h"

namespace envmesh::platform {

class FakeKeyring::Door final : public Keychain {
  public:
    explicit Door(FakeKeyring& keyring) : keyring_(keyring) {}

    KeychainState state() override {
        const std::scoped_lock lock(keyring_.mutex_);
        switch (keyring_.mood_) {
        case Mood::none: return {"", false, false, "There is no keychain in this test."};
        case Mood::silent:
        case Mood::dead: return {"", false, false, "The keychain of this test does not answer."};
        case Mood::locked:
        case Mood::refused: return {"memory", true, keyring_.lasts_, ""};
        case Mood::open:
        case Mood::corrupt: break;
        }
        return {"memory", false, keyring_.lasts_, ""};
    }

    Result<std::optional<Secret>> load(const std::string& id, Asking asking) override {
        const std::scoped_lock lock(keyring_.mutex_);
        if (auto opened = keyring_.open(asking); !opened) return std::unexpected(opened.error());
        if (keyring_.mood_ == Mood::corrupt) return corrupt();
        const auto found = keyring_.held_.find(id);
        if (found == keyring_.held_.end()) return std::nullopt;
        return found->second.copy();
    }

    Result<> store(const std::string& id, const Secret& secret, Asking asking) override {
        const std::scoped_lock lock(keyring_.mutex_);
        if (auto opened = keyring_.open(asking); !opened) return opened;
        if (keyring_.mood_ == Mood::corrupt) return corrupt();
        keyring_.held_.insert_or_assign(id, secret.copy());
        return {};
    }

    Result<> erase(const std::string& id) override {
        const std::scoped_lock lock(keyring_.mutex_);
        if (auto opened = keyring_.open(Asking::never); !opened) return opened;
        keyring_.held_.erase(id);
        return {};
    }

    void end_login(const std::string& id) override {
        const std::scoped_lock lock(keyring_.mutex_);
        if (!keyring_.lasts_) keyring_.held_.erase(id);
    }

    void stop_asking() override {} // who is asked answers at once

  private:
    static std::unexpected<Error> corrupt() {
        return fail(Code::corrupt, "The secret in the keychain of this test is not one of EnvMesh.",
                    "Let EnvMesh make a new key: envmesh-cli keychain enable");
    }

    FakeKeyring& keyring_;
};

Result<> FakeKeyring::open(Asking asking) {
    constexpr auto password = "The password opens the vault: envmesh-cli unlock";
    if (mood_ == Mood::none)
        return fail(Code::unreachable, "There is no keychain in this test.", password);
    if (mood_ == Mood::dead)
        return fail(Code::unreachable, "The keychain of this test has ended.", password);
    if (mood_ == Mood::silent)
        return fail(Code::timeout, "The keychain of this test did not answer in time.", password);
    if (mood_ != Mood::locked && mood_ != Mood::refused) return {};
    if (asking == Asking::person) {
        ++asked_;
        if (mood_ == Mood::locked) {
            mood_ = Mood::open;
            return {};
        }
    }
    return fail(Code::locked, "The keychain of this test is locked.", "Open it and try again.");
}

void FakeKeyring::become(Mood mood) {
    const std::scoped_lock lock(mutex_);
    mood_ = mood;
}

void FakeKeyring::end_with_session() {
    const std::scoped_lock lock(mutex_);
    lasts_ = false;
}

void FakeKeyring::put(const std::string& id, View secret) {
    const std::scoped_lock lock(mutex_);
    held_.insert_or_assign(id, Secret(secret));
}

std::optional<Secret> FakeKeyring::held(const std::string& id) const {
    const std::scoped_lock lock(mutex_);
    const auto found = held_.find(id);
    if (found == held_.end()) return std::nullopt;
    return found->second.copy();
}

unsigned FakeKeyring::asked() const {
    const std::scoped_lock lock(mutex_);
    return asked_;
}

std::unique_ptr<Keychain> FakeKeyring::keychain() { return std::make_unique<Door>(*this); }

} // namespace envmesh::platform
