// SPDX-License-Identifier: MIT
#include "platform/process.h"

#include "platform/linux/address.h"
#include "platform/linux/descriptor.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace envmesh::platform {
namespace {

// What would change the libraries that we or a program we start load, or whom they trust, or has
// them print what they send (G_DBUS_DEBUG). The loader has read LD_* already; what is left of them
// must not reach further.
constexpr std::array dangerous{
    "LD_PRELOAD",        "LD_LIBRARY_PATH", "LD_AUDIT",          "LD_DEBUG",
    "LD_DEBUG_OUTPUT",   "LD_PROFILE",      "LD_PROFILE_OUTPUT", "LD_BIND_NOT",
    "OPENSSL_CONF",      "OPENSSL_MODULES", "OPENSSL_ENGINES",   "SSLKEYLOGFILE",
    "SSL_CERT_FILE",     "SSL_CERT_DIR",    "GCONV_PATH",        "GETCONF_DIR",
    "LOCPATH",           "NLSPATH",         "RESOLV_HOST_CONF",  "RES_OPTIONS",
    "HOSTALIASES",       "LOCALDOMAIN",     "NIS_PATH",          "MALLOC_TRACE",
    "MALLOC_CHECK_",     "GLIBC_TUNABLES",  "SQLITE_TMPDIR",     "http_proxy",
    "https_proxy",       "ftp_proxy",       "no_proxy",          "all_proxy",
    "HTTP_PROXY",        "HTTPS_PROXY",     "FTP_PROXY",         "NO_PROXY",
    "ALL_PROXY",         "G_DEBUG",         "G_MESSAGES_DEBUG",  "G_DBUS_DEBUG",
    "GIO_EXTRA_MODULES", "GIO_MODULE_DIR"};

// LeakSanitizer traces its own process at exit, which a process that is not dumpable refuses.
consteval bool is_traced_by_a_sanitizer() {
#if defined(__SANITIZE_ADDRESS__)
    return true;
#elif defined(__has_feature)
    return __has_feature(address_sanitizer);
#else
    return false;
#endif
}

} // namespace

void harden_front_end() {
    if (!is_traced_by_a_sanitizer()) ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void harden() {
    harden_front_end();
    const rlimit none{.rlim_cur = 0, .rlim_max = 0};
    ::setrlimit(RLIMIT_CORE, &none);
    for (const char* name : dangerous)
        ::unsetenv(name);
}

void notify_service_manager(std::string_view state) {
    const char* where = std::getenv("NOTIFY_SOCKET");
    if (where == nullptr) return;
    const auto address = Address::of(where);
    const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!address || !socket.is_open()) return;
    ::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT, address->get(),
             address->size());
}

// sysconf follows the limit of the stack, as the kernel does.
std::size_t most_environment_bytes() {
    constexpr long least = 128 * 1024; // the kernel never allows less
    return static_cast<std::size_t>(std::max(sysconf(_SC_ARG_MAX), least)) / 2;
}

Secret environment() {
    std::size_t size = 0;
    for (char** each = environ; *each != nullptr; ++each)
        size += std::strlen(*each) + 1;
    Secret out(size);
    auto rest = out.writable();
    for (char** each = environ; *each != nullptr; ++each) {
        const std::string_view assignment(*each, std::strlen(*each) + 1); // with its NUL
        std::ranges::copy(view(assignment), rest.begin());
        rest = rest.subspan(assignment.size());
    }
    return out;
}

std::string parent_process_name() {
    std::string name;
    std::getline(std::ifstream("/proc/" + std::to_string(::getppid()) + "/comm"), name);
    return name;
}

std::filesystem::path own_program() {
    std::error_code error;
    auto program = std::filesystem::read_symlink("/proc/self/exe", error);
    return error ? std::filesystem::path() : program;
}

std::filesystem::path program_in_path(std::string_view name) {
    const char* path = std::getenv("PATH");
    std::string_view rest = path == nullptr ? "" : path;
    while (!rest.empty()) {
        const auto folder = rest.substr(0, rest.find(':'));
        rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
        const auto file = std::filesystem::path(folder) / name;
        std::error_code error;
        if (std::filesystem::is_regular_file(file, error) && ::access(file.c_str(), X_OK) == 0)
            return file;
    }
    return {};
}

std::string system_description() {
    utsname about{};
    ::uname(&about);
    std::string out = std::string(about.sysname) + " " + about.release + " " + about.machine;
    constexpr std::string_view key = "PRETTY_NAME=";
    std::ifstream file("/etc/os-release");
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with(key)) continue;
        std::erase(line, '"');
        out += ", " + line.substr(key.size());
    }
    return out;
}

} // namespace envmesh::platform
