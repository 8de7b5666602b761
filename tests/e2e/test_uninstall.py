# SPDX-License-Identifier: MIT
"""What `daemon install` and `daemon uninstall` do to a session beside their files: nothing is left of
what was injected, also by a daemon that was killed, and the user manager is reloaded only when it must be."""
import json
import os
import shutil
import signal
import subprocess

import pytest

import harness
import test_service
import user_manager
from harness import PASSWORD, wait_until
from test_inject import InjectingMachine
from test_service import ENTRY, SERVICE, SOCKET

pytestmark = test_service.pytestmark
LINK = ".config/environment.d/60-envmesh.conf"


@pytest.fixture(scope="module")
def manager():
    one = user_manager.start()
    yield one
    one.close()


@pytest.fixture
def machine(manager):
    here = InjectingMachine(manager)
    here.password = here.home / "password"
    here.manager.run("sh", "-c", f"printf %s '{PASSWORD}' > {here.password}")
    here.before = here.environment()
    here.folder(".config/envmesh")
    here.manager.run("sh", "-c",
                     f"printf '[client]\\nenable_lan = false\\n' > {here.home}/.config/envmesh/config.toml")
    yield from test_service.cleaned(here)


def inject(machine, **more):
    machine.ok("init", "--name", "desk", "--password-file", machine.password, **more)
    machine.ok("set", "TOKEN=1", "OLD=ours", "--inject", **more)
    machine.has("TOKEN", "1")
    wait_until((machine.home / LINK).is_symlink, "it is in environment.d")


def memory(machine, runtime=None):
    """What is remembered of injections."""
    return machine.manager.seen(runtime or machine.manager.runtime) / "envmesh/injected"


def never_restarted(machine):
    folder = machine.folder(SERVICE + ".d")
    (folder / "never.conf").write_text("[Service]\nRestart=no\n")
    machine.manager.systemctl("daemon-reload")


def killed(machine, **more):
    """It can undo nothing, and no other one is started."""
    os.kill(machine.state(**more)["pid"], signal.SIGKILL)
    wait_until(lambda: machine.state(**more)["pid"] is None, "it is gone")
    assert machine.environment()["TOKEN"] == "1"


def is_as_before(machine, **more):
    assert machine.environment() == machine.before
    assert not os.path.lexists(machine.home / LINK) and not memory(machine, **more).exists()


def recorded(machine):
    """A PATH with a systemctl that notes what it is told, and whether TOKEN is there then."""
    folder = machine.manager.folder / "recording"
    folder.mkdir(exist_ok=True)
    log = folder / "log"
    log.write_text("")
    (folder / "systemctl").write_text(
        f'#!/bin/sh\nthere=$(/usr/bin/systemctl --user show-environment | grep -c ^TOKEN=)\n'
        f'echo "$there $*" >> {log}\nexec /usr/bin/systemctl "$@"\n')
    for path, mode in ((folder, 0o755), (folder / "systemctl", 0o755), (log, 0o666)):
        path.chmod(mode)
    return log, f"{folder}:/usr/bin:/bin"


def told(log):
    """The changes among it: [(TOKEN was there, what)]."""
    words = [line.split() for line in log.read_text().splitlines()]
    kept = [(one[0] == "1", [word for word in one[1:] if not word.startswith("-")]) for one in words]
    return [(there, what) for there, what in kept if what[0] not in ("show", "reset-failed")]


def reloads(machine):
    """How often the manager was reloaded: each time it runs its generators."""
    folder = machine.manager.seen("/run/systemd/user-generators")
    folder.mkdir(exist_ok=True)
    seen = machine.manager.folder / "reloads"
    if not seen.exists():
        machine.manager.run("touch", seen)
        (folder / "counting").write_text(f"#!/bin/sh\necho >> {seen}\n")
        (folder / "counting").chmod(0o755)
    return len(seen.read_text())


def test_it_is_stopped_before_anything_is_removed(machine):
    machine.ok("daemon", "install")
    inject(machine)
    log, path = recorded(machine)
    count = reloads(machine)
    said = machine.ok("daemon", "uninstall", PATH=path)
    assert told(log) == [(True, ["stop", "envmesh.service", "envmesh.socket"]),
                         (False, ["disable", "envmesh.service", "envmesh.socket"]),
                         (False, ["daemon-reload"])]
    assert reloads(machine) == count + 1
    assert said.splitlines() == [f"removed {machine.home / name}" for name in (SERVICE, SOCKET)]
    is_as_before(machine)


def test_installing_again_does_not_reload_the_manager(machine):
    count = reloads(machine)
    machine.ok("daemon", "install")
    assert reloads(machine) == count + 1
    machine.manager.systemctl("set-environment", "THEIRS=ends with spaces  ")
    pid = machine.state()["pid"]
    machine.ok("daemon", "install")
    assert reloads(machine) == count + 1 and machine.state()["pid"] == pid
    assert machine.environment()["THEIRS"] == "ends with spaces  "
    machine.manager.systemctl("unset-environment", "THEIRS")
    machine.manager.systemctl("disable", "envmesh.socket")
    count = reloads(machine)
    machine.ok("daemon", "install")
    assert reloads(machine) == count + 1
    assert machine.show("UnitFileState", "envmesh.socket") == "enabled"
    os.utime(machine.home / SERVICE)  # whoever wrote it, the manager has not read it
    assert machine.show("NeedDaemonReload") == "yes"
    machine.ok("daemon", "install")
    assert reloads(machine) == count + 2 and machine.show("NeedDaemonReload") == "no"


def test_what_a_killed_daemon_left_is_undone(machine):
    machine.manager.systemctl("set-environment", "OLD=theirs")
    machine.before = machine.environment()
    try:
        machine.ok("daemon", "install")
        never_restarted(machine)
        inject(machine)
        killed(machine)
        log, path = recorded(machine)
        machine.ok("daemon", "uninstall", PATH=path)
        assert [there for there, what in told(log) if what[0] != "stop"] == [False, False]
        is_as_before(machine)
    finally:
        machine.manager.systemctl("unset-environment", "OLD")


def test_what_a_killed_daemon_of_autostart_left_is_undone(machine):
    runtime = machine.manager.runtime / "no-manager"  # in memory, as it must be
    machine.manager.run("mkdir", "-p", "-m", "700", runtime)
    there = {"XDG_RUNTIME_DIR": str(runtime)}
    assert "XDG autostart" in machine.ok("daemon", "install", **there)
    inject(machine, **there)
    killed(machine, **there)
    done = machine.cli("status", **there)
    assert done.returncode == 4 and "installed and does not run" in done.stderr
    said = machine.ok("daemon", "uninstall", "--json", **there)
    log = machine.home / ".local/state/envmesh/daemon.log"
    assert json.loads(said) == {"ok": True, "removed": [str(machine.home / ENTRY), str(log)]}
    is_as_before(machine, runtime=runtime)


def test_what_cannot_be_undone_is_told(machine):
    machine.ok("daemon", "install")
    never_restarted(machine)
    inject(machine)
    killed(machine)
    machine.manager.systemctl("stop", "envmesh.socket")
    nowhere = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"}
    done = machine.manager.run(machine.daemon, "--take-back", check=False,
                               env=machine.manager.env(**nowhere))
    assert done.returncode == 4 and done.stdout == ""
    assert "not all taken back" in done.stderr and "/nowhere" in done.stderr and "fix:" in done.stderr
    done = machine.cli("daemon", "uninstall", **nowhere)
    assert done.returncode != 0 and done.stdout == ""
    assert f"{machine.daemon} --take-back" in done.stderr
    assert machine.state()["installed"] is False and memory(machine).exists()
    machine.ok("daemon", "uninstall")
    is_as_before(machine)


def test_a_daemon_that_answers_keeps_what_it_has_injected(machine):
    machine.ok("daemon", "install")
    inject(machine)
    done = machine.manager.run(machine.daemon, "--take-back")
    assert (done.stdout, done.stderr) == ("", "")
    assert machine.environment()["TOKEN"] == "1" and memory(machine).exists()


def test_without_a_daemon_beside_it_the_service_goes_all_the_same(machine):
    alone = machine.manager.folder / "alone"
    alone.mkdir(exist_ok=True)
    alone.chmod(0o755)
    shutil.copy(machine.program, alone)
    machine.ok("daemon", "install")
    assert machine.cli("daemon", "install", program=alone / "envmesh-cli").returncode == 3
    said = machine.cli("daemon", "uninstall", program=alone / "envmesh-cli")
    assert said.returncode == 0 and SERVICE in said.stdout and said.stderr == ""
    assert machine.state()["installed"] is False


def test_it_says_what_it_has_done(machine):
    machine.ok("daemon", "install")
    said = json.loads(machine.ok("daemon", "uninstall", "--json"))
    assert said == {"ok": True, "removed": [str(machine.home / name) for name in (SERVICE, SOCKET)]}
    assert json.loads(machine.ok("daemon", "uninstall", "--json")) == {"ok": True, "removed": []}
    assert machine.ok("daemon", "uninstall") == "The service was not installed.\n"


def test_one_half_of_it_is_removed_too(machine):
    machine.ok("daemon", "install")
    machine.manager.systemctl("stop", "envmesh.service", "envmesh.socket")
    (machine.home / SOCKET).unlink()
    machine.manager.systemctl("daemon-reload")
    assert SERVICE in machine.ok("daemon", "uninstall")
    assert not (machine.home / ".config/systemd").exists()


def by_hand(machine):
    daemon = machine.manager.popen(machine.daemon, stderr=subprocess.DEVNULL)
    wait_until(lambda: machine.cli("status").returncode == 5, "it answers")
    return daemon


def test_a_program_that_is_refused_ends_no_daemon(machine):
    other = machine.manager.folder / "o'clock"
    other.mkdir(exist_ok=True)
    for source in (machine.daemon, machine.program):
        shutil.copy(source, other)
    other.chmod(0o755)
    daemon = by_hand(machine)
    done = machine.cli("daemon", "install", program=other / "envmesh-cli")
    assert done.returncode == 65 and "o'clock" in done.stderr
    assert daemon.poll() is None and machine.cli("status").returncode == 5
    machine.folder(os.path.dirname(SERVICE))
    (machine.home / SOCKET).write_text("[Socket]\nListenStream=/nowhere\n")
    assert machine.cli("daemon", "install").returncode == 6
    assert daemon.poll() is None and machine.cli("status").returncode == 5
    machine.ok("shutdown")
    assert daemon.wait(timeout=harness.PATIENCE) == 0


def test_whoever_asks_in_vain_is_told_of_the_service(machine):
    def fix(**more):
        done = machine.cli("status", "--json", **more)
        assert done.returncode == 4
        return json.loads(done.stderr)["error"]["fix"]

    assert "daemon install" in fix()
    machine.ok("daemon", "install")
    machine.manager.systemctl("stop", "envmesh.service", "envmesh.socket")
    log, path = recorded(machine)
    assert "installed and does not run" in fix(PATH=path) and "daemon status" in fix(PATH=path)
    assert log.read_text() == "", "no program is started for it"
    assert fix(ENVMESH_HOME=str(machine.home / "other")) == "Start it: envmesh-daemon"


def test_the_log_is_no_json(machine):
    done = machine.cli("daemon", "logs", "--json")
    assert done.returncode == 2 and done.stdout == ""
    assert "JSON" in json.loads(done.stderr)["error"]["message"]
