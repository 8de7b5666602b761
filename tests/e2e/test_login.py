# SPDX-License-Identifier: MIT
"""The vault and the login: opened by the keychain, locked by sleep, screen and logout, and wiped then."""
import hashlib
import json
import os
import shutil
import socket
import subprocess
import time

import pytest

import keyring
import logind
from harness import ALONE, PASSWORD, Node, Playground, is_sanitized, wait_until
from test_secrecy import memory_holds
from xaes import xaes_open

pytestmark = pytest.mark.skipif(not shutil.which("gnome-keyring-daemon") or not shutil.which("dbus-daemon"),
                                reason="needs gnome-keyring and dbus-daemon")
LOGIN = "the person's own password"


class LoginNode(Node):
    """A node whose daemon is in that login."""

    login = None

    def environment(self, **more):
        here = super().environment(**more)
        if self.login:
            theirs = self.login.environment()
            for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"):
                here[name] = more.get(name, theirs[name])
        return here

    def state(self):
        return self.status()["state"]

    def enable(self):
        return self.json("keychain", "enable", "--password-file", str(self.password_file))

    def begin_again(self):
        assert self.terminate() == 0
        self.start()

    def opens(self):
        wait_until(lambda: self.state() == "unlocked", "the keychain opens the vault")
        assert self.get("KEY") == b"value"

    def stays_locked(self):
        self.wait_log("not_unlocked_by_keychain")
        assert self.state() == "locked"


@pytest.fixture
def login():
    session = keyring.Session()
    yield session
    session.close()


@pytest.fixture
def ground():
    ground = Playground()
    yield ground
    for node in ground.nodes:
        if node.is_running():
            node.resume()
            node.cli("keychain", "disable")  # the kernel's keyring stays otherwise
    ground.close()


def member(ground, login, prefix=(), **environment):
    node = LoginNode(ground.folder / "a", "a", ALONE)
    node.login = login
    node.prefix = list(prefix)
    ground.nodes.append(node)
    node.start(environment=node.environment(**environment))
    node.ok("init", "--name", "a", "--password-file", str(node.password_file))
    node.set("KEY", "value")
    return node


def test_restarts_unlocked_without_a_question(ground, login):
    login.gnome_keyring(LOGIN)
    node = member(ground, login)
    assert node.json("keychain", "status") == {
        "enabled": False, "place": "Secret Service", "key": "", "lasts": True, "reason": ""}
    node.begin_again()
    assert node.state() == "locked", "nobody has enabled it"
    now = node.enable()
    assert now["enabled"] and now["key"] == "there" and now["place"] == "Secret Service"
    node.begin_again()
    node.opens()
    node.ok("lock")
    assert node.status()["locked_by"] == "command"
    time.sleep(1.5)
    assert node.state() == "locked", "a person has locked it"
    node.ok("unlock")  # and nobody is asked
    assert node.state() == "unlocked"
    node.ok("keychain", "disable")
    node.begin_again()
    assert node.state() == "locked"


def test_a_locked_keyring_asks_for_the_password(ground, login):
    keeper = login.gnome_keyring(LOGIN)
    node = member(ground, login)
    node.enable()
    login.end(keeper)
    keeper = login.gnome_keyring()  # as after a login without a password
    node.begin_again()
    node.stays_locked()
    assert node.json("keychain", "status")["key"] == "locked"
    done = node.cli("unlock")
    assert done.returncode == 2 and b"keychain" not in done.stdout, "there is no terminal to ask at"
    assert node.cli("unlock", "--keychain").returncode == 5
    node.unlock()
    node.opens()
    login.end(keeper)
    login.gnome_keyring(LOGIN)
    node.begin_again()
    node.opens()


def test_a_keyring_that_is_opened_later_opens_the_vault_then(ground, login):
    keeper = login.gnome_keyring(LOGIN)
    node = member(ground, login)
    node.enable()
    login.end(keeper)
    node.begin_again()
    node.stays_locked()
    login.gnome_keyring(LOGIN)
    node.opens()


def test_without_a_keyring_the_kernel_keeps_the_key(ground, login):
    node = member(ground, login)
    now = node.enable()
    assert now["place"] == "kernel keyring" and not now["lasts"] and now["reason"], now
    node.begin_again()
    node.opens()


def test_a_keyring_that_is_gone_costs_one_password(ground, login):
    keeper = login.gnome_keyring(LOGIN)
    node = member(ground, login)
    node.enable()
    login.end(keeper)
    node.begin_again()
    node.stays_locked()
    node.unlock()
    node.wait_log("renewed")
    assert node.json("keychain", "status")["place"] == "kernel keyring"
    node.begin_again()
    node.opens()


def test_a_wrong_secret_is_told_and_replaced(ground, login):
    login.gnome_keyring(LOGIN)
    node = member(ground, login)
    node.enable()
    [slot] = [one for one in json.loads((node.home / "vault.keys").read_text())["slots"]
              if one["kind"] == "keychain"]
    assert "error" not in login.ask("store", slot["id"], secret=b"w" * 32)
    node.begin_again()
    node.stays_locked()
    assert node.json("keychain", "status")["key"] == "wrong"
    done = node.cli("unlock", "--keychain")
    assert done.returncode == 5 and b"keychain enable" in done.stderr
    node.unlock()
    node.wait_log("renewed")
    node.begin_again()
    node.opens()


def test_a_bus_that_never_answers_holds_up_nobody(ground, login):
    silent = socket.socket(socket.AF_UNIX)
    path = str(login.folder / "silent")
    silent.bind(path)
    silent.listen(16)
    node = member(ground, login)
    node.enable()
    assert node.terminate() == 0
    node.start(environment=node.environment(DBUS_SESSION_BUS_ADDRESS=f"unix:path={path}"))
    assert node.state() == "locked"
    node.unlock()
    node.opens()
    assert node.ok("export", "--shell", "sh").count(b"KEY") == 1
    assert node.terminate() == 0
    silent.close()
    node.start()


@pytest.fixture
def asking(ground, login):
    """A daemon whose keyring puts a question that nobody answers."""
    peer = login.peer(locked=True, prompt="ever")
    node = member(ground, login, **keyring.NEAR)
    enabling = node.command("keychain", "enable", "--password-file", str(node.password_file))
    wait_until(lambda: node.json("keychain", "status")["reason"].endswith("at this moment"), "it asks")
    return node, enabling, peer


def test_an_open_question_holds_up_neither_lock_nor_password(asking):
    node, enabling, peer = asking
    begin = time.monotonic()
    node.ok("lock")
    assert enabling.finish() == 5, "its question was taken back"
    node.unlock()
    node.opens()
    assert time.monotonic() - begin < 40, "the question itself ends after 55 s"
    assert "Dismiss" in " ".join(peer.calls())


def test_an_open_question_does_not_hold_up_the_end(asking):
    node, enabling, peer = asking
    node.process.terminate()
    assert node.process.wait(timeout=40) == 0, "the question itself ends after 55 s"
    enabling.finish()


def test_a_command_that_is_interrupted_takes_its_question_along(asking):
    node, enabling, peer = asking
    enabling.process.terminate()
    enabling.finish()
    wait_until(lambda: "at this moment" not in node.json("keychain", "status")["reason"], "it asks no more",
               patience=40)
    assert node.json("keychain", "status")["enabled"] is False


def test_a_person_may_take_most_of_a_minute_to_answer(ground, login):
    login.peer(locked=True, prompt="granted", after=35)
    node = member(ground, login, **keyring.NEAR)
    begin = time.monotonic()
    now = node.enable()
    assert now["key"] == "there" and now["place"] == "Secret Service", now
    assert time.monotonic() - begin > 34


@pytest.fixture
def machine(ground, login):
    """A node beside a logind that does what it is told."""
    if os.geteuid() != 0 or logind.reason_to_skip():
        pytest.skip(logind.reason_to_skip() or "needs root, to mount a /run")
    stage = logind.Stage()
    stage.start_bus()
    stage.start_logind(one={}, two={"Type": "tty"})
    script = (f"mount -t tmpfs tmpfs /run && mkdir /run/dbus && touch /run/dbus/system_bus_socket && "
              f"mount --bind {stage.socket} /run/dbus/system_bus_socket && exec \"$@\"")
    login.gnome_keyring(LOGIN)
    node = member(ground, login, prefix=["unshare", "-m", "sh", "-c", script, "sh"])
    node.wait_log("watching")
    yield node, stage
    stage.close()


def locked_by(node, reason):
    wait_until(lambda: node.status()["locked_by"] == reason, f"locked by {reason}")
    assert node.state() == "locked"


def test_sleep_waits_until_the_vault_is_locked_and_waking_opens_it(machine):
    node, stage = machine
    node.enable()
    assert stage.held() == 1, "sleep would wait for us"
    stage.act("sleep", True)
    wait_until(lambda: stage.held() == 0, "it may sleep")
    assert node.state() == "locked", "and it was locked before"
    locked_by(node, "sleep")
    stage.act("sleep", False)
    node.opens()
    wait_until(lambda: stage.held() == 1, "the next sleep waits again")


def locking(node):
    [found] = [one for one in json.loads(node.cli("doctor", "--json").stdout) if one["check"] == "locking"] or [None]
    return found


def test_doctor_tells_that_neither_sleep_nor_logout_is_heard_of(machine):
    node, stage = machine
    assert locking(node) is None
    stage.act("gone", "one")
    stage.act("gone", "two")
    wait_until(lambda: locking(node) is not None, "nobody is logged in")
    assert "only sleep" in locking(node)["message"]
    stage.end_logind()
    wait_until(lambda: "only sleep" not in locking(node)["message"], "logind is missed")
    assert locking(node)["state"] == "warning" and "logind" in locking(node)["message"] and locking(node)["fix"]
    node.configure(ALONE + "[lock]\non_logout = false\non_sleep = false\n")
    node.ok("config", "reload")
    assert locking(node) is None, "nothing is to lock"


def test_without_a_keychain_waking_opens_nothing(machine):
    node, stage = machine
    stage.act("sleep", True)
    locked_by(node, "sleep")
    stage.act("sleep", False)
    wait_until(lambda: stage.held() == 1, "it heard that")
    assert node.state() == "locked"


def test_what_a_person_locked_stays_locked_after_a_sleep(machine):
    node, stage = machine
    node.enable()
    node.ok("lock")
    stage.act("sleep", True)
    wait_until(lambda: stage.held() == 0, "it may sleep")
    stage.act("sleep", False)
    wait_until(lambda: stage.held() == 1, "it heard that")
    time.sleep(1)
    assert node.state() == "locked" and node.status()["locked_by"] == "command"


def test_the_screen_locks_only_where_that_is_wanted(machine):
    node, stage = machine
    node.enable()
    stage.act("hint", "one", True)
    node.wait_log("screen_locked")
    assert node.state() == "unlocked"
    stage.act("hint", "one", False)
    node.configure(ALONE + "[lock]\non_screen_lock = true\non_sleep = false\n")
    node.ok("config", "reload")
    stage.act("hint", "one", True)
    locked_by(node, "screen")
    stage.act("sleep", True)
    wait_until(lambda: stage.held() == 0, "it may sleep")
    stage.act("sleep", False)
    wait_until(lambda: stage.held() == 1, "it woke")
    assert node.state() == "locked", "the screen is locked still"
    stage.act("hint", "one", False)
    node.opens()


def test_the_last_logout_locks_and_a_login_opens(machine):
    node, stage = machine
    node.enable()
    stage.act("gone", "one")
    time.sleep(0.5)
    assert node.state() == "unlocked", "somebody is there"
    stage.act("gone", "two")
    locked_by(node, "logout")
    stage.act("session", "again", {})
    node.opens()


def secrets_of(node, login):
    """All that opens anything here, taken with programs that are not ours."""
    text = json.loads((node.home / "vault.keys").read_text())
    [slot] = [one for one in text["slots"] if one["kind"] == "keychain"]
    kek = bytes.fromhex(login.ask("load", slot["id"])["secret"])
    header = b"EnvMesh slot v1" + bytes([2]) + bytes.fromhex(slot["id"])
    vault_key = xaes_open(kek, bytes.fromhex(slot["nonce"]), header, bytes.fromhex(slot["sealed"]))
    database_key = hashlib.blake2b(b"EnvMesh db v1", key=vault_key, digest_size=32).digest()
    return {"kek": kek, "vault key": vault_key, "database key": database_key}


def stored_keys(node, database_key):
    """Seeds and keys as they lie in the database."""
    copy = node.home.parent / "copy.db"
    for suffix in ("", "-wal"):
        if (node.home / f"envmesh.db{suffix}").exists():
            shutil.copyfile(node.home / f"envmesh.db{suffix}", f"{copy}{suffix}")
    query = (f"PRAGMA key = \"x'{database_key.hex()}'\"; PRAGMA cipher_compatibility = 3; "
             "PRAGMA cipher_page_size = 4096; SELECT name || ' ' || hex(value) FROM setting;")
    done = subprocess.run(["sqlcipher", str(copy), query], capture_output=True, text=True, timeout=60)
    found = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    return {name: bytes.fromhex(value) for name, value in found.items()
            if name.startswith(("device.", "keys."))}


@pytest.mark.skipif(os.geteuid() != 0, reason="reading another process's memory needs root")
def test_a_locked_daemon_holds_no_key_and_no_value(ground, login):
    if is_sanitized():
        pytest.skip("sanitizers keep freed memory")
    login.gnome_keyring(LOGIN)
    node = member(ground, login)
    value = "memory-canary-" + os.urandom(12).hex()
    node.set("CANARY", value)
    node.enable()
    node.begin_again()
    wait_until(lambda: node.state() == "unlocked", "the keychain opens it")
    assert node.get("CANARY") == value.encode()
    node.ok("export", "--shell", "sh")
    needles = {**secrets_of(node, login), "value": value.encode(), "password": PASSWORD.encode()}
    if shutil.which("sqlcipher"):
        stored = stored_keys(node, needles["database key"])
        assert stored, "the database was read by another program"
        needles |= {f"stored {name}": data for name, data in stored.items() if len(data) >= 16}
    pid = node.process.pid
    assert memory_holds(pid, needles["value"]) > 0, "the search finds what is there"
    assert memory_holds(pid, needles["database key"]) > 0, "the keys are what it uses"
    node.ok("lock")
    for name, needle in needles.items():
        assert memory_holds(pid, needle) == 0, f"{name} is in the memory of a locked daemon"
