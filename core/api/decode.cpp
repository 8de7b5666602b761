// SPDX-License-Identifier: MIT
#include "core/api/calls.h"

#include "core/api/mesh_fields.h"
#include "core/api/scope_fields.h"
#include "core/api/tree.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace envmesh::api {
namespace {

using nlohmann::json;

class Decoder {
  public:
    explicit Decoder(const json& in) : in_(in) {}

    template <class T>
    Decoder& must(const std::string& key, T& out) {
        if (!take(key, out)) blame(key, "is missing");
        return *this;
    }
    template <class T>
    Decoder& may(const std::string& key, T& out) {
        take(key, out);
        return *this;
    }
    /// The first thing that was wrong, empty when nothing was.
    [[nodiscard]] const std::string& fault() const { return fault_; }

  private:
    void blame(const std::string& key, std::string_view what) {
        if (fault_.empty()) fault_ = "\"" + key + "\" " + std::string(what);
    }

    template <class T>
    bool take(const std::string& key, T& out) {
        const auto found = in_.find(key);
        if (found == in_.end()) return false;
        read(key, *found, out);
        return true;
    }
    bool take(const std::string& key, Secret& out) {
        const auto plain = in_.find(key);
        const auto coded = in_.find(key + "_b64");
        const bool is_plain = plain != in_.end();
        const bool is_coded = coded != in_.end();
        if (is_plain && is_coded) blame(key, "is given twice");
        if (is_plain || is_coded) read_secret(key, is_plain ? *plain : *coded, is_coded, out);
        return is_plain || is_coded;
    }
    bool take(const std::string& key, std::optional<Secret>& out) {
        Secret value;
        if (take(key, value)) out = std::move(value);
        return out.has_value();
    }

    void read_secret(const std::string& key, const json& from, bool coded, Secret& out) {
        if (!from.is_string()) return blame(key, "is not text");
        const auto& text = from.get_ref<const std::string&>();
        if (!coded) {
            out = Secret(std::string_view(text));
            return;
        }
        auto bytes = from_base64(text);
        if (!bytes) return blame(key, "is not base64");
        out = Secret(View(*bytes));
        wipe(*bytes);
    }
    void read(const std::string& key, const json& from, std::string& out) {
        if (!from.is_string()) return blame(key, "is not text");
        out = from.get_ref<const std::string&>();
    }
    void read(const std::string& key, const json& from, bool& out) {
        if (!from.is_boolean()) return blame(key, "is not true or false");
        out = from.get<bool>();
    }
    template <std::integral T>
    void read(const std::string& key, const json& from, T& out) {
        if (!from.is_number_integer()) return blame(key, "is not a whole number");
        const bool fits = from.is_number_unsigned() ? std::in_range<T>(from.get<std::uint64_t>())
                                                    : std::in_range<T>(from.get<std::int64_t>());
        if (!fits) return blame(key, "is out of range");
        out = from.get<T>();
    }
    template <class T>
    void read(const std::string& key, const json& from, std::optional<T>& out) {
        read(key, from, out.emplace());
    }
    template <class T>
    void read(const std::string& key, const json& from, std::vector<T>& out) {
        if (!from.is_array()) return blame(key, "is not a list");
        for (const json& each : from) {
            T& item = out.emplace_back();
            if constexpr (std::same_as<T, std::string>)
                read(key, each, item);
            else
                read_item(key, each, item);
        }
    }
    template <class T>
    void read_item(const std::string& key, const json& from, T& out) {
        if (!from.is_object()) return blame(key, "holds something that is not an object");
        Decoder each(from);
        fields(each, out);
        if (!each.fault().empty()) blame(key, "holds an item where " + each.fault());
    }

    const json& in_;
    std::string fault_;
};

template <class... Calls>
std::optional<Request> blank(std::string_view name, std::type_identity<std::variant<Calls...>>) {
    std::optional<Request> found;
    const auto matches = [&]<class Call>(std::type_identity<Call>) {
        if (name == Call::call) found.emplace(Call{});
        return found.has_value();
    };
    static_cast<void>((matches(std::type_identity<Calls>{}) || ...));
    return found;
}

// Names of calls are ours; anything else that a stranger sent is not repeated in an error.
std::string shown(const std::string& call) {
    const bool plain = call.size() <= 32 && std::ranges::all_of(call, [](char c) {
                           return (c >= 'a' && c <= 'z') || c == '-';
                       });
    return plain ? "the call \"" + call + "\" is unknown" : "the call is unknown";
}

Error error_of(Decoder&& from) {
    std::string code;
    Error error;
    from.must("code", code).may("message", error.message).may("fix", error.fix);
    error.code = code_from_wire(code);
    if (error.message.empty()) error.message = "The daemon gave no reason.";
    return error;
}

} // namespace

std::uint64_t id_of(View body) {
    std::uint64_t id = 0;
    if (const auto tree = parse(body)) Decoder(**tree).may("id", id);
    return id;
}

Result<Numbered> decode_request(View body) {
    const auto tree = parse(body);
    if (!tree) return std::unexpected(tree.error());
    Numbered out;
    std::string name;
    Decoder decoder(**tree);
    decoder.must("id", out.id).must("call", name);
    if (!decoder.fault().empty()) return refuse(decoder.fault());
    auto request = blank(name, std::type_identity<Request>{});
    if (!request) return refuse(shown(name));
    out.request = std::move(*request);
    std::visit([&](auto& call) { fields(decoder, call); }, out.request);
    if (!decoder.fault().empty()) return refuse(decoder.fault() + " in \"" + name + '"');
    return out;
}

Result<Answer> decode_reply(View body, const Request& asked) {
    const auto tree = parse(body);
    if (!tree) return std::unexpected(tree.error());
    Decoder decoder(**tree);
    std::uint64_t id = 0;
    decoder.must("id", id);
    if (!decoder.fault().empty()) return refuse(decoder.fault());
    if (const auto error = (*tree)->find("error"); error != (*tree)->end()) {
        if (!error->is_object()) return refuse("\"error\" is not an object");
        return Answer{id, std::unexpected(error_of(Decoder(*error)))};
    }
    bool ok = false;
    decoder.must("ok", ok);
    if (!ok) return refuse("a reply says neither \"ok\" nor \"error\"");
    const auto read = [&]<class Call>(const Call&) {
        typename Call::Reply reply;
        fields(decoder, reply);
        return Reply(std::move(reply));
    };
    Reply reply = std::visit(read, asked);
    if (!decoder.fault().empty()) return refuse(decoder.fault());
    return Answer{id, std::move(reply)};
}

Result<Event> decode_event(View body) {
    const auto tree = parse(body);
    if (!tree) return std::unexpected(tree.error());
    Event event;
    Decoder decoder(**tree);
    fields(decoder, event);
    if (!decoder.fault().empty()) return refuse(decoder.fault());
    return event;
}

Result<Hello> decode_hello(View body) {
    const auto tree = parse(body);
    if (!tree) return std::unexpected(tree.error());
    const auto found = (*tree)->find("hello");
    if (found == (*tree)->end() || !found->is_object()) return refuse("it is not a hello");
    Hello hello;
    std::vector<int> range;
    Decoder decoder(*found);
    decoder.may("version", hello.version).may("role", hello.role);
    const auto protocol = found->find("protocol");
    if (!decoder.fault().empty()) return refuse(decoder.fault());
    if (protocol == found->end() || !protocol->is_array() || protocol->size() != 2)
        return refuse("the hello names no range of protocols");
    for (const json& each : *protocol) {
        if (!each.is_number_unsigned() || each.get<std::uint64_t>() > 1'000'000)
            return refuse("the hello's protocol is not a number");
        range.push_back(each.get<int>());
    }
    hello.least = range[0];
    hello.most = range[1];
    if (hello.least > hello.most) return refuse("the hello's range of protocols is empty");
    return hello;
}

} // namespace envmesh::api
