// SPDX-License-Identifier: MIT
#include "core/node/policy.h"

#include <gtest/gtest.h>

namespace envmesh::node {
namespace {

TEST(Policy, LoaderAndShellInternalsNeverReachAShell) {
    for (const char* name : {"LD_PRELOAD",
                             "LD_LIBRARY_PATH",
                             "BASH_ENV",
                             "PROMPT_COMMAND",
                             "IFS",
                             "BASH_FUNC_ls",
                             "ENVMESH_HOME",
                             "HOME",
                             "PS0",
                             "PS1",
                             "DYLD_INSERT_LIBRARIES",
                             "MAILCHECK",
                             "HISTCMD",
                             "SRANDOM",
                             "USERNAME",
                             "MAILPATH",
                             "RPROMPT",
                             "KSHUID",
                             "PGRP",
                             "PROMPT_EOL_MARK",
                             "FILE_PWD",
                             "_comp_setup",
                             "_envmesh_tries",
                             "ARGV0",
                             "REPORTTIME"})
        EXPECT_EQ(classify(name), NameClass::never) << name;
}

TEST(Policy, WhatChangesWhichCodeRunsNeedsApproval) {
    for (const char* name : {"PATH",
                             "GIT_SSH_COMMAND",
                             "NODE_OPTIONS",
                             "HTTP_PROXY",
                             "EDITOR",
                             "path",
                             "status",
                             "LUA_INIT_5_3",
                             "FZF_DEFAULT_OPTS",
                             "XDG_CONFIG_HOME",
                             "_X",
                             "_JAVA_OPTIONS",
                             "MAKEFILES",
                             "LESS",
                             "SYSTEMD_PAGER",
                             "AWS_CONFIG_FILE",
                             "JAVA_HOME",
                             "CATALINA_OPTS",
                             "CFLAGS",
                             "MANLESS",
                             "SYSTEMD_LESS",
                             "CONDA_EXE",
                             "DIRENV_CONFIG",
                             "ASDF_DATA_DIR",
                             "TS_NODE_COMPILER",
                             "POWERLEVEL9K_CUSTOM_X",
                             "SPACESHIP_PROMPT_ORDER",
                             "NIX_PATH",
                             "AWKLIBPATH",
                             "AWKPATH",
                             "LIBVA_DRIVERS_PATH",
                             "VDPAU_DRIVER_PATH",
                             "VIRTUAL_ENV",
                             "GOCACHEPROG",
                             "GDK_PIXBUF_MODULE_FILE",
                             "BUN_OPTIONS",
                             "JAVACMD"})
        EXPECT_EQ(classify(name), NameClass::approval) << name;
}

TEST(Policy, KeysAndUrlsAreFree) {
    for (const char* name : {"API_KEY", "DATABASE_URL", "http_proxy", "NPM_TOKEN", "RSYNC_PASSWORD",
                             "LDAP_URL", "PATHS", "HOMEPAGE", "NODE_ENV", "UV_PUBLISH_TOKEN",
                             "DRIVER_PATHS", "GOOGLE_API_KEY", "PROMPT_TEXT", "MAIL_FROM"})
        EXPECT_EQ(classify(name), NameClass::free) << name;
}

} // namespace
} // namespace envmesh::node
