// SPDX-License-Identifier: MIT
#include "core/crypto/xaes.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <cassert>
#include <climits>
#include <cstdlib>
#include <memory>

namespace envmesh::crypto {
namespace {

constexpr std::size_t block_size = 16;
constexpr std::size_t nonce_half = 12;

/// On the stack, since guarded memory costs more than the encryption itself; wiped all the same.
template <std::size_t N>
struct Scratch {
    Block<N> bytes{};

    Scratch() = default;
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() { wipe(bytes); }
};

// What these calls can fail of is memory, or a library without AES: nothing sensible is left to do.
void require(bool done) {
    if (!done) std::abort();
}

struct Ciphers {
    EVP_CIPHER* block = nullptr;
    EVP_CIPHER* gcm = nullptr;
};

// Fetched once, since a fetch costs as much as sealing, and kept until the process ends. The
// machine's openssl.cnf is not read: it could swap the implementation under us.
const Ciphers& ciphers() {
    static const Ciphers fetched = [] {
        require(OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr) == 1);
        const Ciphers out{EVP_CIPHER_fetch(nullptr, "AES-256-ECB", nullptr),
                          EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr)};
        require(out.block != nullptr && out.gcm != nullptr);
        return out;
    }();
    return fetched;
}

struct FreeContext {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
// A context a call: freeing it wipes the key schedule, and threads share nothing.
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

Context new_context() {
    Context out(EVP_CIPHER_CTX_new());
    require(out != nullptr);
    return out;
}

bool fits(View bytes) { return bytes.size() <= INT_MAX - tag_size; }

/// CMAC's K1 (SP 800-38B): the encrypted zero block, doubled in GF(2^128).
void double_block(Block<block_size>& block) {
    const bool carry = (block[0] & 0x80U) != 0;
    for (std::size_t i = 0; i < block_size; ++i) {
        const unsigned next = i + 1 < block_size ? block[i + 1] : 0U;
        block[i] = static_cast<std::uint8_t>(block[i] * 2U + next / 128U);
    }
    if (carry) block[block_size - 1] ^= 0x87U;
}

/// The AES-256-GCM key of this nonce: two CMAC blocks over its first 12 bytes.
void derive_subkey(const Key& key, const Nonce& nonce, Scratch<Key::size>& subkey) {
    const Context context = new_context();
    const auto encrypt = [&](std::span<std::uint8_t> blocks) {
        int length = 0;
        require(EVP_EncryptUpdate(context.get(), blocks.data(), &length, blocks.data(),
                                  static_cast<int>(blocks.size())) == 1);
    };
    require(EVP_EncryptInit_ex2(context.get(), ciphers().block, key.reveal().data(), nullptr,
                                nullptr) == 1);
    require(EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1);
    Scratch<block_size> mask;
    encrypt(mask.bytes);
    double_block(mask.bytes);
    for (std::size_t half = 0; half < 2; ++half) {
        const auto block = std::span(subkey.bytes).subspan(half * block_size, block_size);
        block[1] = static_cast<std::uint8_t>(half + 1);
        block[2] = 'X';
        for (std::size_t i = 0; i < nonce_half; ++i)
            block[4 + i] = nonce[i];
        for (std::size_t i = 0; i < block_size; ++i)
            block[i] ^= mask.bytes[i];
    }
    encrypt(subkey.bytes);
}

enum class Direction { open = 0, seal = 1 };

/// Ready for the text: key, nonce and aad are in.
Context start_gcm(Direction direction, const Key& key, const Nonce& nonce, View aad) {
    Scratch<Key::size> subkey;
    derive_subkey(key, nonce, subkey);
    Context context = new_context();
    require(EVP_CipherInit_ex2(context.get(), ciphers().gcm, subkey.bytes.data(),
                               nonce.data() + nonce_half, static_cast<int>(direction),
                               nullptr) == 1);
    int length = 0;
    require(EVP_CipherUpdate(context.get(), nullptr, &length, aad.data(),
                             static_cast<int>(aad.size())) == 1);
    return context;
}

void run_gcm(EVP_CIPHER_CTX* context, std::uint8_t* out, View in) {
    int length = 0;
    require(EVP_CipherUpdate(context, out, &length, in.data(), static_cast<int>(in.size())) == 1);
}

} // namespace

Bytes xaes_seal(const Key& key, const Nonce& nonce, View aad, View plaintext) {
    assert(fits(aad) && fits(plaintext));
    const Context context = start_gcm(Direction::seal, key, nonce, aad);
    Bytes out(plaintext.size() + tag_size);
    std::uint8_t* const tag = out.data() + plaintext.size();
    run_gcm(context.get(), out.data(), plaintext);
    int length = 0;
    require(EVP_CipherFinal_ex(context.get(), tag, &length) == 1);
    require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, tag_size, tag) == 1);
    return out;
}

Result<Secret> xaes_open(const Key& key, const Nonce& nonce, View aad, View sealed) {
    if (sealed.size() >= tag_size && fits(aad) && fits(sealed)) {
        const Context context = start_gcm(Direction::open, key, nonce, aad);
        const View ciphertext = sealed.first(sealed.size() - tag_size);
        Block<tag_size> tag = block<tag_size>(sealed.last(tag_size));
        Secret plaintext(ciphertext.size());
        run_gcm(context.get(), plaintext.writable().data(), ciphertext);
        require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, tag_size, tag.data()) ==
                1);
        Block<block_size> rest{}; // GCM leaves nothing for the end
        int length = 0;
        if (EVP_CipherFinal_ex(context.get(), rest.data(), &length) == 1) return plaintext;
    }
    return fail(Code::corrupt,
                "The sealed data does not open: it was altered, or sealed under "
                "another key.",
                "Fetch it again from another device or a backup.");
}

} // namespace envmesh::crypto
