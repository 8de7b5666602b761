# SPDX-License-Identifier: MIT
"""`daemon install` and what comes of it, with a real `systemd --user` that is nobody else's."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

import harness
import user_manager
from harness import wait_until

pytestmark = [
    pytest.mark.skipif(user_manager.reason_to_skip() is not None,
                       reason=str(user_manager.reason_to_skip())),
    pytest.mark.skipif(harness.is_sanitized(), reason="a sanitizer needs calls that the unit forbids")]
SERVICE = ".config/systemd/user/envmesh.service"
SOCKET = ".config/systemd/user/envmesh.socket"
INSTALLERS = pathlib.Path(__file__).resolve().parents[2] / "installers/linux"
ENTRY = ".config/autostart/envmesh.desktop"


class Machine:
    """The programs in a user manager's own world."""

    def __init__(self, manager):
        self.manager = manager
        self.daemon = manager.bring(harness.daemon_program())
        self.program = manager.bring(harness.cli_program())
        self.home = manager.home

    def cli(self, *words, program=None, **more):
        return self.manager.run(program or self.program, *words, check=False,
                                env=self.manager.env(**more))

    def ok(self, *words, **more):
        done = self.cli(*words, **more)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def state(self, **more):
        return json.loads(self.cli("daemon", "status", "--json", **more).stdout)

    def show(self, name, unit="envmesh.service"):
        return self.manager.systemctl("show", "-P", name, unit).stdout.strip()

    def folder(self, name):
        """Below the home, and the user's as all above it."""
        self.manager.run("mkdir", "-p", self.home / name)
        return self.home / name

    def left(self):
        """Files and links below the home that are not the data folder's."""
        return sorted(str(path.relative_to(self.home)) for path in self.home.rglob("*")
                      if not path.is_dir() and "share/envmesh" not in str(path))


@pytest.fixture(scope="module")
def manager():
    one = user_manager.start()
    yield one
    one.close()


@pytest.fixture
def machine(manager):
    yield from cleaned(Machine(manager))


def cleaned(here):
    """For a fixture: afterwards nothing of it is there."""
    manager = here.manager
    yield here
    for name in (SERVICE, SOCKET, ENTRY):
        (here.home / name).unlink(missing_ok=True)
    manager.systemctl("stop", "envmesh.service", "envmesh.socket", check=False)
    manager.systemctl("daemon-reload")
    shutil.rmtree(here.home / ".config", ignore_errors=True)
    shutil.rmtree(here.home / ".local", ignore_errors=True)
    manager.systemctl("daemon-reload")


def test_install_starts_it_now_and_at_each_login(machine):
    assert machine.cli("daemon", "status").returncode == 3
    assert machine.state()["installed"] is False
    said = machine.ok("daemon", "install")
    assert "systemd user unit" in said and "active (running)" in said
    now = machine.state()
    assert now["running"] and now["at_login"] and now["current"] and not now["changed"]
    assert now["pid"] == int(machine.show("MainPID")) > 0
    assert now["program"] == str(machine.daemon)
    assert now["files"] == [str(machine.home / SERVICE), str(machine.home / SOCKET)]
    assert machine.show("Type") == "notify", "active means that it said it is ready"
    assert machine.cli("status").returncode == 5, "it answers: there is no vault yet"
    machine.manager.restart()
    wait_until(lambda: machine.show("ActiveState") == "active", "a new login starts it")
    assert machine.state()["running"]


def test_the_first_program_that_asks_starts_it(machine):
    machine.ok("daemon", "install")
    machine.manager.systemctl("stop", "envmesh.service")
    assert machine.show("ActiveState") == "inactive"
    assert machine.cli("daemon", "status").returncode == 4
    assert "the first program that asks" in machine.state()["state"]
    assert machine.cli("status").returncode == 5
    assert machine.state()["running"]
    runtime = machine.manager.seen(machine.manager.runtime)
    assert oct((runtime / "envmesh/daemon.sock").lstat().st_mode)[-3:] == "600"
    assert oct((runtime / "envmesh").lstat().st_mode)[-3:] == "700"


def test_it_comes_back_after_it_was_killed_and_not_after_a_shutdown(machine):
    machine.ok("daemon", "install")
    before = machine.state()["pid"]
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: machine.state()["pid"] not in (None, before), "it is started again")
    assert machine.show("NRestarts") == "1"
    machine.ok("shutdown")
    wait_until(lambda: machine.show("ActiveState") == "inactive", "it has ended")
    assert machine.show("NRestarts") == "1" and machine.show("Result") == "success"


def test_a_mistake_in_the_configuration_is_told_and_not_tried_for_ever(machine):
    machine.folder(".config/envmesh")
    (machine.home / ".config/envmesh/config.toml").write_text("[server]\nnonsense = 1\n")
    done = machine.cli("daemon", "install")
    assert done.returncode == 1 and "did not succeed. It is failed (failed), exit-code" in done.stderr
    assert "daemon logs" in done.stderr
    assert machine.show("NRestarts") == "0"
    (machine.home / ".config/envmesh/config.toml").write_text("")
    assert "active (running)" in machine.ok("daemon", "install")


def test_installing_again_changes_nothing_and_another_program_is_taken_up(machine):
    machine.ok("daemon", "install")
    pid, written = machine.state()["pid"], (machine.home / SERVICE).stat().st_mtime_ns
    machine.ok("daemon", "install")
    assert machine.state()["pid"] == pid, "it was not started anew"
    assert (machine.home / SERVICE).stat().st_mtime_ns == written
    other = machine.manager.folder / "a strange%h $HOME é;"
    other.mkdir(exist_ok=True)
    for source in (machine.daemon, machine.program):
        shutil.copy(source, other)
    other.chmod(0o755)
    machine.ok("daemon", "install", program=other / "envmesh-cli")
    assert machine.state()["program"] == str(other / "envmesh-daemon")
    assert machine.state()["pid"] != pid
    image = os.readlink(f"/proc/{machine.state()['pid']}/exe")
    assert image == str(other / "envmesh-daemon")
    found = json.loads(machine.cli("doctor", "--json").stdout)
    service = next(one for one in found if one["check"] == "service")
    assert service["state"] == "warning" and "another daemon" in service["message"]


def test_a_path_that_systemd_does_not_start_is_refused(machine):
    other = machine.manager.folder / "o'clock"
    other.mkdir(exist_ok=True)
    for source in (machine.daemon, machine.program):
        shutil.copy(source, other)
    other.chmod(0o755)
    done = machine.cli("daemon", "install", program=other / "envmesh-cli")
    assert done.returncode == 65 and "o'clock" in done.stderr
    assert machine.left() == []


def test_uninstalling_leaves_nothing(machine):
    machine.ok("daemon", "install")
    pid = machine.state()["pid"]
    machine.ok("daemon", "uninstall")
    assert machine.left() == []
    assert not os.path.exists(f"/proc/{pid}")
    assert machine.show("LoadState") == "not-found"
    assert not machine.manager.seen(machine.manager.runtime / "envmesh/daemon.sock").exists()
    assert not (machine.home / ".config/systemd").exists()
    machine.ok("daemon", "uninstall")


def test_a_file_changed_by_hand_is_left_alone_and_told(machine):
    machine.ok("daemon", "install")
    mine = (machine.home / SERVICE).read_text().replace("RestartSec=1", "RestartSec=9")
    (machine.home / SERVICE).write_text(mine)
    now = machine.state()
    assert now["changed"] and not now["current"]
    done = machine.cli("daemon", "install")
    assert done.returncode == 6 and SERVICE in done.stderr and "by hand" in done.stderr
    done = machine.cli("daemon", "uninstall")
    assert done.returncode == 6 and SERVICE in done.stderr
    assert (machine.home / SERVICE).read_text() == mine
    assert machine.left() == [SERVICE], "the rest of it is gone"
    assert machine.show("ActiveState") == "inactive"


def checksum(text):
    value = 0xcbf29ce484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001b3 % 2**64
    return f"{value:016x}"


def doctor_says(machine):
    found = json.loads(machine.cli("doctor", "--json").stdout)
    return next(one for one in found if one["check"] == "service")


def test_files_of_another_version_are_brought_up_to_date(machine):
    machine.ok("daemon", "install")
    assert doctor_says(machine)["state"] == "ok"
    written = (machine.home / SERVICE).read_text()
    mark, rest = written.split("\n", 1)
    older = rest.replace("RestartSec=1", "RestartSec=3")
    (machine.home / SERVICE).write_text(
        re.sub(r"\([0-9a-f]+\)", f"({checksum(older)})", mark) + "\n" + older)
    now = machine.state()
    assert not now["current"] and not now["changed"]
    assert doctor_says(machine)["state"] == "warning"
    assert doctor_says(machine)["fix"] == "envmesh-cli daemon install"
    machine.ok("daemon", "install")
    assert (machine.home / SERVICE).read_text() == written
    assert machine.state()["pid"] != now["pid"], "it was started anew"
    assert machine.show("RestartUSec") == "1s"
    machine.manager.systemctl("disable", "envmesh.service")
    assert "at login" in doctor_says(machine)["message"]
    assert doctor_says(machine)["state"] == "warning"


@pytest.mark.parametrize("does, exit_status", [
    ("exec sleep 600", 4), ("exec yes", 65), ("echo nonsense", 9), ("exit 1", 1)])
def test_whatever_systemctl_does_there_is_an_answer(machine, does, exit_status):
    folder = machine.manager.folder / "bin"
    folder.mkdir(exist_ok=True)
    (folder / "systemctl").write_text(f"#!/bin/sh\n{does}\n")
    folder.chmod(0o755)
    (folder / "systemctl").chmod(0o755)
    try:
        done = machine.cli("daemon", "status", PATH=f"{folder}:/usr/bin:/bin")
        assert done.returncode == exit_status and done.stdout == "" and "systemctl" in done.stderr
    finally:
        (folder / "systemctl").unlink()


def test_a_unit_of_somebody_else_is_not_touched_at_all(machine):
    machine.folder(os.path.dirname(SERVICE))
    (machine.home / SERVICE).write_text("[Service]\nExecStart=/bin/sleep 600\n")
    machine.manager.systemctl("daemon-reload")
    machine.manager.systemctl("start", "envmesh.service")
    for verb in ("install", "uninstall"):
        done = machine.cli("daemon", verb)
        assert done.returncode == 6 and "not of envmesh-cli" in done.stderr
    assert machine.show("ActiveState") == "active"
    assert machine.left() == [SERVICE]


def test_units_of_a_package_are_used_as_they_are(machine):
    packaged = machine.folder(".local/share/systemd/user")
    machine.ok("daemon", "install")
    for name in (SERVICE, SOCKET):
        lines = (machine.home / name).read_text().splitlines(keepends=True)[1:]
        (packaged / os.path.basename(name)).write_text("".join(lines))
    machine.ok("daemon", "install")
    assert not (machine.home / SERVICE).exists() and not (machine.home / SOCKET).exists()
    now = machine.state()
    assert now["running"] and now["at_login"] and now["current"]
    assert now["files"] == [str(packaged / "envmesh.service"), str(packaged / "envmesh.socket")]
    machine.ok("daemon", "uninstall")
    assert (packaged / "envmesh.service").exists()
    assert not machine.state()["at_login"] and not machine.state()["running"]


def test_a_daemon_that_was_started_by_hand_gives_way(machine):
    by_hand = machine.manager.popen(machine.daemon, stderr=subprocess.DEVNULL)
    wait_until(lambda: machine.cli("status").returncode == 5, "it answers")
    machine.ok("daemon", "install")
    assert by_hand.wait(timeout=harness.PATIENCE) == 0
    assert machine.state()["running"] and machine.cli("status").returncode == 5


def test_a_home_of_its_own_is_refused(machine):
    done = machine.cli("daemon", "install", ENVMESH_HOME=str(machine.home / "other"))
    assert done.returncode == 8 and "ENVMESH_HOME" in done.stderr
    assert machine.left() == []


def test_a_shell_of_no_session_is_told_what_to_set(machine):
    done = machine.cli("daemon", "install", XDG_RUNTIME_DIR=None)
    assert done.returncode == 8
    assert f"export XDG_RUNTIME_DIR={machine.manager.runtime}" in done.stderr


def test_logs_are_those_of_the_journal(machine):
    assert machine.cli("daemon", "logs").returncode == 3
    machine.ok("daemon", "install")
    folder = machine.manager.folder / "bin"
    folder.mkdir(exist_ok=True)
    stand_in = folder / "journalctl"
    stand_in.write_text('#!/bin/sh\necho "$@"\nenv\n')
    folder.chmod(0o755)
    stand_in.chmod(0o755)
    said = machine.ok("daemon", "logs", "-n", "7", "-f", PATH=f"{folder}:/usr/bin:/bin",
                      SOME_TOKEN="canary-5813")
    assert said.splitlines()[0] == "--user -u envmesh.service -u envmesh.socket -n 7 -f"
    assert "canary-5813" not in said


def test_what_it_may_not_do_is_in_force(machine):
    machine.ok("daemon", "install")
    status = (machine.manager.seen("/proc") / str(machine.state()["pid"]) / "status").read_text()
    for line in ("NoNewPrivs:\t1", "Seccomp:\t2"):
        assert line in status
    for name, value in {"NoNewPrivileges": "yes", "MemoryDenyWriteExecute": "yes",
                        "LockPersonality": "yes", "RestrictRealtime": "yes",
                        "RestrictSUIDSGID": "yes", "SystemCallArchitectures": "native",
                        "KeyringMode": "shared", "LimitCORE": "0", "UMask": "0077",
                        "Restart": "on-failure", "PrivateTmp": "no", "PrivateUsers": "no",
                        "ProtectSystem": "no"}.items():
        assert machine.show(name) == value, name
    assert set(machine.show("RestrictAddressFamilies").split()) == {
        "AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK"}
    calls = machine.show("SystemCallFilter").split()
    assert "keyctl" in calls and "mount" not in calls and "ptrace" not in calls
    assert machine.show("RestrictNamespaces") in ("yes", "")


def test_a_server_runs_with_what_its_unit_leaves_it(machine):
    """As far as a user manager can set it: the calls, families and memory, not the file system."""
    unit = (INSTALLERS / "envmesh-server.service").read_text()
    kept = [line for line in unit.splitlines()
            if re.match(r"Type=|SystemCall|Restrict|MemoryDeny|LockPersonality|NoNewPriv|UMask|Limit", line)]
    folder = machine.folder("server")
    (folder / "config.toml").write_text(harness.SERVER_CONFIG.format(port=0, extra=""))
    machine.folder(os.path.dirname(SERVICE))
    name = "try-envmesh-server.service"
    (machine.home / os.path.dirname(SERVICE) / name).write_text(
        "[Service]\n" + "\n".join(kept) + f"\nExecStart={machine.daemon}\n"
        f"Environment=ENVMESH_HOME={folder}\nStandardError=file:{folder}/log\n")
    machine.manager.systemctl("daemon-reload")
    try:
        machine.manager.systemctl("start", name)
        assert machine.show("ActiveState", name) == "active"
        assert "mount" not in machine.show("SystemCallFilter", name).split()
        log = (folder / "log").read_text()
        assert " listening address=127.0.0.1 " in log and " error " not in log
    finally:
        machine.manager.systemctl("stop", name, check=False)
        shutil.rmtree(folder, ignore_errors=True)


def no_manager(machine):
    """The environment of a machine without systemd."""
    runtime = machine.manager.folder / "runtime"
    runtime.mkdir(exist_ok=True)
    runtime.chmod(0o700)
    os.chown(runtime, machine.manager.uid, machine.manager.uid)
    return {"XDG_RUNTIME_DIR": str(runtime), "DBUS_SESSION_BUS_ADDRESS": None}


def test_without_systemd_it_is_an_entry_of_autostart(machine):
    there = no_manager(machine)
    assert machine.cli("daemon", "status", **there).returncode == 3
    said = machine.ok("daemon", "install", SOME_TOKEN="canary-5814", **there)
    now = machine.state(**there)
    try:
        assert "XDG autostart" in said and now["running"] and now["at_login"] and now["current"]
        assert now["program"] == str(machine.daemon)
        assert b"canary-5814" not in open(f"/proc/{now['pid']}/environ", "rb").read()
        machine.ok("daemon", "install", **there)
        assert machine.state(**there)["pid"] == now["pid"], "it goes on"
        if shutil.which("desktop-file-validate"):
            checked = subprocess.run(["desktop-file-validate", machine.home / ENTRY],
                                     capture_output=True)
            assert checked.returncode == 0 and checked.stdout == b""
        log = machine.home / ".local/state/envmesh/daemon.log"
        assert oct(log.stat().st_mode)[-3:] == "600"
        wait_until(lambda: " info ready " in log.read_text(), "it logs")
        assert " ready " in machine.ok("daemon", "logs", "-n", "3", **there)
        machine.ok("daemon", "uninstall", **there)
        wait_until(lambda: not os.path.exists(f"/proc/{now['pid']}"), "it has ended")
        assert machine.left() == []
    finally:
        if os.path.exists(f"/proc/{now['pid']}"):
            os.kill(now["pid"], signal.SIGKILL)


def test_an_entry_changed_by_hand_is_left_alone(machine):
    there = no_manager(machine)
    machine.folder(os.path.dirname(ENTRY))
    (machine.home / ENTRY).write_text("[Desktop Entry]\nExec=/bin/true\n")
    for verb in ("install", "uninstall"):
        done = machine.cli("daemon", verb, **there)
        assert done.returncode == 6 and ENTRY in done.stderr
    assert machine.left() == [ENTRY]


def test_the_entry_goes_when_there_is_a_manager(machine):
    there = no_manager(machine)
    machine.ok("daemon", "install", **there)
    pid = machine.state(**there)["pid"]
    machine.ok("shutdown", **there)
    wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "it has ended")
    machine.ok("daemon", "install")
    assert not (machine.home / ENTRY).exists() and machine.state()["kind"] == "systemd user unit"


def test_a_log_file_stays_small(playground):
    node = playground.node("a", start=False)
    log = node.home / "daemon.log"
    log.write_text("x" * 1_048_570 + "\n")
    node.arguments = ["--log-to-file"]
    node.start(wait=False)
    wait_until(lambda: " ready " in log.read_text(), "it begins a new one")
    assert log.stat().st_size < 10_000
    assert (node.home / "daemon.log.1").read_text().startswith("xxx")
    assert node.log() == "", "nothing goes to standard error"
    second = subprocess.run([harness.daemon_program(), "--log-to-file"], env=node.environment(),
                            capture_output=True, timeout=harness.PATIENCE)
    assert second.returncode == 8 and "error ended reason=" in log.read_text()
