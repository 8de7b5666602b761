// SPDX-License-Identifier: MIT
// Beginning a program: what execve wants, and what its refusal means.
#pragma once

#include "platform/child.h"

namespace envmesh::platform {

/// Points into the program.
struct Vectors {
    explicit Vectors(const Program& program);
    Vectors(const Vectors&) = delete;
    Vectors& operator=(const Vectors&) = delete;
    ~Vectors(); // wipes

    std::vector<char*> words;
    std::vector<std::string> lines;
    std::vector<char*> environment;
};

/// Returns errno, or not at all. PATH is that of the program's own environment.
int execute(Vectors& vectors);
Error cannot_start(const std::string& name, int error);

} // namespace envmesh::platform
