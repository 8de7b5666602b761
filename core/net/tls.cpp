// SPDX-License-Identifier: MIT
#include "core/net/tls.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace envmesh::net {
namespace {

template <auto Free>
struct FreeWith {
    void operator()(auto* object) const { Free(object); }
};
using PrivateKey = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;

Result<TlsContext> new_context(const SSL_METHOD* method) {
    // A machine's openssl.cnf could lower what is set below.
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
    TlsContext context(SSL_CTX_new(method));
    if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(context.get(), TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_num_tickets(context.get(), 0) != 1 ||
        SSL_CTX_set_max_early_data(context.get(), 0) != 1)
        return fail(Code::internal, "OpenSSL cannot set up TLS 1.3.");
    SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
    return context;
}

// Fixed dates: a certificate that nobody verifies need not tell the machine's clock.
Certificate self_signed(EVP_PKEY* key) {
    Certificate certificate(X509_new());
    if (!certificate || X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
        ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1) != 1 ||
        ASN1_TIME_set_string(X509_getm_notBefore(certificate.get()), "20000101000000Z") != 1 ||
        ASN1_TIME_set_string(X509_getm_notAfter(certificate.get()), "99991231235959Z") != 1 ||
        X509_set_pubkey(certificate.get(), key) != 1)
        return nullptr;
    const View name = view("envmesh");
    X509_NAME* subject = X509_get_subject_name(certificate.get());
    if (X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, name.data(),
                                   static_cast<int>(name.size()), -1, 0) != 1 ||
        X509_set_issuer_name(certificate.get(), subject) != 1 ||
        X509_sign(certificate.get(), key, nullptr) == 0)
        return nullptr;
    return certificate;
}

} // namespace

void FreeTlsContext::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

Result<TlsContext> client_context() { return new_context(TLS_client_method()); }

Result<TlsContext> server_context() {
    auto context = new_context(TLS_server_method());
    if (!context) return context;
    const PrivateKey key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    const Certificate certificate = key ? self_signed(key.get()) : nullptr;
    if (!certificate || SSL_CTX_use_certificate(context->get(), certificate.get()) != 1 ||
        SSL_CTX_use_PrivateKey(context->get(), key.get()) != 1)
        return fail(Code::internal, "OpenSSL cannot make an Ed25519 certificate.");
    return context;
}

Result<Block<32>> exporter(ssl_st* connection) {
    constexpr std::string_view label = "EXPORTER-Channel-Binding";
    Block<32> out{};
    if (SSL_export_keying_material(connection, out.data(), out.size(), label.data(), label.size(),
                                   nullptr, 0, 0) != 1)
        return fail(Code::internal, "OpenSSL cannot export the channel binding.");
    return out;
}

} // namespace envmesh::net
