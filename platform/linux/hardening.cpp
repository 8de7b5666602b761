// SPDX-License-Identifier: MIT
#include "platform/process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <vector>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace envmesh::platform {
namespace {

// What changes the libraries that we or a program we start load, or whom they trust.
constexpr std::array<std::string_view, 30> dangerous{"SSLKEYLOGFILE",
                                                     "SSL_CERT_FILE",
                                                     "SSL_CERT_DIR",
                                                     "GCONV_PATH",
                                                     "GETCONF_DIR",
                                                     "LOCPATH",
                                                     "NLSPATH",
                                                     "RESOLV_HOST_CONF",
                                                     "RES_OPTIONS",
                                                     "HOSTALIASES",
                                                     "LOCALDOMAIN",
                                                     "NIS_PATH",
                                                     "GLIBC_TUNABLES",
                                                     "SQLITE_TMPDIR",
                                                     "http_proxy",
                                                     "https_proxy",
                                                     "ftp_proxy",
                                                     "no_proxy",
                                                     "all_proxy",
                                                     "HTTP_PROXY",
                                                     "HTTPS_PROXY",
                                                     "FTP_PROXY",
                                                     "NO_PROXY",
                                                     "ALL_PROXY",
                                                     "SECRET_BACKEND",
                                                     "SECRET_FILE_TEST_PATH",
                                                     "SECRET_FILE_TEST_PASSWORD",
                                                     "GSETTINGS_BACKEND",
                                                     "GSETTINGS_SCHEMA_DIR",
                                                     "TZDIR"};
constexpr std::array<std::string_view, 6> dangerous_beginnings{"LD_", "OPENSSL_", "MALLOC_",
                                                               "G_",  "GIO_",     "GLIB_"};
constexpr const char* executed_again = "ENVMESH_EXECUTED_AGAIN";

std::string_view name_of(const char* assignment) {
    const std::string_view whole(assignment);
    return whole.substr(0, whole.find('='));
}

bool is_dangerous(std::string_view name) {
    const auto begins_it = [name](std::string_view part) { return name.starts_with(part); };
    return std::ranges::find(dangerous, name) != dangerous.end() ||
           std::ranges::any_of(dangerous_beginnings, begins_it);
}

std::vector<std::string> dangerous_names() {
    std::vector<std::string> names;
    for (char** each = environ; *each != nullptr; ++each)
        if (is_dangerous(name_of(*each))) names.emplace_back(name_of(*each));
    return names;
}

// LeakSanitizer traces its own process at exit, which a process that is not dumpable refuses; and a
// sanitizer may have been loaded by LD_PRELOAD.
consteval bool has_sanitizer() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return true;
#elif defined(__has_feature)
    return __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
    return false;
#endif
}

std::unexpected<Error> cannot_begin(const std::string& name, const std::string& why) {
    return fail(Code::denied, name + " is set, and " + why + ".",
                "Start it without: env -u " + name + " envmesh-daemon");
}

} // namespace

Result<> begin_clean(char** words) {
    const bool is_second = std::getenv(executed_again) != nullptr;
    ::unsetenv(executed_again);
    const auto names = dangerous_names();
    if (names.empty() || has_sanitizer()) return {};
    // Whoever sets the mark to be spared ends here; nobody can make it go round.
    if (is_second) return cannot_begin(names.front(), "it comes back when it is taken away");
    std::string mark = std::string(executed_again) + "=1";
    std::vector<char*> kept{mark.data()};
    for (char** each = environ; *each != nullptr; ++each)
        if (!is_dangerous(name_of(*each))) kept.push_back(*each);
    kept.push_back(nullptr);
    ::execve("/proc/self/exe", words, kept.data());
    return cannot_begin(names.front(), "the program cannot execute itself again without it: " +
                                           std::generic_category().message(errno));
}

void harden_front_end() {
    if (!has_sanitizer()) ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void harden() {
    harden_front_end();
    const rlimit none{.rlim_cur = 0, .rlim_max = 0};
    ::setrlimit(RLIMIT_CORE, &none);
    rlimit locked{};
    if (::getrlimit(RLIMIT_MEMLOCK, &locked) == 0) {
        locked.rlim_cur = locked.rlim_max; // for the keys, which sodium_malloc locks
        ::setrlimit(RLIMIT_MEMLOCK, &locked);
    }
    for (const std::string& name : dangerous_names())
        ::unsetenv(name.c_str());
}

bool can_lock_memory() {
    const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    void* page = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return false;
    const bool is_locked = ::mlock(page, size) == 0;
    ::munmap(page, size);
    return is_locked;
}

} // namespace envmesh::platform
