// SPDX-License-Identifier: MIT
// A client and a server that shake hands in memory, with somebody between them who may change what
// passes.
#pragma once

#include "core/sync/handshake.h"
#include "tests/core/mesh/forge.h"

#include <gtest/gtest.h>

namespace envmesh::sync {

struct Outcome {
    bool client_done = false;
    bool server_done = false;
    std::optional<Error> client_error; // what the person at the client is told
    std::optional<Error> server_error; // protocol error or refusal
    std::optional<mesh::Chain> adopted;
    std::vector<Bytes> passed; // every message, in order

    [[nodiscard]] bool both_done() const { return client_done && server_done; }
};

inline ServerPin pin_of(const crypto::Identity& server) {
    ServerPin pin;
    pin.fingerprint = crypto::server_fingerprint(server.public_identity().ed_pk);
    return pin;
}
inline ServerPin pin_of(const crypto::ShortHash& short_hash) {
    ServerPin pin;
    pin.short_hash = short_hash;
    return pin;
}

struct HandshakeWorld {
    mesh::Forge forge;
    crypto::Identity server = forge.device();
    std::optional<mesh::Chain> hosted;
    std::string token = "open sesame";
    std::optional<Error> full; // why no chain can be stored
    ServerPin pin = pin_of(server);
    Block<32> client_binding{1};
    Block<32> server_binding{1};
    std::function<void(std::size_t index, Bytes& message)> between = [](std::size_t, Bytes&) {};

    ServerHandshake accept(bool join_path = false) {
        auto find = [this](const mesh::MeshId& id) {
            return hosted && hosted->mesh_id() == id ? &*hosted : nullptr;
        };
        auto may_create = [this](std::string_view given) { return given == token; };
        return {server, join_path, 1234, find, may_create, server_binding, forge.random};
    }
    static ClientHandshake::Credentials of(const crypto::Identity& self, const mesh::Chain& chain) {
        return {&self, chain.mesh_id(), &chain, "open sesame"};
    }

    /// Both hellos and the proof; what the client says then.
    Messages greet(ServerHandshake& accepting, ClientHandshake& client) {
        Messages out;
        const auto step = accepting.receive(client.hello());
        if (!step) return out;
        for (const Bytes& message : step->send) {
            auto answers = client.receive(message);
            EXPECT_TRUE(answers);
            if (answers) out.insert(out.end(), answers->begin(), answers->end());
        }
        return out;
    }
    Outcome shake(ClientHandshake::Credentials credentials, bool join_path = false) {
        ServerHandshake accepting = accept(join_path);
        ClientHandshake client(pin, std::move(credentials), client_binding, forge.random);
        Outcome out;
        Messages to_server{client.hello()};
        while (!to_server.empty() && !out.server_error) {
            Messages to_client = serve(accepting, to_server, out);
            to_server.clear();
            for (Bytes& message : to_client) {
                if (out.client_error) break;
                between(out.passed.size(), message);
                out.passed.push_back(message);
                auto answers = client.receive(message);
                if (!answers)
                    out.client_error = answers.error();
                else
                    to_server.insert(to_server.end(), answers->begin(), answers->end());
            }
        }
        out.client_done = client.done();
        out.server_done = accepting.done();
        out.adopted = std::move(client.adopted());
        return out;
    }

  private:
    Messages serve(ServerHandshake& accepting, Messages& messages, Outcome& out) {
        Messages replies;
        for (Bytes& message : messages) {
            between(out.passed.size(), message);
            out.passed.push_back(message);
            EXPECT_LE(message.size(),
                      accepting.awaits_chain() ? most_part_bytes : most_handshake_bytes);
            auto step = accepting.receive(message);
            if (step && step->adopt && full) {
                step = accepting.declined(*full);
            } else if (step && step->adopt) {
                hosted = std::move(step->adopt);
                step = accepting.adopted(*hosted);
            }
            if (!step)
                out.server_error = step.error();
            else if (step->refused)
                out.server_error = step->refused;
            if (step) replies.insert(replies.end(), step->send.begin(), step->send.end());
            if (out.server_error) break;
        }
        return replies;
    }
};

} // namespace envmesh::sync
