// SPDX-License-Identifier: MIT
#include "core/net/tls.h"

#include <openssl/ssl.h>

#include <gtest/gtest.h>

namespace envmesh::net {
namespace {

using Connection = std::unique_ptr<SSL, decltype([](SSL* ssl) { SSL_free(ssl); })>;

// A handshake through two pairs of memory buffers, without any socket.
struct Handshake {
    Connection client;
    Connection server;
};

Handshake handshake(const TlsContext& client, const TlsContext& server) {
    Handshake both{Connection(SSL_new(client.get())), Connection(SSL_new(server.get()))};
    BIO* a = nullptr;
    BIO* b = nullptr;
    BIO_new_bio_pair(&a, 0, &b, 0);
    SSL_set_bio(both.client.get(), a, a);
    SSL_set_bio(both.server.get(), b, b);
    SSL_set_connect_state(both.client.get());
    SSL_set_accept_state(both.server.get());
    for (int i = 0; i < 4; ++i) {
        SSL_do_handshake(both.client.get());
        SSL_do_handshake(both.server.get());
    }
    return both;
}

TEST(Tls, TheExporterIsEqualAtBothEndsOfOneConnectionOnly) {
    const auto client = client_context();
    const auto server = server_context();
    const Handshake one = handshake(*client, *server);
    const Handshake other = handshake(*client, *server);
    const auto binding = exporter(one.client.get());
    ASSERT_TRUE(binding);
    EXPECT_EQ(*binding, exporter(one.server.get()));
    EXPECT_NE(*binding, exporter(other.client.get()));
    EXPECT_NE(*binding, Block<32>{});
}

TEST(Tls, SpeaksVersion13AndMakesAnEd25519Certificate) {
    const auto client = client_context();
    const auto server = server_context();
    const Handshake one = handshake(*client, *server);
    EXPECT_STREQ(SSL_get_version(one.client.get()), "TLSv1.3");
    X509* certificate = SSL_get0_peer_certificate(one.client.get());
    ASSERT_NE(certificate, nullptr);
    EXPECT_EQ(EVP_PKEY_get_id(X509_get0_pubkey(certificate)), EVP_PKEY_ED25519);
    EXPECT_EQ(X509_verify(certificate, X509_get0_pubkey(certificate)), 1);
    SSL_CTX_set_min_proto_version(client->get(), TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(client->get(), TLS1_2_VERSION);
    const Handshake old = handshake(*client, *server);
    EXPECT_FALSE(SSL_is_init_finished(old.client.get()));
}

TEST(Tls, NoExporterBeforeTheHandshake) {
    const auto client = client_context();
    const Connection connection(SSL_new(client->get()));
    EXPECT_FALSE(exporter(connection.get()));
}

} // namespace
} // namespace envmesh::net
