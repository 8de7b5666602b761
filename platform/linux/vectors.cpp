// SPDX-License-Identifier: MIT
#include "platform/linux/vectors.h"

#include <cerrno>
#include <system_error>

#include <unistd.h>

namespace envmesh::platform {

Vectors::Vectors(const Program& program) {
    for (const std::string& word : program.words)
        words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    for (const Secret& line : program.environment)
        lines.emplace_back(std::string(line.reveal_text()));
    for (std::string& line : lines)
        environment.push_back(line.data());
    environment.push_back(nullptr);
}

Vectors::~Vectors() {
    for (std::string& line : lines)
        wipe(line);
}

int execute(Vectors& vectors) {
    environ = vectors.environment.data();
    ::execvp(vectors.words.front(), vectors.words.data());
    return errno;
}

Error cannot_start(const std::string& name, int error) {
    const std::string what = "\"" + name + "\"";
    if (error == ENOENT || error == ENOTDIR)
        return {Code::not_found, "The program " + what + " is not found.",
                "Check its name and PATH."};
    if (error == E2BIG)
        return {Code::invalid,
                "The arguments and the environment of " + what +
                    " are more than a program can be given.",
                "Leave out large variables: --only names those that are wanted."};
    if (error == EACCES || error == ENOEXEC || error == EISDIR || error == EPERM)
        return {Code::denied, what + " cannot be executed.", "Check its permissions."};
    return {Code::internal,
            what + " cannot be started: " + std::generic_category().message(error) + ".",
            {}};
}

} // namespace envmesh::platform
