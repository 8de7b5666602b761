// SPDX-License-Identifier: MIT
// libavahi-core and libavahi-client, each loaded into a scope of its own: both define
// avahi_entry_group_free, and linked into one program one of them would call the other's.
#pragma once

#include <avahi-client/client.h>
#include <avahi-client/lookup.h>
#include <avahi-client/publish.h>
#include <avahi-core/core.h>
#include <avahi-core/log.h>
#include <avahi-core/lookup.h>
#include <avahi-core/publish.h>

namespace envmesh::platform {

struct CoreLibrary {
    decltype(&avahi_set_log_function) set_log_function;
    decltype(&avahi_server_config_init) config_init;
    decltype(&avahi_server_config_free) config_free;
    decltype(&avahi_server_new) new_server;
    decltype(&avahi_server_free) free_server;
    decltype(&avahi_server_get_state) state;
    decltype(&avahi_server_set_host_name) set_host_name;
    decltype(&avahi_s_service_browser_new) new_browser;
    decltype(&avahi_s_service_browser_free) free_browser;
    decltype(&avahi_s_service_resolver_new) new_resolver;
    decltype(&avahi_s_service_resolver_free) free_resolver;
    decltype(&avahi_s_entry_group_new) new_group;
    decltype(&avahi_s_entry_group_free) free_group;
    decltype(&avahi_s_entry_group_reset) reset;
    decltype(&avahi_s_entry_group_commit) commit;
    decltype(&avahi_server_add_service_strlst) add;
    decltype(&avahi_server_add_address) add_address;
};

struct ClientLibrary {
    decltype(&avahi_client_new) new_client;
    decltype(&avahi_client_free) free_client;
    decltype(&avahi_client_get_state) state;
    decltype(&avahi_service_browser_new) new_browser;
    decltype(&avahi_service_browser_free) free_browser;
    decltype(&avahi_service_resolver_new) new_resolver;
    decltype(&avahi_service_resolver_free) free_resolver;
    decltype(&avahi_entry_group_new) new_group;
    decltype(&avahi_entry_group_free) free_group;
    decltype(&avahi_entry_group_reset) reset;
    decltype(&avahi_entry_group_commit) commit;
    decltype(&avahi_entry_group_add_service_strlst) add;
};

/// Nothing where the library is not installed or lacks a function.
const CoreLibrary* core_library();
const ClientLibrary* client_library();

} // namespace envmesh::platform
