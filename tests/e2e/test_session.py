# SPDX-License-Identifier: MIT
"""What is made of a logind's news: honest, silent, dying and lying ones."""
import os
import socket
import time

import pytest

import logind
from harness import wait_until

REASON = logind.reason_to_skip()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))


@pytest.fixture
def stage():
    stage = logind.Stage()
    yield stage
    stage.close()


@pytest.fixture
def watched(stage):
    """One graphical session, and somebody who watches."""
    def begin(**sessions):
        stage.start_bus()
        stage.start_logind(**sessions or {"one": {}})
        return stage.watch(os.environ["ENVMESH_SESSION_CHILD"]).watching()
    return begin


def settle(stage, watcher):
    """Everything that was said before has been heard: this comes after it."""
    count = len(watcher.news)
    stage.act("sleep", True)
    stage.act("sleep", False)
    wait_until(lambda: len(watcher.news) >= count + 2, "sleep was heard")
    assert watcher.news[-2:] == ["falling_asleep", "awake"]
    del watcher.news[-2:]


def test_sleep_is_told_at_once_and_waits_until_we_are_ready(stage, watched):
    watcher = watched()
    assert stage.held() == 1
    begun = time.monotonic()
    stage.act("sleep", True)
    watcher.hears("falling_asleep")
    assert time.monotonic() - begun < 5  # what logind grants; it takes milliseconds
    assert stage.held() == 1
    watcher.ready()
    wait_until(lambda: stage.held() == 0, "sleep may begin")
    stage.act("sleep", False)
    watcher.hears("falling_asleep", "awake")
    wait_until(lambda: stage.held() == 1, "the next sleep waits as well")
    watcher.ready()  # nothing waits: the inhibitor is kept for the next time
    assert stage.held() == 1
    assert watcher.end() == 0
    wait_until(lambda: stage.held() == 0, "nothing is held by one who has gone")


def test_shutdown_is_a_logout_that_waits(stage, watched):
    watcher = watched()
    stage.act("shutdown", True)
    watcher.hears("logged_out")
    watcher.ready()
    wait_until(lambda: stage.held() == 0, "shutdown may begin")
    stage.act("shutdown", False)
    wait_until(lambda: stage.held() == 1, "it was called off")


def test_the_hint_and_a_bare_lock_signal_both_lock(stage, watched):
    watcher = watched()
    stage.act("hint", "one", True)
    watcher.hears("screen_locked")
    stage.act("hint", "one", True)
    settle(stage, watcher)
    watcher.hears("screen_locked")  # once
    stage.act("hint", "one", False)
    stage.act("ask", "one", "Lock")
    watcher.hears("screen_locked", "screen_unlocked", "screen_locked")
    stage.act("changed", "one", {"Active": True})  # does not undo what the hint does not tell
    stage.act("ask", "one", "Lock")
    settle(stage, watcher)
    watcher.hears("screen_locked", "screen_unlocked", "screen_locked")
    stage.act("ask", "one", "Unlock")
    stage.act("ask", "one", "Lock")
    watcher.hears(*["screen_locked", "screen_unlocked"] * 2, "screen_locked")


def test_a_locked_screen_that_goes_is_not_unlocked(stage, watched):
    watcher = watched(one={}, text={"Type": "tty"})
    stage.act("hint", "one", True)
    watcher.hears("screen_locked")
    stage.act("gone", "one")
    settle(stage, watcher)
    watcher.hears("screen_locked")


def test_only_when_every_graphical_session_is_locked(stage, watched):
    watcher = watched(one={}, two={"Type": "x11"}, text={"Type": "tty"},
                      other={"uid": os.getuid() + 1}, greeter={"Class": "greeter"})
    stage.act("hint", "one", True)
    settle(stage, watcher)
    assert watcher.news == []
    stage.act("hint", "two", True)
    watcher.hears("screen_locked")
    stage.act("hint", "two", False)
    stage.act("session", "three", {})
    stage.act("hint", "two", True)
    settle(stage, watcher)
    watcher.hears("screen_locked", "screen_unlocked")  # the new one is open
    stage.act("gone", "three")
    watcher.hears("screen_locked", "screen_unlocked", "screen_locked")


def test_a_screen_that_is_locked_at_the_start_is_told(stage, watched):
    watched(one={"LockedHint": True}).hears("screen_locked")


def test_logged_out_with_the_last_session_of_a_person(stage, watched):
    watcher = watched(one={}, early={"Class": "user-early", "Type": "tty"},
                      manager={"Class": "manager"}, job={"Class": "background"},
                      shield={"Class": "lock-screen"}, other={"uid": os.getuid() + 1})
    stage.act("gone", "one")
    settle(stage, watcher)
    assert watcher.news == []
    stage.act("gone", "early")
    watcher.hears("logged_out")
    stage.act("session", "again", {})
    watcher.hears("logged_out", "logged_in")
    stage.act("closing", "again")  # what the person started there runs on
    watcher.hears("logged_out", "logged_in", "logged_out")


def test_without_a_session_there_is_no_logout(stage, watched):
    watcher = watched(manager={"Class": "manager"})
    stage.act("gone", "manager")
    stage.act("gone", "never_was")
    settle(stage, watcher)
    assert watcher.news == []


def test_where_there_is_no_session_it_says_so(stage, watched):
    watcher = watched(manager={"Class": "manager"})
    assert "no session" in watcher.state()
    stage.act("session", "one", {})
    wait_until(lambda: watcher.state() == "watching", "there is one")
    stage.act("gone", "one")
    wait_until(lambda: "no session" in watcher.state(), "there is none again")


def test_logind_dies_and_comes_back(stage, watched):
    watcher = watched(one={}, two={})
    stage.end_logind()
    wait_until(lambda: "logind" in watcher.state() and not watcher.is_watching(), "it is missed")
    stage.start_logind(one={"LockedHint": True})
    watcher.watching().hears("screen_locked")
    stage.end_bus()
    wait_until(lambda: "Cannot connect to the bus" in watcher.state(), "the bus is missed")
    stage.end_logind()
    stage.start_bus()
    stage.start_logind(other={"uid": os.getuid() + 1})
    watcher.watching().hears("screen_locked", "logged_out")  # while nobody could tell
    assert stage.held() == 1


def test_asleep_and_awake_are_told_when_the_signal_was_missed(stage, watched):
    watcher = watched()
    stage.act("sleep", True)
    watcher.hears("falling_asleep")
    stage.end_logind()
    wait_until(lambda: not watcher.is_watching(), "it is missed")
    stage.start_logind(one={})
    watcher.watching().hears("falling_asleep", "awake")


def test_a_bus_that_never_answers_holds_up_nobody(stage):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(stage.socket))
        listener.listen()
        watcher = stage.watch(os.environ["ENVMESH_SESSION_CHILD"])
        wait_until(lambda: "does not answer in time" in watcher.state(), "it is told")
        begun = time.monotonic()
        assert watcher.end() == 0
        assert time.monotonic() - begun < 10


def test_a_logind_that_falls_silent_is_told_and_tried_again(stage, watched):
    watcher = watched()
    stage.act("mood", "silent")
    stage.act("session", "two", {})  # we ask about it, in vain
    wait_until(lambda: "does not answer" in watcher.state(), "it is told")
    stage.act("mood", "honest")
    watcher.watching()
    stage.act("gone", "one")
    stage.act("gone", "two")
    watcher.hears("logged_out")


@pytest.mark.parametrize("mood", ["types", "properties"])
def test_a_logind_with_other_types_is_refused_or_passed_over(stage, watched, mood):
    watcher = watched()
    stage.act("mood", mood)
    stage.act("session", "two", {})
    stage.act("changed", "one", {"LockedHint": "yes"})
    stage.act("changed", "one", {"LockedHint": [1, 2]})
    for member in ("PrepareForSleep", "PrepareForShutdown", "SessionNew", "SessionRemoved"):
        for signature, words in (("s", ["x"]), ("", []), ("bb", [True, True]), ("as", [["x"]])):
            stage.act("say", member, signature, *words)
    stage.act("say_of", "one", "org.freedesktop.DBus.Properties", "PropertiesChanged", "s", "x")
    stage.act("say_of", "one", "org.freedesktop.login1.Session", "Lock", "ai", [1])
    stage.act("mood", "honest")
    stage.act("session", "two", {})
    stage.act("say", "Nonsense", "v", "x")
    watcher.watching()
    assert watcher.process.poll() is None


def test_a_thousand_sessions_are_bounded(stage, watched):
    watcher = watched(**{f"s{number}": {} for number in range(1000)})
    stage.act("sleep", True)
    watcher.hears("falling_asleep")
    stage.act("sleep", False)
    watcher.hears("falling_asleep", "awake")


def test_others_on_the_bus_cannot_speak_for_logind(stage, watched):
    import subprocess
    watcher = watched()
    code = f"""
import dbus, dbus.lowlevel
bus = dbus.bus.BusConnection({stage.address!r})
for name in [n for n in bus.list_names() if n.startswith(':')]:
    message = dbus.lowlevel.SignalMessage('/org/freedesktop/login1', 'org.freedesktop.login1.Manager', 'PrepareForShutdown')
    message.append(True, signature='b')
    message.set_destination(name)
    bus.send_message(message)
bus.flush()
"""
    subprocess.run(["/usr/bin/python3", "-c", code], check=True, timeout=60)
    settle(stage, watcher)
    assert watcher.news == []
