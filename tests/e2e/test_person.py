# SPDX-License-Identifier: MIT
"""The same at a terminal, as a person types it."""
import re

from harness import wait_until
from terminal import Terminal


def test_a_person_makes_a_mesh_and_lets_a_second_machine_in(playground):
    server = playground.server()
    a, b = playground.node("laptop"), playground.node("desktop")

    first = Terminal(a, "init", "--server", server.url)
    first.expect(server.key)
    first.type("yes")
    first.expect("password: ")
    first.type("a secret nobody sees")
    first.expect("again: ")
    first.type("a secret nobody sees")
    first.expect("first of a new mesh")
    assert first.finish() == 0
    assert "a secret nobody sees" not in first.shown, "the password is not echoed"

    wait_until(lambda: a.status()["tier"] == "cloud", "the server is reached")
    inviting = Terminal(a, "invite")
    code = inviting.expect(r"\n\s+([a-z2-7-]{30,})\r?\n")[1]
    joining = Terminal(b, "join", "--name", "desktop")
    joining.expect("code: ")
    joining.type(code)
    for question in ("password: ", "again: "):
        joining.expect(question)
        joining.type("another one")
    digits = joining.expect(r"\n\s+(\d{6})\r?\n")[1]
    assert inviting.expect(r'"desktop" \(linux\)')
    assert inviting.expect(r"\n\s+(\d{6})\r?\n")[1] == digits
    inviting.expect("show " + digits)
    inviting.type("yes")
    joining.expect(r"Join the mesh of .*\?")
    joining.type("yes")
    joining.expect("is a device of the mesh")
    assert joining.finish() == 0
    inviting.expect("is a device of this mesh")
    assert inviting.finish() == 0
    assert "another one" not in joining.shown

    setting = Terminal(a, "set", "TYPED")
    setting.expect("TYPED: ")
    setting.type("typed value")
    assert setting.finish() == 0
    assert "typed value" not in setting.shown
    b.sees("TYPED", "typed value")


def test_two_different_passwords_make_no_vault(playground):
    node = playground.node("a")
    terminal = Terminal(node, "init")
    terminal.expect("password: ")
    terminal.type("one")
    terminal.expect("again: ")
    terminal.type("two")
    terminal.expect("differ")
    assert terminal.finish() == 65
    assert node.status()["state"] == "absent"


def test_an_unaccepted_server_key_makes_no_vault(playground):
    server = playground.server()
    node = playground.node("a")
    terminal = Terminal(node, "init", "--server", server.url)
    terminal.expect(server.key)
    terminal.type("no")
    assert terminal.finish() == 6
    assert node.status()["state"] == "absent"


def test_unlock_asks_once_and_status_reads_well(playground):
    node = playground.node("a")
    node.ok("init", "--name", "a", "--password-file", str(node.password_file))
    assert node.terminate() == 0
    node.start()
    terminal = Terminal(node, "unlock")
    terminal.expect("assword: ")
    terminal.type(node.password_file.read_text().strip())
    assert terminal.finish() == 0
    terminal = Terminal(node, "status")
    terminal.expect(r"state\s+unlocked")
    assert terminal.finish() == 0


def test_an_error_at_a_terminal_names_a_way_out(playground):
    node = playground.node("a", start=False)
    terminal = Terminal(node, "get", "X")
    assert terminal.finish() == 4
    assert re.search(r"fix: .*envmesh-daemon", terminal.shown)


def test_a_set_of_many_shows_how_far_it_is(playground):
    node = playground.node("a")
    node.ok("init", "--name", "a", "--password-file", str(node.password_file))
    setting = Terminal(node, "set", *(f"MANY_{i}=v" for i in range(1001)))
    setting.expect("Setting 500 of 1001")
    setting.expect("Setting 1000 of 1001")
    assert setting.finish() == 0
    assert len(node.ok("list").splitlines()) == 1002  # a heading


def test_a_value_is_asked_for_and_never_shown(playground):
    node = playground.node("a")
    node.ok("init", "--name", "a", "--password-file", str(node.password_file))
    asking = Terminal(node, "set", "ASKED")
    asking.expect("Value of ASKED: ")
    asking.type("a value nobody sees")
    assert asking.finish() == 0
    assert "nobody sees" not in asking.shown and node.get("ASKED") == b"a value nobody sees"


def test_a_value_on_the_command_line_is_warned_of_once(playground):
    node = playground.node("a")
    node.ok("init", "--name", "a", "--password-file", str(node.password_file))
    node.ok("set", "A=1")  # no person reads it
    setting = Terminal(node, "set", "A=2")
    setting.expect("other programs can see a value")
    assert setting.finish() == 0
    setting = Terminal(node, "set", "A=3")
    assert setting.finish() == 0
    assert "can see" not in setting.shown
