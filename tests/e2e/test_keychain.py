# SPDX-License-Identifier: MIT
"""The system's keychain: a real keyring daemon on a private bus, services that misbehave, the
kernel's keyring, and no place at all. Nothing takes longer than it may.
"""
import errno
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import threading

import pytest

import keyring
from keyring import NEAR

pytestmark = [
    pytest.mark.skipif(not shutil.which("dbus-daemon"), reason="dbus-daemon is not installed"),
    pytest.mark.skipif(subprocess.run(["/usr/bin/python3", "-c", "import dbus, gi"], capture_output=True).returncode,
                       reason="python3-dbus and python3-gi are not installed")]
SECRET, OTHER = b"canary \x00 of the keychain \xff", b"another canary"
SOON, LATE = 1.5, 6.5  # seconds: at once; 5 s and what a process takes to start and end
CALLS = ["load", "store", "erase"]


@pytest.fixture
def session():
    session = keyring.Session()
    yield session
    session.close()


@pytest.fixture
def without_bus():
    session = keyring.Session(bus=False)
    yield session
    session.close()


@pytest.fixture
def gnome(session):
    if not shutil.which("gnome-keyring-daemon"):
        pytest.skip("gnome-keyring is not installed")
    return session


@pytest.fixture
def kernel():
    """The words that begin a command with a user keyring of its own, which it does not possess."""
    if not shutil.which("keyctl") or not shutil.which("setpriv"):
        pytest.skip("keyctl or setpriv is not installed")
    words = ["keyctl", "session", "-"]
    if os.geteuid() == 0:
        words = ["setpriv", "--reuid=54322", "--regid=54322", "--clear-groups", *words]
    if subprocess.run([*words, "true"], capture_output=True).returncode:
        pytest.skip("the kernel's keyrings are forbidden here")
    return words


def do(session, call, *more, **options):
    if call == "store":
        return session.store(SECRET, *more, **options)
    if call == "erase":
        return session.erase(**options)
    return session.load(*more, **options)


def held(answer):
    assert "error" not in answer, answer
    return bytes.fromhex(answer["secret"]) if answer["secret"] is not None else None


def well(answer):
    assert "error" not in answer, answer
    return answer


# --- a real keyring

def test_an_open_keyring_keeps_replaces_and_forgets(gnome):
    daemon = gnome.gnome_keyring("pass")
    assert gnome.state() | {"seconds": 0} == {"place": "Secret Service", "is_locked": False, "lasts": True,
                                              "passed_over": "", "seconds": 0}
    assert held(gnome.load()) is None
    well(gnome.store(OTHER))
    well(gnome.store(SECRET))
    assert held(gnome.load()) == SECRET
    assert held(gnome.ask("load", gnome.id + "0")) is None  # another name, another secret
    gnome.end(daemon)
    gnome.gnome_keyring("pass")
    assert held(gnome.load()) == SECRET
    assert SECRET not in b"".join(file.read_bytes() for file in (gnome.folder / "data").rglob("*") if file.is_file())
    well(gnome.erase())
    assert held(gnome.load()) is None
    well(gnome.erase())


@pytest.mark.parametrize("size", [1, 16, 255, 1024])
def test_every_byte_comes_back(gnome, size):
    gnome.gnome_keyring("pass")
    secret = bytes(i % 256 for i in range(size))
    well(gnome.store(secret))
    assert held(gnome.load()) == secret


def test_what_is_no_secret_or_no_name_is_refused(gnome):
    gnome.gnome_keyring("pass")
    assert gnome.store(b"")["error"] == "INVALID"
    assert gnome.store(b"x" * 1025)["error"] == "INVALID"
    for name in ("", "A", "a b", "a/b", "x" * 65):
        assert gnome.ask("load", name)["error"] == "INVALID"


def test_a_locked_keyring_is_not_an_empty_one(gnome):
    daemon = gnome.gnome_keyring("pass")
    well(gnome.store(SECRET))
    gnome.end(daemon)
    gnome.gnome_keyring()
    state = gnome.state(**NEAR)
    assert (state["place"], state["is_locked"], state["passed_over"]) == ("Secret Service", True, "")
    for call in CALLS:
        answer = do(gnome, call, **NEAR)
        assert answer["error"] == "LOCKED" and answer["fix"] and answer["seconds"] < SOON
    assert gnome.in_kernel() is None


def test_a_locked_keyring_without_a_screen_leaves_it_to_the_kernel(gnome):
    daemon = gnome.gnome_keyring("pass")
    well(gnome.store(OTHER))
    gnome.end(daemon)
    daemon = gnome.gnome_keyring()
    state = gnome.state()
    assert (state["place"], state["is_locked"]) == ("Secret Service", True) and "screen" in state["passed_over"]
    assert gnome.load()["error"] == "LOCKED"
    assert gnome.load("ask")["error"] == "LOCKED"
    well(gnome.store(SECRET))
    assert held(gnome.load()) == SECRET
    gnome.end(daemon)
    gnome.gnome_keyring("pass")  # opened, it has the first word
    assert held(gnome.load()) == OTHER
    well(gnome.store(SECRET))
    assert held(gnome.load()) == SECRET and gnome.in_kernel() is None


def test_a_keyring_that_nobody_has_made_yet(gnome):
    gnome.gnome_keyring()
    for screen in ({}, NEAR):
        state = gnome.state(**screen)
        assert (state["place"], state["is_locked"]) == ("kernel keyring", False) and "no keyring" in state["passed_over"]
        assert gnome.load(**screen)["error"] == "LOCKED"
        assert gnome.load("ask", **screen)["error"] == "LOCKED"
    well(gnome.store(SECRET, **NEAR))
    assert held(gnome.load()) == SECRET
    well(gnome.erase())
    assert gnome.in_kernel() is None
    assert not list((gnome.folder / "data").rglob("*.keyring"))


# --- services that misbehave

def test_the_peer_itself_is_a_service(session):
    session.peer()
    assert session.state()["place"] == "Secret Service"
    well(session.store(SECRET))
    assert held(session.load()) == SECRET and session.in_kernel() is None
    well(session.erase())
    assert held(session.load()) is None


@pytest.mark.parametrize("call", CALLS)
def test_a_service_that_never_answers(session, call):
    session.peer(silent_at="everything")
    answer = do(session, call, "ask", **NEAR)
    assert answer["error"] == "TIMEOUT" and answer["seconds"] < LATE
    assert session.in_kernel() is None


def test_the_state_of_a_service_that_never_answers(session):
    session.peer(silent_at="everything")
    state = session.state()
    assert state["place"] == "" and "in time" in state["passed_over"] and state["seconds"] < LATE


@pytest.mark.parametrize("at", ["ReadAlias", "Get", "SearchItems", "OpenSession", "GetSecret"])
@pytest.mark.parametrize("trouble", ["silent_at", "dies_at", "errs_at", "garbage_at"])
def test_trouble_in_the_middle_of_a_load(session, at, trouble):
    session.peer(holds="a secret", **{trouble: at})
    answer = session.load("ask", **NEAR)
    silent = trouble == "silent_at"
    assert answer["error"] == ("TIMEOUT" if silent else "UNREACHABLE"), answer
    assert answer["seconds"] < (LATE if silent else SOON) and "nobody may repeat" not in answer["message"]


@pytest.mark.parametrize("at", ["CreateItem", "SearchItems", "GetSecret"])
@pytest.mark.parametrize("trouble", ["silent_at", "dies_at", "errs_at", "garbage_at"])
def test_trouble_in_the_middle_of_a_store(session, at, trouble):
    session.peer(**{trouble: at})
    answer = session.store(SECRET)
    assert answer["error"] == ("TIMEOUT" if trouble == "silent_at" else "UNREACHABLE"), answer
    assert answer["seconds"] < LATE and session.in_kernel() is None


@pytest.mark.parametrize("trouble", ["silent_at", "dies_at", "errs_at", "garbage_at"])
def test_trouble_in_the_middle_of_an_erase(session, trouble):
    session.peer(holds="a secret", **{trouble: "Delete"})
    answer = session.erase()
    assert answer["error"] == ("TIMEOUT" if trouble == "silent_at" else "UNREACHABLE"), answer


@pytest.mark.parametrize("trouble", ["errs_at", "dies_at", "garbage_at"])
def test_a_name_with_nothing_behind_it(session, trouble):
    session.peer(**{trouble: "everything"})
    state = session.state()
    assert state["place"] == "" and "Secret Service" in state["passed_over"]


@pytest.mark.parametrize("gives", ["long", "empty"])
def test_a_secret_that_is_not_plausible(session, gives):
    session.peer(holds="a secret", gives=gives)
    answer = session.load()
    assert answer["error"] == "CORRUPT" and "envmesh-cli keychain enable" in answer["fix"]


@pytest.mark.parametrize("what", [{"gives": "other"}, {"gives": "long"}, {"keeps": False}])
def test_what_is_not_kept_is_not_stored(session, what):
    session.peer(**what)
    assert session.store(SECRET)["error"] == "CORRUPT"


def test_copies_are_dropped(session):
    session.peer(copies=3)
    well(session.store(SECRET))
    assert held(session.load()) == SECRET


def test_more_copies_than_there_can_be(session):
    session.peer(holds="a secret", copies=100)
    assert session.load()["error"] == "CORRUPT"


@pytest.mark.parametrize("call", CALLS)
def test_nothing_that_asks_is_called_unasked(session, call):
    peer = session.peer(locked=True, holds="a secret")
    assert do(session, call, **NEAR)["error"] == "LOCKED"
    assert session.state(**NEAR)["is_locked"]
    assert {"Unlock", "Prompt", "CreateItem", "CreateCollection", "Delete"}.isdisjoint(peer.calls())


@pytest.mark.parametrize("call, at", [("store", "CreateItem"), ("erase", "Delete")])
def test_a_question_that_nobody_wanted_is_taken_back(session, call, at):
    peer = session.peer(holds="a secret", asks_at=at)
    assert do(session, call, **NEAR)["error"] == "LOCKED"
    calls = peer.calls()
    assert "Dismiss" in calls and "Prompt" not in calls


# --- a person who is asked

@pytest.mark.parametrize("call", ["load", "store"])
def test_a_person_opens_it(session, call):
    peer = session.peer(locked=True, holds="a secret", prompt="granted")
    answer = well(do(session, call, "ask", **NEAR))
    assert call == "store" or held(answer) == b"a secret"
    assert peer.calls().count("Prompt") == 1


@pytest.mark.parametrize("prompt, error", [("dismissed", "LOCKED"), ("lies", "LOCKED"), ("dies", "UNREACHABLE"),
                                           ("nowhere", "UNREACHABLE")])
@pytest.mark.parametrize("call", ["load", "store"])
def test_a_question_that_leads_nowhere(session, call, prompt, error):
    session.peer(locked=True, holds="a secret", prompt=prompt)
    answer = do(session, call, "ask", **NEAR)
    assert answer["error"] == error and answer["seconds"] < SOON, answer
    assert ("dismissed" in answer["message"]) == (prompt == "dismissed")


@pytest.mark.parametrize("trouble", ["errs_at", "garbage_at", "dies_at"])
def test_an_unlocking_that_fails(session, trouble):
    session.peer(locked=True, holds="a secret", **{trouble: "Unlock"})
    answer = session.load("ask", **NEAR)
    assert answer["error"] == "UNREACHABLE" and answer["seconds"] < SOON


def test_a_question_that_nobody_answers_ends(session):
    peer = session.peer(locked=True, holds="a secret", prompt="ever")
    answer = session.load("ask", **NEAR)
    assert answer["error"] == "TIMEOUT" and 50 < answer["seconds"] < 61
    assert peer.calls()[-1] == "Dismiss"


def test_a_bus_that_ends_while_a_person_is_asked(session):
    session.peer(locked=True, holds="a secret", prompt="ever")
    threading.Timer(1, session.bus.kill).start()
    answer = session.load("ask", **NEAR)
    assert answer["error"] == "UNREACHABLE" and 0.9 < answer["seconds"] < 1 + SOON


def test_nobody_is_asked_for_what_the_kernel_holds(session):
    peer = session.peer(locked=True, prompt="granted")
    well(session.store(SECRET))
    assert held(session.load("ask", **NEAR)) == SECRET
    assert "Unlock" not in peer.calls()


# --- no bus

@pytest.mark.parametrize("address", ["", "autolaunch:", "unixexec:path=/bin/false", "unix:path=/nonexistent",
                                     "tcp:host=127.0.0.1,port=1", "unix:path=/nonexistent;autolaunch:", "rubbish"])
def test_without_a_bus_the_kernel_keeps_it(without_bus, address):
    environment = {**NEAR, "DBUS_SESSION_BUS_ADDRESS": address}
    state = without_bus.state(**environment)
    assert state["place"] == "kernel keyring" and not state["lasts"] and "bus" in state["passed_over"]
    well(without_bus.store(SECRET, **environment))
    assert held(without_bus.load(**environment)) == SECRET
    well(without_bus.erase(**environment))
    assert held(without_bus.load(**environment)) is None


def test_no_program_is_started_to_get_a_bus(without_bus):
    trace = without_bus.folder / "launched"
    for name in ("dbus-launch", "dbus-daemon"):
        file = without_bus.folder / "home" / name
        file.write_text(f"#!/bin/sh\n: >{trace}\n")
        file.chmod(0o700)
    for address in ("", "autolaunch:", f"unixexec:path={without_bus.folder}/home/dbus-launch"):
        without_bus.state(**NEAR, DBUS_SESSION_BUS_ADDRESS=address,
                          PATH=f"{without_bus.folder}/home:{os.environ['PATH']}")
    assert not trace.exists()


def test_the_bus_of_the_runtime_folder(session):
    os.rename(session.folder / "bus", session.folder / "run" / "bus")
    session.address = f"unix:path={session.folder}/run/bus"
    session.peer(holds="a secret")
    assert held(session.load(DBUS_SESSION_BUS_ADDRESS="")) == b"a secret"


def test_a_bus_without_a_service(session):
    state = session.state()
    assert state["place"] == "kernel keyring" and "secrets" in state["passed_over"] and state["seconds"] < SOON


def test_a_service_that_the_bus_starts(session):
    service = session.folder / "services" / "org.freedesktop.secrets.service"
    peer = pathlib.Path(__file__).with_name("secret_peer.py")
    trace = session.folder / "pid"
    program = session.folder / "start"
    program.write_text(f"#!/bin/sh\necho $$ >{trace}\nexec /usr/bin/python3 {peer} '{{\"holds\": \"a secret\"}}'\n")
    program.chmod(0o700)
    service.write_text(f"[D-BUS Service]\nName=org.freedesktop.secrets\nExec={program}\n")
    try:
        assert held(session.load()) == b"a secret"
    finally:
        os.kill(int(trace.read_text()), 9)


@pytest.mark.parametrize("exec_line, error", [("/bin/false", None), ("/bin/sleep 20", "TIMEOUT")])
def test_a_service_that_the_bus_cannot_start(session, exec_line, error):
    service = session.folder / "services" / "org.freedesktop.secrets.service"
    service.write_text(f"[D-BUS Service]\nName=org.freedesktop.secrets\nExec={exec_line}\n")
    answer = session.load()
    assert answer.get("error") == error and answer["seconds"] < LATE


@pytest.mark.parametrize("call", ["state", *CALLS])
def test_a_bus_that_accepts_and_never_speaks(without_bus, call):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{without_bus.folder}/bus")
        listener.listen()
        answer = do(without_bus, call, "ask", **NEAR) if call != "state" else without_bus.state()
    assert answer["seconds"] < LATE
    assert answer.get("error") == "TIMEOUT" or (call, answer["place"]) == ("state", "")


# --- the kernel

def test_the_kernel_keeps_it_for_the_next_process(without_bus, kernel):
    options = {"before": kernel, "DBUS_SESSION_BUS_ADDRESS": ""}
    try:
        well(without_bus.store(OTHER, **options))
        well(without_bus.store(SECRET, **options))
        assert held(without_bus.load(**options)) == SECRET
        assert held(without_bus.ask("load", without_bus.id + "0", **options)) is None
    finally:
        well(without_bus.erase(**options))
    assert held(without_bus.load(**options)) is None


def test_only_who_possesses_it_may_read_it(without_bus, kernel):
    options = {"before": kernel, "DBUS_SESSION_BUS_ADDRESS": ""}
    well(without_bus.store(SECRET, **options))
    try:
        look = f"keyctl describe $(keyctl search @u user envmesh:{without_bus.id})"
        seen = subprocess.run([*kernel, "sh", "-c", "keyctl link @u @s; " + look], capture_output=True)
        assert b": a-swrv------------------ " in seen.stdout  # all but l(ink), for the possessor
        if os.geteuid() == 0:  # another user
            other = [word.replace("54322", "54323") for word in kernel]
            assert held(without_bus.load(before=other, DBUS_SESSION_BUS_ADDRESS="")) is None
    finally:
        well(without_bus.erase(**options))


def test_a_full_kernel_keyring_is_told(without_bus, kernel):
    if os.geteuid() != 0:
        pytest.skip("fills the quota of another user: needs root")
    fill = "i=0; while keyctl padd user envmesh-fill-$i @u <$0; do i=$((i + 1)); [ $i -lt 30 ] || exit; done"
    block = without_bus.folder / "block"
    block.write_bytes(b"x" * 900)
    without_bus.folder.chmod(0o711)
    options = {"before": kernel, "DBUS_SESSION_BUS_ADDRESS": ""}
    filled = subprocess.run([*kernel, "sh", "-c", fill, str(block)], capture_output=True, text=True, timeout=60)
    try:
        answer = without_bus.store(b"x" * 1024, **options)
        assert answer["error"] == "STORAGE" and "quota" in answer["message"] and "keyctl" in answer["fix"]
    finally:
        # The user may write to @u without possessing it, for which no quota is left.
        empty = "for k; do keyctl unlink $k @u || exit; done"
        keys = [word for word in filled.stdout.split() if word.isdigit()]
        subprocess.run([*kernel, "sh", "-c", empty, "sh", *keys], capture_output=True, timeout=60, check=True)


@pytest.mark.parametrize("error", [errno.EPERM, errno.ENOSYS])
def test_where_nothing_can_be_kept(without_bus, error):
    options = {"before": [sys.executable, keyring.__file__, str(error)], "DBUS_SESSION_BUS_ADDRESS": ""}
    state = without_bus.state(**options)
    assert state["place"] == "" and "bus" in state["passed_over"] and "kernel" in state["passed_over"]
    for call in CALLS:
        answer = do(without_bus, call, **options)
        assert answer["error"] == "UNREACHABLE" and "kernel" in answer["message"] and answer["fix"]


def test_a_closed_keyring_where_the_kernel_is_forbidden(session):
    session.peer(locked=True)
    options = {"before": [sys.executable, keyring.__file__, str(errno.EPERM)]}
    assert session.load(**options)["error"] == "LOCKED"
    assert session.store(SECRET, **options)["error"] == "LOCKED"
