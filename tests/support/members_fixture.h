// SPDX-License-Identifier: MIT
// Two members of a mesh without a network between them: what one has written reaches the other when
// a test carries it there.
#pragma once

#include "core/node/member.h"
#include "tests/support/node_fixture.h"

namespace envmesh::tests {

class MembersTest : public NodeTest {
  protected:
    MembersTest()
        : alice_(first_member(machine(), "alice")), bob_(next_member(*alice_, machine(), "bob")) {}

    node::Variables& alice() { return alice_->variables(); }
    node::Variables& bob() { return bob_->variables(); }
    static void put(node::Variables& variables, const std::string& key, const std::string& value,
                    const std::string& scope = {}) {
        const auto done = variables.set(set_call(key, value, scope));
        ASSERT_TRUE(done) << done.error().message;
    }
    static void carry(const Result<node::Variables::Changed>& changed, node::Member& to) {
        ASSERT_TRUE(changed) << changed.error().message;
        ASSERT_TRUE(to.replica().apply(changed->delta.cells, changed->delta.to));
    }
    static api::Export::Reply exported(node::Variables& variables, api::Scoping scoping = {},
                                       bool run = false) {
        auto reply = variables.exported({std::move(scoping), run, {}});
        EXPECT_TRUE(reply) << reply.error().message;
        return reply ? std::move(*reply) : api::Export::Reply{};
    }
    static std::vector<std::string> lines(const api::Export::Reply& reply) {
        std::vector<std::string> out;
        for (const auto& item : reply.items)
            out.push_back(item.key + '=' + std::string(item.value.reveal_text()));
        return out;
    }

    std::unique_ptr<node::Member> alice_;
    std::unique_ptr<node::Member> bob_;
};

} // namespace envmesh::tests
