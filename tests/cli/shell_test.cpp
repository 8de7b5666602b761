// SPDX-License-Identifier: MIT
#include "cli/shell.h"

#include <gtest/gtest.h>

namespace envmesh::cli {
namespace {

std::string chosen(const ShellHints& hints) {
    const auto shell = choose_shell(hints);
    return shell ? std::string(shell->name) : "refused";
}

TEST(Shell, IsToldByTheNameOfAProgram) {
    for (const std::string_view program : {"bash", "-bash", "/usr/bin/bash", "bash.exe"})
        EXPECT_EQ(shell_named(program).value_or(Shell()).name, "bash") << program;
    EXPECT_EQ(shell_named("powershell").value_or(Shell()).name, "pwsh");
    EXPECT_EQ(shell_named("nushell").value_or(Shell()).name, "nu");
    for (const std::string_view program : {"", "bas", "bash2", "python3", "/bash/"})
        EXPECT_FALSE(shell_named(program)) << program;
}

TEST(Shell, IsTheFirstHintThatNamesOne) {
    EXPECT_EQ(chosen({"fish", "zsh", "bash", "/bin/dash"}), "fish");
    EXPECT_EQ(chosen({"", "zsh", "bash", "/bin/dash"}), "zsh");
    EXPECT_EQ(chosen({"", "", "bash", "/usr/bin/fish"}), "bash");
    EXPECT_EQ(chosen({"", "", "make", "/usr/bin/fish"}), "fish");
    EXPECT_EQ(chosen({"", "", "", ""}), "sh");
    EXPECT_EQ(chosen({"", "", "make", "/bin/false"}), "sh");
}

TEST(Shell, ThatIsAskedForAndNotKnownIsAnError) {
    EXPECT_EQ(chosen({"csh2", "", "bash", ""}), "refused");
    EXPECT_EQ(chosen({"", "csh2", "bash", ""}), "refused");
}

TEST(Shell, OfTheCFamilyIsRefusedWithTheWayThatWorks) {
    for (const ShellHints& hints : {ShellHints{"tcsh", "", "", ""}, ShellHints{"", "csh", "", ""},
                                    ShellHints{"", "", "-tcsh", "/bin/bash"}}) {
        const auto refused = choose_shell(hints);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, Code::usage);
        EXPECT_NE(refused.error().fix.find("envmesh-cli run -- "), std::string::npos);
    }
}

} // namespace
} // namespace envmesh::cli
