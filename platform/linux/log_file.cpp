// SPDX-License-Identifier: MIT
#include "platform/log_file.h"

#include "platform/files.h"
#include "platform/linux/descriptor.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace envmesh::platform {
namespace {

class RotatedFile final : public LogFile {
  public:
    explicit RotatedFile(std::filesystem::path file) : file_(std::move(file)) {}

    Result<> begin() {
        constexpr int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
        open_ = Descriptor(::open(file_.c_str(), flags, S_IRUSR | S_IWUSR));
        struct stat about{};
        if (!open_.is_open() || ::fstat(open_.get(), &about) != 0)
            return system_failure(errno, "Cannot open the log " + file_.string());
        if (!S_ISREG(about.st_mode) || about.st_uid != ::geteuid())
            return fail(Code::denied, "This is no log of ours: " + file_.string() + ".",
                        "Move it away.");
        ::fchmod(open_.get(), S_IRUSR | S_IWUSR);
        size_ = static_cast<std::size_t>(about.st_size);
        return {};
    }

    void write(std::string_view line) override {
        line = line.substr(0, most_bytes);
        if (size_ + line.size() > most_bytes) turn_over();
        const ssize_t written = ::write(open_.get(), line.data(), line.size());
        if (written > 0) size_ += static_cast<std::size_t>(written);
    }

  private:
    void turn_over() {
        ::rename(file_.c_str(), (file_.string() + ".1").c_str());
        if (!begin() || size_ > 0) // it is still there: rather nothing of before than a full disk
            size_ = ::ftruncate(open_.get(), 0) == 0 ? 0 : size_;
    }

    std::filesystem::path file_;
    Descriptor open_;
    std::size_t size_ = 0;
};

} // namespace

Result<std::unique_ptr<LogFile>> LogFile::open(const std::filesystem::path& file) {
    if (auto made = make_private_folder(file.parent_path()); !made)
        return std::unexpected(made.error());
    auto opened = std::make_unique<RotatedFile>(file);
    if (auto begun = opened->begin(); !begun) return std::unexpected(begun.error());
    return std::unique_ptr<LogFile>(std::move(opened));
}

} // namespace envmesh::platform
