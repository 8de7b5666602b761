// SPDX-License-Identifier: MIT
#include "daemon/generation.h"

#include "core/base/log.h"
#include "platform/files.h"

namespace envmesh::daemon {

Generation::Generation(const std::filesystem::path& socket, Random& random)
    : file_(socket.parent_path() / "generation") {
    Block<8> start{};
    random.fill(start);
    start_ = hex(start);
    next();
}

Generation::~Generation() {
    std::error_code ignored;
    std::filesystem::remove(file_, ignored);
}

void Generation::next() {
    const std::string line = start_ + '.' + std::to_string(++count_) + '\n';
    if (auto written = platform::replace_file(file_, view(line), platform::Replacing::fleetingly);
        !written)
        log_warning("generation_not_written", "reason", written.error().message);
}

} // namespace envmesh::daemon
