# SPDX-License-Identifier: MIT
"""The daemon as a process: start, end, what it leaves behind, and who may start it."""
import os
import signal
import socket
import stat
import subprocess

import pytest

from harness import PATIENCE, SERVER_CONFIG, daemon_program, wait_until


def run_daemon(node, *arguments, **more):
    """A daemon that is expected to end by itself."""
    return subprocess.run([daemon_program(), *arguments], env=node.environment(**more),
                          capture_output=True, timeout=PATIENCE, stdin=subprocess.DEVNULL)


def test_without_a_daemon_every_command_says_so(playground):
    node = playground.node("none", start=False)
    for arguments in (["get", "X"], ["set", "X=1"], ["list"], ["status", "--json"], ["peers"],
                      ["sync"], ["export", "--strict"], ["delete", "X"], ["devices"]):
        done = node.cli(*arguments)
        assert done.returncode == 4, (arguments, done.stderr)
        assert done.stdout == b""
    done = node.cli("export")
    assert (done.returncode, done.stdout) == (0, b""), "a shell must start all the same"
    assert node.cli("shutdown").returncode == 0
    assert [file.name for file in node.home.iterdir()] == ["config.toml"], "none of them makes a file"


@pytest.mark.parametrize("end", ["SIGTERM", "SIGINT", "shutdown"])
def test_it_ends_cleanly_and_removes_its_socket(playground, end):
    node = playground.node("a")
    node.ok("init", "--name", "a", "--password-file", str(node.password_file))
    assert stat.S_ISSOCK(os.stat(node.socket).st_mode)
    if end == "shutdown":
        node.ok("shutdown")
    else:
        node.process.send_signal(getattr(signal, end))
    assert node.process.wait(timeout=PATIENCE) == 0
    assert not node.socket.exists()
    assert not list(node.home.glob("*-wal")) or (node.home / "envmesh.db-wal").stat().st_size == 0


def test_a_server_with_guests_ends_cleanly(playground):
    server = playground.server()
    playground.first(server)
    assert server.terminate() == 0
    assert not server.socket.exists()


def test_it_ends_cleanly_while_programs_wait_for_answers(playground):
    server = playground.server()
    a = playground.first(server)
    inviting = a.command("invite", "--json")
    inviting.event("code")
    watching = a.command("watch", "--json")
    waiting = a.command("sync", "--wait", "20s")
    wait_until(lambda: a.status()["state"] == "unlocked", "it answers")
    assert a.terminate() == 0
    for command in (inviting, watching, waiting):
        command.finish()
    assert not a.socket.exists()


def test_it_ends_cleanly_while_a_password_is_being_checked(playground):
    node = playground.node("a")
    node.ok("init", "--name", "a", "--password-file", str(node.password_file))
    node.ok("lock")
    unlocking = node.command("unlock", "--password-file", str(node.password_file))
    assert node.terminate() == 0
    unlocking.finish()


def test_a_killed_daemon_leaves_a_socket_that_the_next_one_replaces(playground):
    node = playground.node("a")
    node.ok("init", "--name", "a", "--password-file", str(node.password_file))
    node.set("X", "kept")
    node.kill()
    assert node.socket.exists()
    assert node.cli("get", "X").returncode == 4
    node.start()
    node.unlock()
    assert node.get("X") == b"kept"


def test_a_second_daemon_in_one_home_is_refused(playground):
    node = playground.node("a")
    done = run_daemon(node)
    assert done.returncode == 8, done.stderr
    assert b"fix" in done.stderr
    assert node.cli("status").returncode == 5, "the first one serves on"


def test_a_port_in_use_is_named(playground):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = playground.server(port=port, start=False)
        server.start(wait=False)
        assert server.process.wait(timeout=PATIENCE) != 0
        assert str(port) in server.log() and "fix" in server.log()
    assert not server.socket.exists()
    server.start()


@pytest.mark.parametrize("text, line", [
    ("[server]\nmode = \"auto\"\nprot = 1\n", 3),
    ("[server]\nport = 65536\n", 2),
    ("[server]\nport = \"8765\"\n", 2),
    ("[server]\n\nmode = \"master\"\n", 3),
    ("[client]\nenable_lan = 1\n", 2),
    ("[sever]\nport = 1\n", 1),
    ("[server\n", 1),
])
def test_a_mistake_in_the_configuration_is_named_with_its_line(playground, text, line):
    node = playground.node("a", text, start=False)
    done = run_daemon(node)
    assert done.returncode == 65, done.stderr
    message = done.stderr.decode()
    assert "config.toml" in message
    assert any(form in message for form in (f":{line}", f"line {line}")), message
    assert sorted(path.name for path in node.home.iterdir()) == ["config.toml"]


def test_a_configuration_given_by_name_is_used_or_refused(playground):
    node = playground.node("a", start=False)
    done = run_daemon(node, "--config", str(node.home / "missing.toml"))
    assert done.returncode != 0 and b"missing.toml" in done.stderr
    assert run_daemon(node, "--frobnicate").returncode == 2
    assert run_daemon(node, "--config").returncode == 2
    assert run_daemon(node, "--version").stdout.startswith(b"envmesh-daemon ")


def test_the_server_key_can_be_printed_before_and_beside_the_running_server(playground):
    server = playground.server(start=False)
    config = server.home / "other.toml"
    server.configure("")
    config.write_text('[server]\nmode = "server-preferred"\nport = 0\n'
                      "[client]\nenable_cloud = false\nenable_lan = false\n")
    before = run_daemon(server, "--print-server-key", "--config", str(config))
    assert before.returncode == 0, before.stderr
    assert len(before.stdout) == 65 and before.stdout.endswith(b"\n")
    server.start()
    assert server.key == before.stdout.decode().strip()
    assert run_daemon(server, "--print-server-key").stdout == before.stdout
    server.terminate()
    assert run_daemon(server, "--print-server-key").stdout == before.stdout


def test_printing_and_a_first_start_at_once_make_one_server(playground):
    options = ("--print-server-key", "--print-join-token")
    for lap in range(10):
        server = playground.server(f"server{lap}", start=False)
        server.configure(SERVER_CONFIG.format(port=0, extra=""))
        if lap % 2:
            server.start(wait=False)
        printing = [subprocess.Popen([daemon_program(), option], env=server.environment(),
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                    for option in options * 2]
        if not lap % 2:
            server.start(wait=False)
        server.wait_log(r" ready ")
        said = [process.communicate(timeout=PATIENCE) for process in printing]
        assert [process.returncode for process in printing] == [0] * 4, said
        key, token, *again = [output.decode().strip() for output, _ in said]
        assert [key, token] == again
        assert server.wait_log(r"listening .* key=([0-9a-f]{64})")[1] == key
        assert (server.home / "server.token").read_text().strip() == token
        assert server.terminate() == 0
        server.start()
        assert server.key == key, "and it is the one that is kept"
        if lap < 9:
            server.close()
    assert playground.first(server).status()["tier"] == "cloud"


def test_printing_the_key_beside_a_daemon_that_is_no_server_is_refused(playground):
    node = playground.node("a")
    config = node.home / "server.toml"
    config.write_text(SERVER_CONFIG.format(port=0, extra=""))
    for option in ("--print-server-key", "--print-join-token"):
        done = run_daemon(node, option, "--config", str(config))
        assert done.returncode == 8 and done.stdout == b"", done.stderr
        assert str(node.home).encode() in done.stderr and b"fix" in done.stderr
    assert not (node.home / "vault.keys").exists()


def test_the_service_manager_is_told_when_it_is_ready_and_when_it_stops(playground):
    node = playground.node("a", start=False)
    path = str(playground.folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(path)
        notify.settimeout(PATIENCE)
        node.start(environment=node.environment(NOTIFY_SOCKET=path))
        assert notify.recv(4096) == b"READY=1"
        assert node.cli("status").returncode == 5, "ready means that it answers"
        assert node.terminate() == 0
        said = b""
        while b"STOPPING=1" not in said:
            said = notify.recv(4096)


def test_a_socket_of_the_service_manager_is_served(playground):
    node = playground.node("a", start=False)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(node.socket))
    listener.listen(16)
    # The first descriptor after the standard ones, told to exactly the process that gets it.
    script = ("import os, sys\nos.dup2(int(sys.argv[1]), 3)\nos.set_inheritable(3, True)\n"
              "os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))\n"
              "os.execv(sys.argv[2], sys.argv[2:])\n")
    with open(node.log_file, "ab") as log:
        node._log_start = 0
        node.process = subprocess.Popen(
            ["/usr/bin/python3", "-c", script, str(listener.fileno()), daemon_program()],
            env=node.environment(), pass_fds=[listener.fileno()], stderr=log, stdout=log,
            stdin=subprocess.DEVNULL)
    listener.close()
    wait_until(lambda: node.cli("status").returncode == 5, "it answers on the inherited socket")
    assert node.terminate() == 0


def test_a_home_whose_path_is_too_long_for_a_socket_is_refused_with_the_reason(playground):
    node = playground.node("x" * 110, start=False)
    done = run_daemon(node)
    assert done.returncode not in (0, -signal.SIGSEGV, -signal.SIGABRT)
    assert b"fix" in done.stderr or b"long" in done.stderr


def test_it_does_not_let_other_programs_of_the_user_read_its_memory(playground):
    node = playground.node("a")
    with open(f"/proc/{node.process.pid}/limits") as limits:
        core = next(line for line in limits if line.startswith("Max core file size"))
    assert core.split()[4] == "0"
    # An undumpable process belongs to root in /proc, whoever runs it.
    assert os.stat(f"/proc/{node.process.pid}/mem").st_uid == 0


def test_wrong_passwords_are_slowed_down_and_the_right_one_opens(playground):
    node = playground.node("a")
    node.ok("init", "--name", "a", "--password-file", str(node.password_file))
    node.ok("lock")
    for attempt in range(2):
        done = wait_until(lambda: _wrong(node), "a wrong password is looked at")
        assert done.returncode == 5
    soon = node.cli("unlock", "--password-file", "-", stdin="wrong\n")
    assert soon.returncode == 5 and b"wait" in soon.stderr and b" s" in soon.stderr
    wait_until(lambda: node.cli("unlock", "--password-file", str(node.password_file)).returncode == 0,
               "the right password opens after the wait")
    assert node.cli("unlock", "--password-file", "-", stdin="").returncode == 65


def _wrong(node):
    done = node.cli("unlock", "--password-file", "-", stdin="wrong\n")
    return None if b"wait" in done.stderr else done
