// SPDX-License-Identifier: MIT
#include "platform/linux/discovery_responder.h"

#include "platform/linux/discovery_interfaces.h"
#include "platform/linux/discovery_library.h"

#include <avahi-common/error.h>

#include <algorithm>
#include <array>
#include <list>

#include <netinet/in.h>

namespace envmesh::platform {
namespace {

constexpr const char* service_type = "_envmesh._tcp";
constexpr const char* domain_name = "local";

struct InProcess {
    using Connection = AvahiServer;
    using Browser = AvahiSServiceBrowser;
    using Resolver = AvahiSServiceResolver;
    using Group = AvahiSEntryGroup;
    static const CoreLibrary& library() { return *core_library(); }
    template <auto Changed>
    static void group_callback(AvahiServer*, Group*, AvahiEntryGroupState state, void* data) {
        Changed(state, data);
    }
    // The host's addresses are ours to announce: what Avahi would announce by itself includes the
    // way back from address to name, which conflicts with every other responder on this machine.
    template <class... Rest>
    static int add(AvahiServer* server, Group* group, Rest... rest) {
        for (const auto& own : own_addresses()) {
            AvahiAddress address{};
            if (avahi_address_parse(own.text.c_str(), AVAHI_PROTO_UNSPEC, &address) == nullptr)
                continue;
            const int error =
                library().add_address(server, group, own.interface, AVAHI_PROTO_UNSPEC,
                                      AVAHI_PUBLISH_NO_REVERSE, nullptr, &address);
            if (error < 0) return error;
        }
        return library().add(server, group, rest...);
    }
};

struct ByDaemon {
    using Connection = AvahiClient;
    using Browser = AvahiServiceBrowser;
    using Resolver = AvahiServiceResolver;
    using Group = AvahiEntryGroup;
    static const ClientLibrary& library() { return *client_library(); }
    template <auto Changed>
    static void group_callback(Group*, AvahiEntryGroupState state, void* data) {
        Changed(state, data);
    }
    template <class... Rest>
    static int add(AvahiClient*, Group* group, Rest... rest) {
        return library().add(group, rest...);
    }
};

template <class Api>
struct Freeing {
    void operator()(typename Api::Browser* browser) const { Api::library().free_browser(browser); }
    void operator()(typename Api::Resolver* resolver) const {
        Api::library().free_resolver(resolver);
    }
    void operator()(typename Api::Group* group) const { Api::library().free_group(group); }
};

// Another type or domain can come in an answer to a question for ours.
bool is_ours(const char* type, const char* domain) {
    return std::string_view(type) == service_type && std::string_view(domain) == domain_name;
}

bool is_unicast(const AvahiAddress& address) {
    if (address.proto == AVAHI_PROTO_INET) {
        const auto first = ntohl(address.data.ipv4.address) >> 24;
        return first != 0 && first != 127 && first < 224;
    }
    in6_addr six{};
    std::ranges::copy(address.data.ipv6.address, std::begin(six.s6_addr));
    return !IN6_IS_ADDR_UNSPECIFIED(&six) && !IN6_IS_ADDR_LOOPBACK(&six) &&
           !IN6_IS_ADDR_MULTICAST(&six) && !IN6_IS_ADDR_V4MAPPED(&six);
}

std::string address_text(const AvahiAddress& address, int interface) {
    std::array<char, AVAHI_ADDRESS_STR_MAX> text{};
    avahi_address_snprint(text.data(), text.size(), &address);
    const bool is_link_local = address.proto == AVAHI_PROTO_INET6 &&
                               address.data.ipv6.address[0] == 0xfe &&
                               (address.data.ipv6.address[1] & 0xc0) == 0x80;
    return is_link_local ? text.data() + ("%" + interface_name(interface)) : text.data();
}

std::vector<std::string> pairs_of(AvahiStringList* list) {
    std::vector<std::string> pairs;
    for (; list != nullptr; list = avahi_string_list_get_next(list))
        pairs.emplace_back(reinterpret_cast<const char*>(avahi_string_list_get_text(list)),
                           avahi_string_list_get_size(list));
    return pairs;
}

template <class Api>
class AvahiResponder final : public Responder {
  public:
    AvahiResponder(typename Api::Connection* connection, Catalogue& catalogue, Listener listener)
        : connection_(connection), catalogue_(catalogue), listener_(std::move(listener)) {}

    void browse() override {
        lookups_.clear();
        catalogue_.start_over();
        browser_.reset(Api::library().new_browser(connection_, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC,
                                                  service_type, domain_name, AvahiLookupFlags{},
                                                  on_browsed, this));
        if (!browser_) listener_(News::failed);
    }

    void publish(const Service& service) override {
        withdraw();
        if (!group_)
            group_.reset(Api::library().new_group(connection_,
                                                  Api::template group_callback<on_group>, this));
        if (!group_) return listener_(News::failed);
        AvahiStringList* text = nullptr;
        for (const auto& [key, value] : service.text)
            text = avahi_string_list_add_pair(text, key.c_str(), value.c_str());
        int error = Api::add(connection_, group_.get(), AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC,
                             AvahiPublishFlags{}, service.instance.c_str(), service_type,
                             domain_name, nullptr, service.port, text);
        avahi_string_list_free(text);
        if (error >= 0) error = Api::library().commit(group_.get());
        if (error < 0) listener_(error == AVAHI_ERR_COLLISION ? News::name_taken : News::failed);
    }

    void withdraw() override {
        if (group_) Api::library().reset(group_.get());
    }

  private:
    // It stays after its answer to hear of changes, until another needs its place.
    struct Lookup {
        AvahiResponder& owner;
        Catalogue::Lookup asked;
        bool is_answered = false;
        std::unique_ptr<typename Api::Resolver, Freeing<Api>> resolver;
    };

    static void on_browsed(typename Api::Browser*, AvahiIfIndex interface, AvahiProtocol protocol,
                           AvahiBrowserEvent event, const char* name, const char* type,
                           const char* domain, AvahiLookupResultFlags, void* data) {
        auto& self = *static_cast<AvahiResponder*>(data);
        if (event == AVAHI_BROWSER_FAILURE) return self.listener_(News::failed);
        if (event == AVAHI_BROWSER_ALL_FOR_NOW) return self.catalogue_.everything_appeared();
        if (event == AVAHI_BROWSER_CACHE_EXHAUSTED) return;
        if (interface == loopback || !is_ours(type, domain)) return;
        const Sighting sighting{name, interface, protocol};
        if (event == AVAHI_BROWSER_REMOVE) {
            self.lookups_.remove_if(
                [&](const Lookup& lookup) { return lookup.asked.sighting == sighting; });
            self.catalogue_.vanished(sighting);
        } else
            self.catalogue_.appeared(sighting);
        self.look_up();
    }

    void look_up() {
        while (catalogue_.has_next() && has_room()) {
            auto& lookup = lookups_.emplace_back(Lookup{*this, catalogue_.next(), false, {}});
            const auto& [sighting, tries] = lookup.asked;
            // A host heard by IPv4 may have an IPv6 address alone, and the reverse.
            const bool ipv6 = (sighting.protocol == AVAHI_PROTO_INET6) == (tries % 2 == 0);
            lookup.resolver.reset(Api::library().new_resolver(
                connection_, sighting.interface, sighting.protocol, sighting.instance.c_str(),
                service_type, domain_name, ipv6 ? AVAHI_PROTO_INET6 : AVAHI_PROTO_INET,
                AvahiLookupFlags{}, on_resolved, &lookup));
            if (lookup.resolver) continue;
            catalogue_.failed(std::move(lookup.asked));
            lookups_.pop_back();
            return; // the next event tries again
        }
    }

    bool has_room() {
        if (lookups_.size() < most_lookups) return true;
        const auto answered = std::ranges::find_if(lookups_, &Lookup::is_answered);
        if (answered == lookups_.end()) return false;
        lookups_.erase(answered);
        return true;
    }

    static void on_resolved(typename Api::Resolver*, AvahiIfIndex interface, AvahiProtocol,
                            AvahiResolverEvent event, const char*, const char*, const char*,
                            const char*, const AvahiAddress* address, std::uint16_t port,
                            AvahiStringList* pairs, AvahiLookupResultFlags, void* data) {
        auto& lookup = *static_cast<Lookup*>(data);
        auto& self = lookup.owner;
        if (event == AVAHI_RESOLVER_FOUND) {
            lookup.is_answered = true;
            lookup.asked.tries = 0;
            auto text = text_of(pairs_of(pairs));
            if (text && is_unicast(*address))
                self.catalogue_.answered(lookup.asked.sighting, address_text(*address, interface),
                                         port, std::move(*text));
        } else {
            auto asked = std::move(lookup.asked);
            self.lookups_.remove_if([&](const Lookup& one) { return &one == &lookup; });
            self.catalogue_.failed(std::move(asked));
        }
        self.look_up();
    }

    static void on_group(AvahiEntryGroupState state, void* data) {
        const auto& listener = static_cast<AvahiResponder*>(data)->listener_;
        if (state == AVAHI_ENTRY_GROUP_ESTABLISHED) listener(News::published);
        if (state == AVAHI_ENTRY_GROUP_COLLISION) listener(News::name_taken);
        if (state == AVAHI_ENTRY_GROUP_FAILURE) listener(News::failed);
    }

    typename Api::Connection* connection_;
    Catalogue& catalogue_;
    Listener listener_;
    std::list<Lookup> lookups_;
    std::unique_ptr<typename Api::Browser, Freeing<Api>> browser_;
    std::unique_ptr<typename Api::Group, Freeing<Api>> group_;
};

} // namespace

std::unique_ptr<Responder> make_responder(AvahiServer* server, Catalogue& catalogue,
                                          Responder::Listener listener) {
    return std::make_unique<AvahiResponder<InProcess>>(server, catalogue, std::move(listener));
}

std::unique_ptr<Responder> make_responder(AvahiClient* client, Catalogue& catalogue,
                                          Responder::Listener listener) {
    return std::make_unique<AvahiResponder<ByDaemon>>(client, catalogue, std::move(listener));
}

} // namespace envmesh::platform
