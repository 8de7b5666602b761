# SPDX-License-Identifier: MIT
"""The daemon executes itself again without what the loader was told to load, once and as itself."""
import os
import shutil
import socket
import subprocess

import pytest

import harness
from harness import wait_until

MARK = r"""
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
__attribute__((constructor)) static void loaded(void) {
    char line[32];
    int length = snprintf(line, sizeof line, "%d\n", (int)getpid());
    int file = open(getenv("MARK_FILE"), O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (write(file, line, (size_t)length) < 0) _exit(1);
    close(file);
}
"""
# Puts itself back whenever a program is executed, as somebody would who wants to stay.
STAYS = MARK + r"""
#define _GNU_SOURCE
#include <dlfcn.h>
int execve(const char *path, char *const words[], char *const environment[]) {
    int (*real)(const char *, char *const[], char *const[]) = dlsym((void *)-1L, "execve");
    char *more[4096];
    int count = 0;
    for (; environment[count] && count < 4000; ++count) more[count] = environment[count];
    static char again[4200];
    snprintf(again, sizeof again, "LD_PRELOAD=%s", getenv("STAYING"));
    more[count++] = again;
    more[count] = NULL;
    return real(path, words, more);
}
"""

pytestmark = [
    pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler"),
    pytest.mark.skipif(harness.is_sanitized(), reason="a sanitizer may have to be preloaded")]


def library(folder, source, name="mark"):
    (folder / f"{name}.c").write_text(source)
    made = subprocess.run(["cc", "-shared", "-fPIC", "-o", folder / f"{name}.so",
                           folder / f"{name}.c", "-ldl"], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return folder / f"{name}.so"


def start(node, **more):
    node.start(environment=node.environment(**more))
    return node.process.pid


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into a daemon")
def test_what_was_preloaded_is_left_behind(playground, tmp_path):
    node = playground.node("a", start=False)
    mark = tmp_path / "mark"
    pid = start(node, LD_PRELOAD=str(library(tmp_path, MARK)), MARK_FILE=str(mark),
                GIO_EXTRA_MODULES="/tmp/evil", OPENSSL_CONF="/tmp/evil", KEPT="yes")
    assert mark.read_text() == f"{pid}\n", "loaded once, by the first image of this very process"
    assert "mark.so" not in open(f"/proc/{pid}/maps").read()
    environment = open(f"/proc/{pid}/environ", "rb").read().split(b"\0")
    names = {line.split(b"=")[0] for line in environment if line}
    assert names.isdisjoint({b"LD_PRELOAD", b"GIO_EXTRA_MODULES", b"OPENSSL_CONF"})
    assert b"KEPT=yes" in environment
    assert b"ENVMESH_HOME=" + bytes(node.home) in environment
    assert open(f"/proc/{pid}/cmdline", "rb").read() == harness.daemon_program().encode() + b"\0"
    assert node.terminate() == 0


def test_nothing_is_executed_again_where_nothing_was_set(playground, tmp_path):
    if not shutil.which("strace"):
        pytest.skip("needs strace")
    node = playground.node("a", start=False)
    said = tmp_path / "calls"
    for more, times in (({}, 1), ({"G_DEBUG": "all"}, 2)):
        subprocess.run(["strace", "-f", "-e", "trace=execve", "-o", said, harness.daemon_program(),
                        "--version"], env=node.environment(**more), check=True,
                       capture_output=True, timeout=harness.PATIENCE)
        assert said.read_text().count("execve(") == times, said.read_text()


def test_whoever_claims_that_it_was_done_already_is_refused(playground, tmp_path):
    node = playground.node("a", start=False)
    mark = tmp_path / "mark"
    done = subprocess.run([harness.daemon_program()], capture_output=True, text=True,
                          timeout=harness.PATIENCE, env=node.environment(
                              LD_PRELOAD=str(library(tmp_path, MARK)), MARK_FILE=str(mark),
                              ENVMESH_EXECUTED_AGAIN="1"))
    assert done.returncode == 6 and "LD_PRELOAD is set" in done.stderr
    assert mark.read_text().count("\n") == 1, "it was not executed again"
    assert not node.socket.exists()


def test_what_puts_itself_back_does_not_make_it_go_round(playground, tmp_path):
    node = playground.node("a", start=False)
    mark, stays = tmp_path / "mark", library(tmp_path, STAYS, "stays")
    done = subprocess.run([harness.daemon_program()], capture_output=True, text=True,
                          timeout=harness.PATIENCE, env=node.environment(
                              LD_PRELOAD=str(stays), STAYING=str(stays), MARK_FILE=str(mark)))
    assert done.returncode == 6 and "it comes back" in done.stderr
    assert mark.read_text().count("\n") == 2


def test_the_socket_of_the_service_manager_comes_along(playground, tmp_path):
    node = playground.node("a", start=False)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(node.socket))
    listener.listen()
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.bind(str(tmp_path / "notify"))
    told.settimeout(harness.PATIENCE)
    script = ("import os, sys\nos.dup2(int(sys.argv[1]), 3)\nos.set_inheritable(3, True)\n"
              "os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()), LD_PRELOAD=sys.argv[2])\n"
              "os.execv(sys.argv[3], sys.argv[3:])\n")
    process = subprocess.Popen(
        ["/usr/bin/python3", "-c", script, str(listener.fileno()), library(tmp_path, MARK),
         harness.daemon_program()], pass_fds=[listener.fileno()], stderr=subprocess.DEVNULL,
        env=node.environment(NOTIFY_SOCKET=str(tmp_path / "notify"),
                             MARK_FILE=str(tmp_path / "mark")))
    try:
        assert told.recv(100) == b"READY=1"
        assert node.cli("status").returncode == 5
        assert (tmp_path / "mark").read_text() == f"{process.pid}\n"
    finally:
        process.terminate()
        process.wait(timeout=harness.PATIENCE)
        listener.close()
        told.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into a daemon")
def test_keys_are_locked_into_memory_or_it_is_told_that_they_are_not(playground):
    node = playground.node("a")
    node.ok("init", "--name", "a", "--password-file", str(node.password_file))
    locked = [line for line in open(f"/proc/{node.process.pid}/status") if line.startswith("VmLck")]
    assert int(locked[0].split()[1]) > 0
    assert "memory_not_locked" not in node.log()
    assert node.terminate() == 0
    os.chmod(playground.folder, 0o755)
    for path in (node.home, *node.home.iterdir()):
        os.chown(path, 65534, 65534)
    daemon = shutil.copy(harness.daemon_program(), playground.folder / "daemon")
    process = subprocess.Popen(["prlimit", "--memlock=0:0", "setpriv", "--reuid=65534",
                                "--regid=65534", "--clear-groups", "--", daemon],
                               env=node.environment(), stderr=open(playground.folder / "log", "wb"))
    try:
        wait_until(lambda: " ready " in (playground.folder / "log").read_text(), "it starts")
        assert "warning memory_not_locked" in (playground.folder / "log").read_text()
    finally:
        process.terminate()
        process.wait(timeout=harness.PATIENCE)
