// SPDX-License-Identifier: MIT
#include "tests/cli/run_cli.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <sys/wait.h>

namespace envmesh::test {

std::string read_whole(const std::filesystem::path& file) {
    std::ostringstream out;
    out << std::ifstream(file, std::ios::binary).rdbuf();
    return out.str();
}

void write_whole(const std::filesystem::path& file, std::string_view contents) {
    std::ofstream(file, std::ios::binary) << contents;
}

Cli::Cli(std::filesystem::path socket) : socket_(std::move(socket)) {
    if (socket_.empty()) socket_ = folder() / "daemon.sock";
}

std::filesystem::path Cli::program() { return ENVMESH_CLI; }

Outcome Cli::run(const std::string& arguments, std::string_view input) const {
    write_whole(folder() / "in", input);
    const std::string command = "cd '" + folder().string() + "' && ENVMESH_HOME='" +
                                folder().string() + "' ENVMESH_QUIET=1 " + environment_ +
                                "setsid --wait '" + ENVMESH_CLI + "' < in > out 2> err --socket '" +
                                socket_.string() + "' " + arguments;
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_whole(folder() / "out"),
            read_whole(folder() / "err")};
}

} // namespace envmesh::test
