// SPDX-License-Identifier: MIT
// The wire is pinned here, field by field: another program may speak it.
#include "core/api/calls.h"

#include <gtest/gtest.h>

namespace envmesh::api {
namespace {

std::string wire(const Secret& body) { return std::string(body.reveal_text()); }

template <class T>
T with(auto fill) {
    T made;
    fill(made);
    return made;
}

struct RequestCase {
    Request request;
    std::string fields; // between "call" and "id" or after, as sorted JSON
};

void add_calls_about_scopes(auto& add) {
    add(Profiles(), R"({"call":"profiles","id":7})");
    add(UseProfiles{{"dev"}}, R"({"call":"use-profiles","id":7,"names":["dev"]})");
    add(CreateProfile{"dev"}, R"({"call":"create-profile","id":7,"name":"dev"})");
    add(DeleteProfile{"dev"}, R"({"call":"delete-profile","id":7,"name":"dev"})");
    add(Trust{{"K"}, {"v"}, "/p", "x"},
        R"({"call":"trust","id":7,"keys":["K"],"project":"/p","project_text":"x","versions":["v"]})");
    add(Distrust{{"K"}, "/p"}, R"({"call":"distrust","id":7,"keys":["K"],"project":"/p"})");
    add(Untrusted{true, {{"dev"}, "/p", "x"}},
        R"({"call":"untrusted","id":7,"profiles":["dev"],"project":"/p","project_text":"x","values":true})");
    add(Explain{"K", {{"dev"}, "/p", "x"}},
        R"({"call":"explain","id":7,"key":"K","profiles":["dev"],"project":"/p","project_text":"x"})");
    add(History{"K", "s", true, 3, {{"dev"}, "/p", "x"}},
        R"({"after":3,"call":"history","id":7,"key":"K","profiles":["dev"],"project":"/p","project_text":"x","scope":"s","values":true})");
    add(Rollback{"K", "s", "12", true, {{"dev"}, "/p", "x"}},
        R"({"call":"rollback","id":7,"key":"K","profiles":["dev"],"project":"/p","project_text":"x","scope":"s","settles":true,"to":"12"})");
}

std::vector<RequestCase> requests() {
    std::vector<RequestCase> all;
    const auto add = [&](auto call, std::string json) {
        all.push_back({Request(std::move(call)), std::move(json)});
    };
    add(Status(), R"({"call":"status","id":7})");
    add(with<Init>([](Init& c) {
            c.name = "desk";
            c.server = "wss://h:1";
            c.server_key = "ab";
            c.server_token = "t";
            c.password = Secret("pw");
        }),
        R"({"call":"init","id":7,"name":"desk","password":"pw","server":"wss://h:1","server_key":"ab","server_token":"t"})");
    add(with<ProbeServer>([](ProbeServer& c) { c.server = "wss://h:1"; }),
        R"({"call":"probe-server","id":7,"server":"wss://h:1"})");
    add(with<Unlock>([](Unlock& c) { c.password = Secret("pw"); }),
        R"({"call":"unlock","id":7,"password":"pw"})");
    add(Lock(), R"({"call":"lock","id":7})");
    add(UnlockByKeychain{true}, R"({"ask":true,"call":"unlock-by-keychain","id":7})");
    add(Keychain(), R"({"call":"keychain","id":7})");
    add(EnableKeychain{Secret("pw")}, R"({"call":"enable-keychain","id":7,"password":"pw"})");
    add(DisableKeychain(), R"({"call":"disable-keychain","id":7})");
    add(with<Get>([](Get& c) {
            c.key = "K";
            c.scope = "shared";
            c.scoping = {{"dev"}, "/p", "x"};
        }),
        R"({"call":"get","id":7,"key":"K","profiles":["dev"],"project":"/p","project_text":"x","scope":"shared"})");
    add(with<Set>([](Set& c) {
            c.items.push_back({"A", Secret("1")});
            c.items.push_back({"B", Secret("\xff")});
            c.scope = "shared";
            c.visibility = "get";
            c.type = "path";
            c.force = true;
            c.if_version = "12";
            c.inject = "yes";
        }),
        R"({"call":"set","force":true,"id":7,"if_version":"12","inject":"yes","items":[{"key":"A","value":"1"},{"key":"B","value_b64":"/w=="}],"scope":"shared","type":"path","visibility":"get"})");
    add(with<Delete>([](Delete& c) {
            c.keys = {"A", "B"};
            c.scope = "s";
        }),
        R"({"call":"delete","id":7,"keys":["A","B"],"scope":"s"})");
    add(with<List>([](List& c) {
            c.values = true;
            c.after = "K\ns";
            c.scope = "s";
        }),
        R"({"after":"K\ns","call":"list","id":7,"scope":"s","values":true})");
    add(with<Export>([](Export& c) {
            c.scoping = {{"dev"}, "/p", "x"};
            c.run = true;
            c.after = "K";
        }),
        R"({"after":"K","call":"export","id":7,"profiles":["dev"],"project":"/p","project_text":"x","run":true})");
    add(Injected(), R"({"call":"injected","id":7})");
    add_calls_about_scopes(add);
    add(Peers(), R"({"call":"peers","id":7})");
    add(Devices(), R"({"call":"devices","id":7})");
    add(with<Sync>([](Sync& c) { c.wait_ms = 5; }), R"({"call":"sync","id":7,"wait_ms":5})");
    add(with<Probe>([](Probe& c) { c.wait_ms = 5; }), R"({"call":"probe","id":7,"wait_ms":5})");
    add(Reload(), R"({"call":"reload","id":7})");
    add(Shutdown(), R"({"call":"shutdown","id":7})");
    add(Watch(), R"({"call":"watch","id":7})");
    add(with<Invite>([](Invite& c) {
            c.ttl_s = 9;
            c.role = "reader";
        }),
        R"({"call":"invite","id":7,"role":"reader","ttl_s":9})");
    add(with<InviteWait>([](InviteWait& c) { c.wait_ms = 5; }),
        R"({"call":"invite-wait","id":7,"wait_ms":5})");
    add(with<InviteAnswer>([](InviteAnswer& c) { c.yes = true; }),
        R"({"call":"invite-answer","id":7,"yes":true})");
    add(with<Join>([](Join& c) {
            c.code = Secret("code");
            c.password = Secret("pw");
            c.name = "desk";
        }),
        R"({"call":"join","code":"code","id":7,"name":"desk","password":"pw"})");
    add(with<JoinWait>([](JoinWait& c) { c.wait_ms = 5; }),
        R"({"call":"join-wait","id":7,"wait_ms":5})");
    add(with<JoinConfirm>([](JoinConfirm& c) { c.yes = true; }),
        R"({"call":"join-confirm","id":7,"yes":true})");
    return all;
}

TEST(Calls, EveryRequestGoesOverTheWireAndBack) {
    const auto all = requests();
    EXPECT_EQ(all.size(), std::variant_size_v<Request>);
    for (const auto& [request, json] : all) {
        EXPECT_EQ(wire(encode(7, request)), json);
        const auto back = decode_request(view(json));
        ASSERT_TRUE(back) << json << back.error().message;
        EXPECT_EQ(back->id, 7U);
        EXPECT_EQ(wire(encode(back->id, back->request)), json);
    }
}

struct ReplyCase {
    Request asked;
    Reply reply;
    std::string json;
};

Variable variable() {
    Variable v;
    v.key = "K";
    v.scope = "s";
    v.profile = "p";
    v.visibility = "shell";
    v.type = "string";
    v.version = "12";
    v.updated_by = "desk";
    v.updated_at_ms = 5;
    v.expires_at_ms = 6;
    v.conflict = true;
    v.inject = true;
    v.value = Secret("V");
    return v;
}
const std::string variable_fields =
    R"("conflict":true,"expires_at_ms":6,"inject":true,"key":"K","profile":"p","scope":"s","type":"string","updated_at_ms":5,"updated_by":"desk","value":"V","version":"12","visibility":"shell")";

std::string with_id(const std::string& fields) {
    std::string out = R"({"conflict":true,"expires_at_ms":6,"id":3,"inject":true,)";
    out += fields.substr(fields.find(R"("key")"));
    out.insert(out.find(R"("profile")"), R"("ok":true,)");
    return out + '}';
}

void add_replies_about_the_daemon(std::vector<ReplyCase>& all) {
    Status::Reply status;
    status.state = "unlocked";
    status.tier = "cloud";
    status.server = "wss://h:1";
    status.devices = 1;
    status.pending = 2;
    status.undecryptable = 3;
    status.last_contact_ms = 4;
    status.device = "d";
    status.name = "n";
    status.mesh = "m";
    status.version = "v";
    status.reason = "r";
    status.variables = 5;
    status.conflicts = 6;
    status.held = 7;
    status.serves = true;
    status.tier_since_ms = 8;
    status.tier_reason = "w";
    status.election = "idle";
    status.health = "up";
    status.locked_by = "sleep";
    status.unheard = "u";
    all.push_back(
        {Status(), std::move(status),
         R"({"conflicts":6,"device":"d","devices":1,"election":"idle","health":"up","held":7,"id":3,"last_contact_ms":4,"locked_by":"sleep","mesh":"m","name":"n","ok":true,"pending":2,"reason":"r","server":"wss://h:1","serves":true,"state":"unlocked","tier":"cloud","tier_reason":"w","tier_since_ms":8,"undecryptable":3,"unheard":"u","variables":5,"version":"v"})"});
    all.push_back({Init(), Init::Reply{"d", "m", "k"},
                   R"({"device":"d","id":3,"mesh":"m","ok":true,"server_key":"k"})"});
    all.push_back(
        {ProbeServer(), ProbeServer::Reply{"k"}, R"({"id":3,"ok":true,"server_key":"k"})"});
    all.push_back({Lock(), Done(), R"({"id":3,"ok":true})"});
    all.push_back(
        {Sync(), Sync::Reply{true, 1, 2, 3, 4, 5, "r"},
         R"({"complete":true,"expected":5,"id":3,"ok":true,"pending":3,"reason":"r","received":1,"sent":2,"undecryptable":4})"});
}

void add_replies_about_variables(std::vector<ReplyCase>& all) {
    all.push_back({Get(), variable(), with_id(variable_fields)});
    all.push_back({Set(), Set::Reply{{"A"}, {"1"}, 2},
                   R"({"id":3,"keys":["A"],"ok":true,"pending_sync":2,"versions":["1"]})"});
    all.push_back({Delete(), Delete::Reply{{"A"}, {"1"}, 2},
                   R"({"id":3,"keys":["A"],"ok":true,"pending_sync":2,"versions":["1"]})"});
    List::Reply list;
    list.variables.push_back(variable());
    list.next = "s\nK";
    all.push_back({List(), std::move(list),
                   R"({"id":3,"next":"s\nK","ok":true,"variables":[{)" + variable_fields + "}]}"});
    Export::Reply exported;
    exported.items.push_back({"K", Secret("V"), "path"});
    exported.skipped = {"LD_X: reserved"};
    exported.missing = {"M"};
    exported.next = "K";
    all.push_back(
        {Export(), std::move(exported),
         R"({"id":3,"items":[{"key":"K","type":"path","value":"V"}],"missing":["M"],"next":"K","ok":true,"skipped":["LD_X: reserved"]})"});
}

void add_replies_about_the_login(std::vector<ReplyCase>& all) {
    all.push_back(
        {Keychain(), Keychain::Reply{true, "kernel keyring", "there", true, "r"},
         R"({"enabled":true,"id":3,"key":"there","lasts":true,"ok":true,"place":"kernel keyring","reason":"r"})"});
    all.push_back(
        {Injected(), Injected::Reply{{{"K", "shared", "partly", "r"}}, {"p"}, "q"},
         R"({"id":3,"items":[{"key":"K","reason":"r","scope":"shared","state":"partly"}],"ok":true,"places":["p"],"reason":"q"})"});
}

void add_replies_about_scopes(std::vector<ReplyCase>& all) {
    all.push_back({Profiles(), Profiles::Reply{{{"dev", 2, 1}}},
                   R"({"id":3,"ok":true,"profiles":[{"name":"dev","place":1,"variables":2}]})"});
    Untrusted::Reply untrusted;
    untrusted.variables.push_back(variable());
    all.push_back({Untrusted(), std::move(untrusted),
                   R"({"id":3,"ok":true,"variables":[{)" + variable_fields + "}]}"});
    Explain::Reply explain{
        {{"s", "12", "desk", "shell", "path", 5, true, true, true, "r"}}, true, "w"};
    all.push_back(
        {Explain(), std::move(explain),
         R"({"exported":true,"id":3,"layers":[{"conflict":true,"deleted":true,"reason":"r","scope":"s","type":"path","updated_at_ms":5,"updated_by":"desk","used":true,"version":"12","visibility":"shell"}],"ok":true,"reason":"w"})"});
    History::Reply history{"s", {}, 4};
    history.entries.push_back({1, "current", "12", "desk", "shell", "path", 5, true, Secret("V")});
    all.push_back(
        {History(), std::move(history),
         R"({"entries":[{"deleted":true,"number":1,"state":"current","type":"path","updated_at_ms":5,"updated_by":"desk","value":"V","version":"12","visibility":"shell"}],"id":3,"next":4,"ok":true,"scope":"s"})"});
}

void add_replies_about_the_mesh(std::vector<ReplyCase>& all) {
    Peers::Reply peers;
    peers.peers.push_back({"d", "n", "member", "m", true, true, 4, 5, "lan", "a:1", true});
    all.push_back(
        {Peers(), std::move(peers),
         R"({"id":3,"ok":true,"peers":[{"address":"a:1","device":"d","last_seen_ms":5,"link":"lan","mesh":"m","name":"n","online":true,"role":"member","rtt_ms":4,"self":true,"serves":true}]})"});
    Probe::Reply probe{"r", "a", {{"eth0", "asked", "no", 2}}, {}};
    probe.found.push_back({"i", "mdns", {"::1"}, 9, "d", "n", "connected"});
    all.push_back(
        {Probe(), std::move(probe),
         R"({"announced":"a","found":[{"addresses":["::1"],"device":"d","instance":"i","name":"n","port":9,"state":"connected","way":"mdns"}],"id":3,"interfaces":[{"broadcast":"no","heard":2,"mdns":"asked","name":"eth0"}],"ok":true,"responder":"r"})"});
    Devices::Reply devices;
    devices.devices.push_back({"d", "n", "admin", true, true, 4});
    all.push_back(
        {Devices(), std::move(devices),
         R"({"devices":[{"added_at_ms":4,"device":"d","name":"n","removed":true,"role":"admin","self":true}],"id":3,"ok":true})"});
    all.push_back({Invite(), Invite::Reply{Secret("code")}, R"({"code":"code","id":3,"ok":true})"});
    all.push_back(
        {InviteWait(), InviteWait::Reply{false, "n", "linux", "123456"},
         R"({"check":"123456","id":3,"name":"n","ok":true,"platform":"linux","waiting":false})"});
    all.push_back({InviteAnswer(), InviteAnswer::Reply{"d"}, R"({"device":"d","id":3,"ok":true})"});
    all.push_back({Join(), Join::Reply{"123456"}, R"({"check":"123456","id":3,"ok":true})"});
    all.push_back(
        {JoinWait(), JoinWait::Reply{false, "syncing", "a", "d", 1, 2, "why"},
         R"({"admin":"a","device":"d","expected":2,"id":3,"ok":true,"reason":"why","received":1,"stage":"syncing","waiting":false})"});
}

TEST(Calls, EveryReplyGoesOverTheWireAndBack) {
    std::vector<ReplyCase> all;
    add_replies_about_the_daemon(all);
    add_replies_about_variables(all);
    add_replies_about_the_login(all);
    add_replies_about_scopes(all);
    add_replies_about_the_mesh(all);
    EXPECT_EQ(all.size(), std::variant_size_v<Reply>);
    for (auto& [asked, reply, json] : all) {
        EXPECT_EQ(wire(encode(3, Result<Reply>(std::move(reply)))), json);
        const auto back = decode_reply(view(json), asked);
        ASSERT_TRUE(back) << json << back.error().message;
        EXPECT_EQ(back->id, 3U);
        ASSERT_TRUE(back->reply);
        EXPECT_EQ(wire(encode(3, back->reply)), json);
    }
}

TEST(Calls, ErrorsKeepCodeMessageAndFix) {
    const Result<Reply> error = fail(Code::not_found, "No variable named K.", "Set it.");
    const auto body = encode(9, error);
    const auto back = decode_reply(body.reveal(), Get());
    ASSERT_TRUE(back && !back->reply);
    EXPECT_EQ(back->id, 9U);
    EXPECT_EQ(back->reply.error().code, Code::not_found);
    EXPECT_EQ(back->reply.error().message, "No variable named K.");
    EXPECT_EQ(back->reply.error().fix, "Set it.");
}

TEST(Calls, EventsAndHellosGoOverTheWireAndBack) {
    const std::string event =
        R"({"device":"d","event":"link","names":["A"],"reason":"r","state":"cloud"})";
    EXPECT_EQ(wire(encode(Event{"link", "cloud", "r", {"A"}, "d"})), event);
    EXPECT_EQ(wire(encode(decode_event(view(event)).value())), event);
    const std::string hello = R"({"hello":{"protocol":[1,2],"role":"cli","version":"1.0"}})";
    EXPECT_EQ(wire(encode(Hello{1, 2, "1.0", "cli"})), hello);
    EXPECT_EQ(wire(encode(decode_hello(view(hello)).value())), hello);
}

// A page is limited by the bytes of its values: their text must not outgrow a frame.
TEST(Calls, ValuesOfAnyBytesComeBackAndNeverGrowByMoreThanAThird) {
    std::string all_bytes;
    for (int c = 0; c < 256; ++c)
        all_bytes += static_cast<char>(c);
    for (const std::string& value :
         {all_bytes, std::string(9000, '\x01'), std::string(9000, '"'), std::string(9000, 'x')}) {
        Set call;
        call.items.push_back({"K", Secret(value)});
        const auto body = encode(1, Request(std::move(call)));
        EXPECT_LT(body.size(), value.size() * 4 / 3 + 200);
        const auto back = decode_request(body.reveal());
        ASSERT_TRUE(back);
        EXPECT_EQ(std::get<Set>(back->request).items[0].value.reveal_text(), value);
    }
}

TEST(Calls, ANameThatIsNotUtf8IsSentAsOneThatNobodyHas) {
    Get call;
    call.key = "A\xff";
    const auto body = encode(1, Request(std::move(call)));
    const auto back = decode_request(body.reveal());
    ASSERT_TRUE(back);
    EXPECT_EQ(std::get<Get>(back->request).key, "A\xef\xbf\xbd");
}

} // namespace
} // namespace envmesh::api
