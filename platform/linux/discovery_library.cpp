// SPDX-License-Identifier: MIT
#include "platform/linux/discovery_library.h"

#include <optional>

#include <dlfcn.h>

namespace envmesh::platform {
namespace {

class Library {
  public:
    // Never closed: its functions are used until the process ends.
    explicit Library(const char* file) : handle_(::dlopen(file, RTLD_NOW | RTLD_LOCAL)) {}
    template <class Function>
    Library& get(Function& function, const char* name) {
        void* const found = handle_ == nullptr ? nullptr : ::dlsym(handle_, name);
        function = reinterpret_cast<Function>(found);
        is_whole_ = is_whole_ && found != nullptr;
        return *this;
    }
    [[nodiscard]] bool is_whole() const { return is_whole_; }

  private:
    void* handle_;
    bool is_whole_ = true;
};

std::optional<CoreLibrary> load_core() {
    CoreLibrary core{};
    Library library("libavahi-core.so.7");
    library.get(core.set_log_function, "avahi_set_log_function")
        .get(core.config_init, "avahi_server_config_init")
        .get(core.config_free, "avahi_server_config_free")
        .get(core.new_server, "avahi_server_new")
        .get(core.free_server, "avahi_server_free")
        .get(core.state, "avahi_server_get_state")
        .get(core.set_host_name, "avahi_server_set_host_name")
        .get(core.new_browser, "avahi_s_service_browser_new")
        .get(core.free_browser, "avahi_s_service_browser_free")
        .get(core.new_resolver, "avahi_s_service_resolver_new")
        .get(core.free_resolver, "avahi_s_service_resolver_free")
        .get(core.new_group, "avahi_s_entry_group_new")
        .get(core.free_group, "avahi_s_entry_group_free")
        .get(core.reset, "avahi_s_entry_group_reset")
        .get(core.commit, "avahi_s_entry_group_commit")
        .get(core.add, "avahi_server_add_service_strlst")
        .get(core.add_address, "avahi_server_add_address");
    return library.is_whole() ? std::optional(core) : std::nullopt;
}

std::optional<ClientLibrary> load_client() {
    ClientLibrary client{};
    Library library("libavahi-client.so.3");
    library.get(client.new_client, "avahi_client_new")
        .get(client.free_client, "avahi_client_free")
        .get(client.state, "avahi_client_get_state")
        .get(client.new_browser, "avahi_service_browser_new")
        .get(client.free_browser, "avahi_service_browser_free")
        .get(client.new_resolver, "avahi_service_resolver_new")
        .get(client.free_resolver, "avahi_service_resolver_free")
        .get(client.new_group, "avahi_entry_group_new")
        .get(client.free_group, "avahi_entry_group_free")
        .get(client.reset, "avahi_entry_group_reset")
        .get(client.commit, "avahi_entry_group_commit")
        .get(client.add, "avahi_entry_group_add_service_strlst");
    return library.is_whole() ? std::optional(client) : std::nullopt;
}

} // namespace

const CoreLibrary* core_library() {
    static const auto library = load_core();
    return library ? &*library : nullptr;
}

const ClientLibrary* client_library() {
    static const auto library = load_client();
    return library ? &*library : nullptr;
}

} // namespace envmesh::platform
