# SPDX-License-Identifier: MIT
"""`set --inject`: programs that no shell starts get it, in a real user manager, and lose it again."""
import json
import os
import signal
import subprocess

import pytest

import harness
import user_manager
from harness import PASSWORD, wait_until
from test_service import Machine

pytestmark = [
    pytest.mark.skipif(user_manager.reason_to_skip() is not None,
                       reason=str(user_manager.reason_to_skip())),
    pytest.mark.skipif(harness.is_sanitized(), reason="a sanitizer needs calls that the unit forbids")]


class InjectingMachine(Machine):
    def environment(self):
        """The manager's own, as its property over D-Bus, which quotes nothing."""
        told = self.manager.run("busctl", "--user", "--json=short", "get-property", "org.freedesktop.systemd1",
                                "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "Environment")
        return dict(one.split("=", 1) for one in json.loads(told.stdout)["data"])

    def has(self, key, value):
        wait_until(lambda: self.environment().get(key) == value, f"{key} is {value!r} in the manager")

    def has_as_before(self, before):
        wait_until(lambda: self.environment() == before, "all is as it was")

    def later(self, *words):
        """What a unit that is started now writes."""
        return self.manager.run("systemd-run", "--user", "--pipe", "--quiet", "--wait", *words).stdout

    def injected(self):
        told = json.loads(self.ok("inject", "list", "--json"))
        return {one["key"]: one for one in told["variables"]}, told

    def unlock(self):
        self.ok("unlock", "--password-file", self.password)


@pytest.fixture(scope="module")
def manager():
    one = user_manager.start()
    yield one
    one.close()


@pytest.fixture(scope="module")
def machine(manager):
    here = InjectingMachine(manager)
    here.password = here.home / "password"
    here.manager.run("sh", "-c", f"printf %s '{PASSWORD}' > {here.password}")
    here.before = here.environment()
    here.folder(".config/envmesh")
    here.manager.run("sh", "-c", f"printf '[client]\\nenable_lan = false\\n' > {here.home}/.config/envmesh/config.toml")
    here.ok("daemon", "install")
    here.ok("init", "--name", "desk", "--password-file", here.password)
    yield here
    here.ok("daemon", "uninstall")


@pytest.fixture
def clean(machine):
    yield machine
    machine.unlock()
    for key in machine.injected()[0]:
        machine.ok("delete", key)
    machine.has_as_before(machine.before)


def test_a_unit_started_later_has_it_and_after_delete_all_is_as_it_was(clean):
    value = "a b$HOME`x`\"'\\ é"
    clean.ok("set", "PLAIN=1", f"TOKEN={value}", "--inject")
    clean.ok("set", "NOT_THIS=1")
    clean.has("TOKEN", value)
    assert clean.environment()["PLAIN"] == "1" and "NOT_THIS" not in clean.environment()
    assert clean.later("printenv", "TOKEN") == value + "\n"
    assert "PLAIN=1" in clean.manager.systemctl("show-environment").stdout.splitlines()
    # NOT_THIS was a change too: it is looked at once more.
    wait_until(lambda: clean.injected()[0]["TOKEN"]["state"] == "there", "it is told")
    assert "systemd user manager" in clean.injected()[1]["places"]
    clean.ok("set", "TOKEN=2")
    clean.has("TOKEN", "2")
    clean.ok("set", "PLAIN=1", "--no-inject")
    wait_until(lambda: "PLAIN" not in clean.environment(), "PLAIN is taken back")
    clean.ok("delete", "TOKEN", "PLAIN", "NOT_THIS")
    clean.has_as_before(clean.before)


def test_what_stood_there_before_comes_back(clean):
    clean.manager.systemctl("set-environment", "EARLIER=theirs")
    clean.ok("set", "EARLIER=ours", "--inject")
    clean.has("EARLIER", "ours")
    clean.ok("delete", "EARLIER")
    clean.has("EARLIER", "theirs")
    clean.manager.systemctl("unset-environment", "EARLIER")


def test_a_lock_takes_it_back_and_an_unlock_brings_it_again(clean):
    clean.ok("set", "TOKEN=1", "--inject")
    clean.has("TOKEN", "1")
    clean.ok("lock")
    clean.has_as_before(clean.before)
    clean.unlock()
    clean.has("TOKEN", "1")


def test_a_killed_daemon_leaves_nothing_once_it_is_started_again(clean):
    clean.ok("set", "TOKEN=1", "--inject")
    clean.has("TOKEN", "1")
    pid = clean.state()["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: clean.state()["pid"] not in (None, 0, pid), "it is started again")
    clean.has_as_before(clean.before)
    clean.unlock()
    clean.has("TOKEN", "1")


def test_a_stopped_daemon_takes_it_with_it(clean):
    clean.ok("set", "TOKEN=1", "--inject")
    clean.has("TOKEN", "1")
    clean.manager.systemctl("stop", "envmesh.service")
    assert clean.environment() == clean.before
    clean.unlock()  # the first program that asks starts it
    clean.has("TOKEN", "1")


def test_what_a_place_cannot_carry_is_said(clean):
    clean.ok("set", "EMPTY=", "--inject")
    clean.ok("set", "LETTER=a\nb", "--inject")
    wait_until(lambda: clean.injected()[0]["EMPTY"]["state"] == "partly", "it is told")
    items, _ = clean.injected()
    assert "empty" in items["EMPTY"]["reason"], items
    assert items["LETTER"]["state"] == "partly" and "environment.d" in items["LETTER"]["reason"], items
    clean.ok("set", "INVOCATION_ID=1", "--inject")
    wait_until(lambda: clean.injected()[0]["INVOCATION_ID"]["state"] == "partly", "it is told")
    assert "did not take it" in clean.injected()[0]["INVOCATION_ID"]["reason"]
    clean.has("LETTER", "a\nb")
    assert clean.later("printenv", "LETTER") == "a\nb\n"


def test_a_small_one_has_room_after_a_large_one_that_has_none(clean):
    names = [f"LARGE_{i}" for i in range(10)]
    clean.ok("set", "--inject", "SMALL=1")
    for name in names:
        clean.ok("set", "--inject", f"{name}={'x' * 120_000}")
    wait_until(lambda: clean.injected()[0][names[-1]]["state"] == "refused", "the last has no room")
    items, _ = clean.injected()
    assert "1 MiB" in items[names[-1]]["reason"] and items["SMALL"]["state"] == "there", items["SMALL"]
    clean.has("SMALL", "1")
    clean.ok("delete", "SMALL", *names)
    clean.has_as_before(clean.before)


def test_what_must_not_be_injected_is_refused_or_withheld(clean):
    assert clean.cli("set", "LD_PRELOAD=/x.so", "--inject").returncode == 6
    assert clean.cli("set", "LD_PRELOAD=/x.so", "--inject", "--force").returncode == 65
    assert clean.cli("set", "A=1", "--inject", "--visibility", "run").returncode == 65
    clean.ok("set", "A=1", "--inject")
    clean.has("A", "1")
    clean.ok("set", "A=1", "--visibility", "get")
    clean.has_as_before(clean.before)
    assert clean.injected()[0]["A"]["state"] == "withheld"


def test_no_value_is_on_a_disk_or_in_a_log(clean):
    value = "canary" + os.urandom(8).hex()
    clean.ok("set", f"TOKEN={value}", "--inject")
    clean.has("TOKEN", value)
    found = subprocess.run(["grep", "-rl", value, str(clean.manager.folder)], capture_output=True, text=True)
    followed = [line for line in found.stdout.splitlines() if not line.endswith("60-envmesh.conf")]
    assert followed == []
    link = clean.home / ".config/environment.d/60-envmesh.conf"
    assert link.is_symlink() and os.readlink(link).startswith("/run/user/")


def test_a_daemon_under_a_home_of_its_own_touches_nobody(playground):
    node = playground.node("a")
    node.ok("init", "--name", "a", "--password-file", str(node.password_file))
    node.ok("set", "TOKEN=1", "--inject")
    told = node.json("inject", "list")
    assert told["places"] == [] and "ENVMESH_HOME" in told["reason"]
    assert told["variables"][0]["state"] == "waiting"
