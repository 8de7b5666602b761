// SPDX-License-Identifier: MIT
#include "core/api/calls.h"

#include "core/api/mesh_fields.h"
#include "core/api/scope_fields.h"
#include "core/api/tree.h"

#include <nlohmann/json.hpp>

namespace envmesh::api {
namespace {

using nlohmann::json;

// JSON doubles quotes and turns a control character into six characters. Base64 bounds what a page
// of values can grow to, so that it fits a frame.
bool reads_well_as_text(View bytes) {
    std::size_t escaped = 0;
    for (const std::uint8_t byte : bytes) {
        const bool control = byte < 0x20 && byte != '\n' && byte != '\t' && byte != '\r';
        const bool doubled = byte < 0x20 || byte == '"' || byte == '\\';
        escaped += control ? 6U : doubled ? 2U : 1U;
    }
    return escaped <= (bytes.size() + 2) / 3 * 4 && is_utf8(bytes);
}

class Encoder {
  public:
    explicit Encoder(json& out) : out_(out) {}

    template <class T>
    Encoder& must(const char* key, const T& value) {
        put(key, value);
        return *this;
    }
    template <class T>
    Encoder& may(const char* key, const T& value) {
        put(key, value);
        return *this;
    }

  private:
    template <class T>
        requires std::integral<T> || std::same_as<T, std::string>
    void put(const char* key, const T& value) {
        out_[key] = value;
    }
    void put(const std::string& key, const Secret& value) {
        if (reads_well_as_text(value.reveal()))
            out_[key] = value.reveal_text();
        else
            out_[key + "_b64"] = base64(value.reveal());
    }
    void put(const char* key, const std::vector<std::string>& values) { out_[key] = values; }
    template <class T>
    void put(const char* key, const std::optional<T>& value) {
        if (value) put(key, *value);
    }
    template <class T>
    void put(const char* key, const std::vector<T>& items) {
        json list = json::array();
        for (const T& item : items) {
            Encoder each(list.emplace_back(json::object()));
            fields(each, item);
        }
        out_[key] = std::move(list);
    }

    json& out_;
};

} // namespace

Secret encode(std::uint64_t id, const Request& request) {
    json body = {{"id", id}};
    Encoder encoder(body);
    const auto put = [&](const auto& call) {
        body["call"] = call.call;
        fields(encoder, call);
    };
    std::visit(put, request);
    return dump_and_wipe(body);
}

Secret encode(std::uint64_t id, const Result<Reply>& reply) {
    json body = {{"id", id}};
    if (!reply) {
        const Error& error = reply.error();
        body["error"] = {
            {"code", wire_name(error.code)}, {"message", error.message}, {"fix", error.fix}};
        return dump_and_wipe(body);
    }
    body["ok"] = true;
    Encoder encoder(body);
    std::visit([&](const auto& it) { fields(encoder, it); }, *reply);
    return dump_and_wipe(body);
}

Secret encode(const Event& event) {
    json body = json::object();
    Encoder encoder(body);
    fields(encoder, event);
    return dump_and_wipe(body);
}

Secret encode(const Hello& hello) {
    json body;
    body["hello"] = {
        {"protocol", {hello.least, hello.most}}, {"version", hello.version}, {"role", hello.role}};
    return dump_and_wipe(body);
}

} // namespace envmesh::api
