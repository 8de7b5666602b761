// SPDX-License-Identifier: MIT
// A SessionWatch spoken with over stdin and stdout: `session_child BUS-ADDRESS`. News come as
// "news NAME"; to "ready" and "state" it answers a line.
#include "core/base/log.h"
#include "platform/linux/session_watch.h"

#include <iostream>
#include <mutex>

using namespace envmesh;

namespace {

void say(const std::string& line) {
    static std::mutex mutex;
    const std::scoped_lock lock(mutex);
    std::cout << line << std::endl;
}

} // namespace

int main(int count, char** words) {
    if (count != 2) return 2;
    set_log_sink({}, Level::debug);
    auto watch = platform::watch_sessions(words[1], [](platform::SessionNews news) {
        say("news " + std::string(platform::name(news)));
    });
    if (!watch) return 1;
    for (std::string line; std::getline(std::cin, line);) {
        if (line == "ready") (*watch)->ready();
        say(line == "state" ? "state " + (*watch)->state() : "done");
    }
    return 0;
}
