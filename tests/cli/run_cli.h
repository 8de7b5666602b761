// SPDX-License-Identifier: MIT
// Runs the real program, with its own home, and keeps what it said.
#pragma once

#include "tests/support/local_daemon.h"

namespace envmesh::test {

std::string read_whole(const std::filesystem::path& file);
void write_whole(const std::filesystem::path& file, std::string_view contents);

struct Outcome {
    int exit = -1;
    std::string out, err;
};

class Cli {
  public:
    /// `socket` empty: a place where nothing listens.
    explicit Cli(std::filesystem::path socket = {});

    /// The arguments as a shell reads them; the working folder is `folder()`. There is no terminal.
    [[nodiscard]] Outcome run(const std::string& arguments, std::string_view input = {}) const;
    [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }
    /// As a shell writes it: "NAME='value'". For all runs from now on.
    void set(const std::string& assignment) { environment_ += assignment + ' '; }
    static std::filesystem::path program();

  private:
    TemporaryFolder folder_;
    std::filesystem::path socket_;
    std::string environment_;
};

} // namespace envmesh::test
