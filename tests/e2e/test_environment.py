# SPDX-License-Identifier: MIT
"""Variables get into a real user manager, environment.d and D-Bus activation, and out again exactly."""
import base64
import json
import os
import random
import signal
import subprocess
import time

import pytest

import user_manager
from harness import wait_until

GENERATOR = "/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator"
REASON = user_manager.reason_to_skip("busctl", "systemd-run")
needs_manager = pytest.mark.skipif(REASON is not None, reason=str(REASON))
ALL = ["systemd user manager", "environment.d", "D-Bus activation"]
STEPS = ["remembered", "filed", "activated", "managed"]
OBJECT = ["org.freedesktop.systemd1", "/org/freedesktop/systemd1"]


def encoded(values):
    return {name: base64.b64encode(v if isinstance(v, bytes) else v.encode("utf-8", "surrogatepass")).decode()
            for name, v in values.items()}


# Somebody who accepts, and perhaps lets one in, and then is silent.
SILENT = """
import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(); print('up', flush=True)
kept = []
while True:
    c, _ = s.accept(); kept.append(c)
    if sys.argv[2] == 'hello':
        while True:
            line = c.recv(4096)
            if not line or b'BEGIN' in line: break
            if b'\\r\\n' not in line: continue
            c.sendall(b'OK 0123456789abcdef0123456789abcdef\\r\\n' if b'AUTH EXTERNAL' in line
                      else b'AGREE_UNIX_FD\\r\\n' if b'NEGOTIATE' in line else b'REJECTED EXTERNAL\\r\\n')
"""


class Session:
    """A user manager, and the child that publishes there."""

    def __init__(self):
        self.manager = user_manager.start()
        self.child = self.manager.bring(os.environ["ENVMESH_ENVIRONMENT_CHILD"], "child")
        self.memory = self.manager.runtime / "envmesh"
        self.settings = self.manager.home / ".config"
        self.link = self.settings / "environment.d/60-envmesh.conf"
        # The bus is started by the first who connects, and sets a variable then.
        wait_until(lambda: "DBUS_SESSION_BUS_ADDRESS" in self.environment(), "its bus is up")

    def lines(self):
        done = self.manager.run("busctl", "--user", "--json=short", "get-property", *OBJECT,
                                "org.freedesktop.systemd1.Manager", "Environment")
        return json.loads(done.stdout)["data"]

    def environment(self):
        return dict(line.split("=", 1) for line in self.lines())

    def start(self, **env):
        return self.manager.popen(self.child, self.memory, self.settings, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, env=self.manager.env(**env))

    def publish(self, values=None, die=None, **env):
        """What came of it; None where it died."""
        child = self.start(**env)
        wanted = encoded(values or {})
        if die:
            wanted[""] = die
        out, _ = child.communicate(json.dumps(wanted).encode() + b"\n", timeout=60)
        assert child.returncode == (-signal.SIGKILL if die else 0)
        return json.loads(out) if out else None

    def generated(self):
        done = self.manager.run(GENERATOR)
        return done.stdout

    def root(self, *words):
        """As root, in there."""
        keeper = self.manager.inside("true")[1]
        return subprocess.run(["nsenter", keeper, "--wd=/", "--", *map(str, words)], check=True,
                              capture_output=True)

    def is_clean(self):
        return (not os.path.lexists(self.link)
                and not [p for p in self.manager.seen(self.memory).glob("*")])


@pytest.fixture
def session():
    session = Session()
    yield session
    session.manager.close()


VALUES = {"EM_PLAIN": "one", "EM_HARD": "a \"b\" `c` $HOME ${X:-y} \\ 'd' \u2019 \U0001f600 ",
          "EM_LINES": "one\ntwo\t\x01\x7f\r", "EM_EMPTY": "", "LANG": "xx_XX"}


@needs_manager
def test_all_of_it_gets_there_and_goes_again_exactly(session):
    session.manager.systemctl("set-environment", "EM_PLAIN=stood here before", "OTHER=1")
    before, shown = session.lines(), session.manager.systemctl("show-environment").stdout
    told = session.publish(VALUES)
    assert told["places"] == ALL and told["reason"] == ""
    assert set(told["refused"]) == {"EM_LINES", "EM_EMPTY"} and told["nowhere"] == []
    assert "empty value" in told["refused"]["EM_EMPTY"][0]
    assert "line end" in told["refused"]["EM_LINES"][0]
    assert VALUES.items() <= session.environment().items()
    seen = session.manager.run("systemd-run", "--user", "--wait", "--pipe", "--quiet", "/usr/bin/env", "-0",
                               text=False).stdout.decode()
    assert VALUES.items() <= dict(line.split("=", 1) for line in seen.split("\0") if line).items()

    files = [session.manager.seen(session.memory / name) for name in ("environment.conf", "injected")]
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600] * 2
    assert os.readlink(session.link) == str(session.memory / "environment.conf")
    assert "EM_HARD=" in session.generated() and "EM_EMPTY" not in session.generated()
    assert not [p for p in session.manager.folder.rglob("*") if p.is_file() and not p.is_symlink()
                and p.name != "child" and b"stood here before" in p.read_bytes()]  # no value on a disk

    told = session.publish({"EM_PLAIN": "two"})  # the others go
    assert session.environment()["EM_PLAIN"] == "two"
    assert {"EM_HARD", "EM_EMPTY", "EM_LINES"}.isdisjoint(session.environment())
    assert session.publish() == {"places": [], "refused": {}, "nowhere": [], "reason": ""}
    assert session.lines() == before
    assert session.manager.systemctl("show-environment").stdout == shown
    assert session.is_clean()


@needs_manager
def test_what_the_manager_drops_without_a_word_is_told(session):
    names = ["NOTIFY_SOCKET", "LISTEN_FDS", "INVOCATION_ID", "MANAGERPID"]
    before = session.lines()
    for _ in range(2):  # what is remembered says so too
        told = session.publish({"EM_A": "1", **dict.fromkeys(names, "1")})
        assert session.environment()["EM_A"] == "1" and not set(names) & set(session.environment())
        assert {name: len(told["refused"][name]) for name in names} == dict.fromkeys(names, 1)
        assert set(told["refused"]) == set(names) and "did not take" in told["refused"]["LISTEN_FDS"][0]
        assert told["places"] == ALL and told["nowhere"] == [], "the other places have it"
    session.publish({"NOTIFY_SOCKET": "1", "MAINPID": ""})
    told = session.publish({"NOTIFY_SOCKET": "1", "MAINPID": ""})
    assert told["places"] == ALL[1:] and len(told["refused"]["MAINPID"]) == 2
    session.publish()
    assert session.lines() == before and session.is_clean()


@needs_manager
@pytest.mark.parametrize("step", STEPS)
def test_a_crash_at_each_step_is_undone(session, step):
    session.manager.systemctl("set-environment", "EM_B=before")
    before = session.lines()
    session.publish({"EM_A": "1", "EM_B": "2"}, die=step)
    assert session.publish()["reason"] == ""
    assert session.lines() == before and session.is_clean()

    session.publish({"EM_A": "1", "EM_B": "2"})
    session.publish({"EM_A": "changed", "EM_C": "new"}, die=step)  # and EM_B is undone
    told = session.publish({"EM_A": "third", "EM_B": "4"})
    assert told["refused"] == {}
    assert session.environment()["EM_A"] == "third" and session.environment()["EM_B"] == "4"
    session.publish({}, die=step)
    session.publish()
    assert session.lines() == before and session.is_clean()


@needs_manager
def test_what_somebody_else_has_set_since_stays(session):
    session.publish({"EM_A": "ours", "EM_B": "ours"})
    session.manager.systemctl("set-environment", "EM_A=theirs")
    told = session.publish({"EM_A": "ours", "EM_B": "ours"})
    assert "something else" in told["refused"]["EM_A"][0]
    assert session.environment()["EM_A"] == "theirs"
    session.publish({"EM_B": "ours"})
    assert session.environment()["EM_A"] == "theirs"
    session.publish({"EM_A": "ours"})  # wished for anew
    assert session.environment()["EM_A"] == "ours"
    session.publish()
    assert session.environment()["EM_A"] == "theirs" and "EM_B" not in session.environment()
    session.publish({"EM_B": "ours"})
    session.manager.systemctl("unset-environment", "EM_B")
    session.publish({"EM_B": "ours"})
    assert session.environment()["EM_B"] == "ours"


@needs_manager
def test_a_new_manager_gets_it_from_environment_d_and_what_that_cannot_carry_again(session):
    clean = session.lines()
    session.publish(VALUES)
    session.manager.restart()
    wait_until(lambda: "DBUS_SESSION_BUS_ADDRESS" in session.environment(), "its bus is up")
    env = session.environment()
    assert env["EM_HARD"] == VALUES["EM_HARD"] and "EM_EMPTY" not in env
    session.publish(VALUES)
    assert VALUES.items() <= session.environment().items()
    session.publish()
    # What a generator told it when it started goes only with a reload.
    assert sorted(session.lines()) == sorted(clean)

    session.publish(VALUES)
    session.manager.restart()
    session.publish()  # nobody was there in between
    wait_until(lambda: sorted(session.lines()) == sorted(clean), "nothing is left", patience=5)
    session.publish(VALUES)
    session.root("rm", "-r", session.memory)  # as a logout does
    assert "EM_" not in session.generated()  # the link leads nowhere
    session.manager.restart()
    wait_until(lambda: sorted(session.lines()) == sorted(clean), "it is as it was")
    assert session.publish({"EM_A": "1"})["places"] == ALL


@needs_manager
def test_a_reload_meanwhile_is_undone_too_and_there_is_none_without_need(session):
    def last_reload():
        return session.manager.systemctl("show", "--property=UnitsLoadTimestampMonotonic").stdout

    session.manager.systemctl("set-environment", "EM_PLAIN=stood here before")
    before = session.lines()
    begun = last_reload()
    session.publish(VALUES)
    session.publish()
    assert session.lines() == before and last_reload() == begun
    session.publish({**VALUES, "EM_STAYS": "s"})
    session.manager.systemctl("daemon-reload")
    assert last_reload() != begun, "one is seen"
    session.publish({"EM_HARD": "changed", "EM_STAYS": "s"})
    assert session.environment()["EM_HARD"] == "changed" and session.environment()["EM_STAYS"] == "s"
    assert session.environment()["EM_PLAIN"] == "stood here before"
    session.publish({"EM_STAYS": "s"})
    env = session.environment()
    assert "EM_HARD" not in env and env["EM_STAYS"] == "s"
    session.publish()
    assert session.lines() == before and session.is_clean()
    session.manager.systemctl("daemon-reload")
    assert session.lines() == before


@needs_manager
def test_what_the_bus_starts_has_it_too(session):
    manager, number = session.manager, iter(range(100))
    services = manager.runtime / "dbus-1/services"
    manager.run("mkdir", "-p", services)
    out = manager.home / "seen"

    def activated():
        name = f"org.envmesh.Test{next(number)}"
        text = f"[D-BUS Service]\nName={name}\nExec=/bin/sh -c 'env -0 > {out}.part; mv {out}.part {out}'\n"
        manager.run("tee", services / f"{name}.service", input=text)
        manager.run("busctl", "--user", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                    "org.freedesktop.DBus", "ReloadConfig")
        manager.run("busctl", "--user", "--timeout=2", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                    "org.freedesktop.DBus", "StartServiceByName", "su", name, "0", check=False)
        wait_until(out.exists, "the service has run")
        text = out.read_bytes().decode()
        out.unlink()
        return dict(line.split("=", 1) for line in text.split("\0") if line)

    manager.systemctl("set-environment", "EM_PLAIN=before")
    session.publish(VALUES)
    assert VALUES.items() <= activated().items()
    session.publish()
    after = activated()
    assert after["EM_PLAIN"] == "before" and after["EM_HARD"] == "" and after["LANG"] == "C.UTF-8"


@needs_manager
def test_limits(session):
    told = session.publish({f"EM_{number:05}": "v" * 90 for number in range(10_002)})
    assert list(told["refused"]) == ["EM_10000", "EM_10001"] and told["places"] == ALL
    assert sum(name.startswith("EM_") for name in session.environment()) == 10_000
    session.publish()
    told = session.publish({"EM_A": "x" * (131_071 - 5), "EM_B": "x" * (131_071 - 4), "EM_C": "ok"})
    assert list(told["refused"]) == ["EM_B"] and "131,071" in told["refused"]["EM_B"][0]
    assert len(session.environment()["EM_A"]) == 131_066
    # The longest that is taken does not keep a program from being started.
    session.manager.run("systemd-run", "--user", "--wait", "--quiet", "/bin/true")
    told = session.publish({f"EM_{number}": "x" * 120_000 for number in range(10)})
    assert list(told["refused"]) == ["EM_8", "EM_9"]
    session.manager.run("systemd-run", "--user", "--wait", "--quiet", "/bin/true")
    told = session.publish({"EM_A": b"\xff\xfe", "EM_B": "a\0b", "EM_C": "a\ufffeb", "EM_D": "d"})
    assert told["places"] == ALL and len(told["refused"]["EM_C"]) == 2
    assert {"EM_A", "EM_B", "EM_C"}.isdisjoint(session.environment()) and session.environment()["EM_D"] == "d"
    assert "EM_D=d" in session.generated()


@needs_manager
def test_a_file_of_the_person_stays_and_other_places_are_used(session):
    folder = session.link.parent
    folder.mkdir(parents=True)
    session.link.write_text("MINE=1\n")
    for path in (session.settings, folder):
        os.chown(path, user_manager.UID, user_manager.GID)
    told = session.publish({"EM_A": "1"})
    assert told["places"] == [ALL[0], ALL[2]] and str(session.link) in told["reason"]
    session.publish()
    assert session.link.read_text() == "MINE=1\n"
    session.link.unlink()
    folder.rmdir()
    folder.write_text("in the way")
    told = session.publish({"EM_A": "1"})
    assert told["places"] == [ALL[0], ALL[2]] and "environment.d" in told["reason"]
    assert not session.manager.seen(session.memory / "environment.conf").exists()
    folder.unlink()
    os.symlink("/run/user/1/envmesh/environment.conf", session.link.parent.parent / "x")
    folder.mkdir()
    os.chown(folder, user_manager.UID, user_manager.GID)
    os.symlink("/run/gone/envmesh/environment.conf", session.link)  # left over from elsewhere
    assert session.publish({"EM_A": "1"})["places"] == ALL


@needs_manager
def test_a_full_runtime_folder_gets_nothing_that_could_not_be_undone(session):
    session.manager.run("mkdir", "-m700", session.memory)
    session.root("mount", "-t", "tmpfs", "-o", f"size=16k,mode=700,uid={user_manager.UID}", "tmpfs", session.memory)
    before = session.lines()
    session.publish({"EM_A": "1", "EM_B": "1"})
    session.manager.run("sh", "-c", f"cat /dev/zero > {session.memory}/filler", check=False)
    told = session.publish({"EM_A": "1", "EM_B": "2", "EM_C": "x" * 9000})
    assert "No space left" in told["reason"]
    assert set(told["refused"]) == {"EM_B", "EM_C"} and told["nowhere"] == ["EM_B", "EM_C"]
    env = session.environment()
    assert env["EM_A"] == "1" and "EM_C" not in env and "EM_B" not in env
    session.publish()
    assert session.lines() == before
    assert not os.path.lexists(session.link)


@needs_manager
@pytest.mark.parametrize("damage", [b"", b"\x00" * 64, bytes(range(256)) * 40,
                                    b"EMI\x01\0\0\xff\xff\xff\xff",
                                    b"EMI\x01\0\0\0\0\0\1\0\0\0\4LD=x\0\1\0\0\0\1v",
                                    b"EMI\x01\0\0\0\0\0\1\0\0\0\1A\0\1\x7f\xff\xff\xffv"])
def test_a_damaged_state_is_set_aside_and_not_believed(session, damage):
    before = session.lines()
    session.manager.run("mkdir", "-m700", session.memory)
    session.manager.run("tee", session.memory / "injected", input=damage, text=False)
    assert session.publish({"EM_A": "1"})["places"] == ALL
    assert session.manager.seen(session.memory / "injected.damaged").read_bytes() == damage
    session.publish()
    assert session.lines() == before


@needs_manager
def test_a_bus_that_is_not_there_or_not_one_or_silent(session):
    begun = session.lines()
    told = session.publish({"EM_A": "1"}, DBUS_SESSION_BUS_ADDRESS="unix:path=/run/nowhere")
    assert told["places"] == ["environment.d"] and "Cannot connect to the bus" in told["reason"]
    marker = session.manager.home / "ran"
    for address in (f"unixexec:path=/usr/bin/touch,argv1={marker}", "autolaunch:", "tcp:host=127.0.0.1,port=1",
                    f"unix:path=/run/nowhere;unixexec:path=/usr/bin/touch,argv1={marker}", "x", "unix:", ";"):
        assert session.publish({"EM_A": "1"}, DBUS_SESSION_BUS_ADDRESS=address)["places"] == ["environment.d"]
    assert not marker.exists()
    for manner in ("accept", "hello"):
        path = session.manager.runtime / manner
        listener = session.manager.popen("/usr/bin/python3", "-c", SILENT, path, manner, stdout=subprocess.PIPE)
        assert listener.stdout.readline() == b"up\n"
        start = time.monotonic()
        told = session.publish({"EM_A": "1"}, DBUS_SESSION_BUS_ADDRESS=f"unix:path={path}")
        assert 5 < time.monotonic() - start < 12
        assert told["places"] == ["environment.d"] and "does not answer" in told["reason"]
    session.publish()
    assert session.lines() == begun


@needs_manager
def test_a_manager_that_hangs_leaves_it_to_the_others_and_is_undone_later(session):
    before = session.lines()
    session.publish({"EM_A": "1"})
    session.manager.process.send_signal(signal.SIGSTOP)
    try:
        start = time.monotonic()
        told = session.publish()
        assert time.monotonic() - start < 12 and "does not answer" in told["reason"]
    finally:
        session.manager.process.send_signal(signal.SIGCONT)
    assert session.environment()["EM_A"] == "1"
    session.publish()
    assert session.lines() == before and session.is_clean()


@needs_manager
def test_another_users_bus_gets_nothing(session):
    path = session.manager.seen(session.manager.runtime) / "foreign"
    listener = subprocess.Popen(["/usr/bin/python3", "-c", SILENT, path, "hello"], stdout=subprocess.PIPE)
    try:
        assert listener.stdout.readline() == b"up\n"
        os.chmod(path, 0o777)
        told = session.publish({"EM_A": "1"}, DBUS_SESSION_BUS_ADDRESS=f"unix:path={session.manager.runtime}/foreign")
        assert told["places"] == ["environment.d"] and "another user" in told["reason"]
    finally:
        listener.kill()
        listener.communicate()


def hostile(random_numbers):
    """Values that have bitten somebody, and mixtures of what those are made of."""
    pieces = ["$", "$$", "${HOME}", "${X:-y}", "$(id)", "`id`", "\\", "\\\\", "\\$", "\"", "'", "#", ";", "=", " ", "  ",
              "%h", "{", "}", "\u2019", "\u00e9", "\U0001f600", "\u0085", "\u2028", "\ufeff", "\\n", "\\\"", "!", "~",
              "*", "a", "0", ":", "-", "\n", "\t", "\r", "\x01", "\x7f", "\ufffe", "\ufdd0", "\U0001ffff", "\ufffd"]
    yield from pieces
    yield from ("x" * 130_000, "$" * 1000, "\\" * 999, "\"" * 500, "${A${B${C", "a\\", "\\'", "PATH=$PATH:x")
    for _ in range(600):
        kind = pieces if random_numbers.random() < 0.3 else pieces[:34]
        yield "".join(random_numbers.choice(kind) for _ in range(random_numbers.randrange(1, 12)))


@pytest.mark.skipif(not os.path.exists(GENERATOR), reason="needs systemd's generator for environment.d")
def test_every_line_is_read_by_the_generator_as_it_was_meant(tmp_path):
    values = {f"EM_{number}": value for number, value in enumerate(hostile(random.Random(7)))}
    child = subprocess.run([os.environ["ENVMESH_ENVIRONMENT_CHILD"], "line"], input=json.dumps(encoded(values)),
                           capture_output=True, text=True, check=True, timeout=60)
    lines = json.loads(child.stdout)
    carried = [name for name, line in lines.items() if line is not None]
    assert len(carried) >= 400
    for name in set(values) - set(carried):
        assert set(values[name]) & set("\n\t\r\x01\x7f\ufffe\ufdd0\U0001ffff"), values[name]
    folder = tmp_path / "environment.d"
    folder.mkdir()
    (folder / "60-envmesh.conf").write_bytes(b"".join(base64.b64decode(lines[name]) for name in carried))
    env = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "PATH": "/usr/bin"}
    done = subprocess.run([GENERATOR], env=env, capture_output=True, check=True, timeout=60)
    assert done.stderr == b""
    # What it prints is nearly for a shell, but for a tilde, which stands for itself there: so it does here.
    env["HOME"] = "~"
    script = tmp_path / "script"
    script.write_bytes(done.stdout + b"".join(b"printf '%%s=%%s\\0' %s \"$%s\"\n" % (n.encode(), n.encode())
                                              for n in carried))
    told = subprocess.run(["bash", str(script)], env=env, capture_output=True, check=True, timeout=60).stdout
    read = dict(pair.split("=", 1) for pair in told.decode().split("\0") if pair)
    assert {name: read.get(name) for name in carried} == {name: values[name] for name in carried}
