// SPDX-License-Identifier: MIT
#include "platform/linux/mounts.h"

#include "platform/files.h"

#include <algorithm>
#include <array>
#include <utility>

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

namespace envmesh::platform {
namespace {

constexpr std::size_t most_mountinfo = 4'000'000;
constexpr unsigned long fuse = 0x65735546;

// linux/magic.h, and statfs(2) for those that are in the file system's own source.
constexpr std::array<std::pair<unsigned long, std::string_view>, 13> magics{{
    {0x6969, "nfs"},
    {0x517b, "smb"},
    {0xff534d42, "cifs"},
    {0xfe534d42, "smb2"},
    {0x5346414f, "afs"},
    {0x6b414653, "afs"},
    {0x73757245, "coda"},
    {0x564c, "ncp"},
    {0x01021997, "9p"},
    {0x00c36400, "ceph"},
    {0x0bd00bd0, "lustre"},
    {0x786f4256, "vboxsf"},
    {0xbacbacbc, "vmhgfs"},
}};

// A FUSE file system is what its program makes of it: those known to be elsewhere.
constexpr std::array<std::string_view, 22> elsewhere{"sshfs",       "rclone",
                                                     "s3fs",        "glusterfs",
                                                     "smbnetfs",    "davfs",
                                                     "davfs2",      "curlftpfs",
                                                     "goofys",      "gcsfuse",
                                                     "gvfsd-fuse",  "ceph",
                                                     "ceph-fuse",   "moosefs",
                                                     "mfs",         "juicefs",
                                                     "JuiceFS",     "seaweedfs",
                                                     "kio-fuse",    "afpfs",
                                                     "vmhgfs-fuse", "google-drive-ocamlfuse"};

std::string_view next_word(std::string_view& rest) {
    const auto word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    return word;
}

} // namespace

std::string network_type_of_magic(unsigned long magic) {
    const auto* found = std::ranges::find(magics, magic, [](const auto& one) { return one.first; });
    return found == magics.end() ? std::string() : std::string(found->second);
}

bool is_network_type(std::string_view type) {
    constexpr std::string_view beginning = "fuse.";
    return type.starts_with(beginning) &&
           std::ranges::find(elsewhere, type.substr(beginning.size())) != elsewhere.end();
}

std::string mounted_type(std::string_view mountinfo, unsigned major, unsigned minor) {
    const std::string device = std::to_string(major) + ':' + std::to_string(minor);
    std::string type;
    while (!mountinfo.empty()) {
        auto line = mountinfo.substr(0, mountinfo.find('\n'));
        mountinfo.remove_prefix(std::min(line.size() + 1, mountinfo.size()));
        next_word(line); // its number, its parent's
        next_word(line);
        if (next_word(line) != device) continue;
        for (int fixed = 0; fixed < 3; ++fixed) // root, where it is mounted, options
            next_word(line);
        // A hyphen ends the fields that may or may not be there; no name of a place has a space.
        while (!line.empty() && next_word(line) != "-") {
        }
        type = next_word(line);
    }
    return type;
}

std::string network_file_system(const std::filesystem::path& path) {
    std::error_code error;
    auto there = std::filesystem::absolute(path, error);
    struct statfs about{};
    while (::statfs(there.c_str(), &about) != 0) { // what is not there yet goes where its parent is
        const auto parent = there.parent_path();
        if (parent == there) return {};
        there = parent;
    }
    const auto magic = static_cast<unsigned long>(about.f_type) & 0xffffffff; // signed on 32 bits
    if (magic != fuse) return network_type_of_magic(magic);
    struct stat info{};
    const auto text = read_file("/proc/self/mountinfo", most_mountinfo);
    if (!text || ::stat(there.c_str(), &info) != 0) return {};
    auto type = mounted_type(text->reveal_text(), ::major(info.st_dev), ::minor(info.st_dev));
    return is_network_type(type) ? type : std::string();
}

} // namespace envmesh::platform
