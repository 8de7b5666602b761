# SPDX-License-Identifier: MIT
"""Invitations that go wrong: nothing is stored on the machine that did not get in."""
import json

from harness import begin_join, invite, join, wait_until


def error_of(command):
    return json.loads(command.errors().strip().splitlines()[-1])["error"]


def assert_still_outside(node):
    assert node.status()["state"] == "absent"
    assert not (node.home / "vault.keys").exists()


def test_a_mistyped_code_is_refused_before_anything_is_sent(mesh):
    node = mesh.ground.node("typo")
    inviting, code = invite(mesh.a)
    middle = len(code) // 2
    wrong = code[:middle] + ("a" if code[middle] != "a" else "b") + code[middle + 1:]
    for text in (wrong, "", "no code at all", code[:-1], code + code, "\u00e9" * 40, "a" * 4000):
        joining = begin_join(node, text)
        assert joining.finish() == 65, text
        assert error_of(joining)["fix"]
        assert_still_outside(node)
    inviting.stop()
    node.close()


def test_a_withdrawn_invitation_is_not_found(mesh):
    node = mesh.ground.node("late")
    inviting, code = invite(mesh.a)
    inviting.stop()

    def refused():
        joining = begin_join(node, code)
        return joining.finish() == 3

    wait_until(refused, "the withdrawn code is unknown")
    assert_still_outside(node)
    node.close()


def test_an_expired_invitation_is_not_found_on_both_sides(mesh):
    node = mesh.ground.node("expired")
    inviting, code = invite(mesh.a, "--ttl", "10s")
    assert inviting.finish() == 3
    assert "expired" in error_of(inviting)["message"]
    joining = begin_join(node, code)
    assert joining.finish() == 3
    assert_still_outside(node)
    node.close()


def test_two_joiners_on_one_code_void_the_invitation_for_all(mesh):
    one, two = mesh.ground.node("one"), mesh.ground.node("two")
    inviting, code = invite(mesh.a)
    first = begin_join(one, code)
    first.event("check")
    inviting.event("joiner")
    second = begin_join(two, code)
    assert second.finish() == 6, second.errors()
    inviting.say("yes")
    assert inviting.finish() == 6, inviting.errors()
    assert first.finish() == 6, first.errors()
    assert_still_outside(one)
    assert_still_outside(two)
    one.close()
    two.close()


def test_a_no_at_the_admins_side_refuses_both(mesh):
    node = mesh.ground.node("refused")
    devices = mesh.a.status()["devices"]
    inviting, code = invite(mesh.a)
    joining = begin_join(node, code)
    assert inviting.event("joiner")["check"] == joining.event("check")["check"]
    inviting.say("no")
    assert inviting.finish() == 6, inviting.errors()
    assert joining.finish() == 6, joining.errors()
    assert_still_outside(node)
    assert mesh.a.status()["devices"] == devices
    node.close()


def test_an_admin_who_closes_the_terminal_refuses(mesh):
    node = mesh.ground.node("silent")
    inviting, code = invite(mesh.a)
    joining = begin_join(node, code)
    joining.event("check")
    inviting.event("joiner")
    inviting.process.stdin.close()
    assert inviting.finish() == 6
    assert joining.finish() == 6, joining.errors()
    assert_still_outside(node)
    node.close()


def test_a_used_code_is_of_no_use_to_a_second_machine(playground):
    server = playground.server()
    a = playground.first(server)
    inviting, code = invite(a)
    b, c = playground.node("b"), playground.node("c")
    joining = begin_join(b, code)
    inviting.event("joiner")
    inviting.say("yes")
    joining.event("done")
    assert inviting.finish() == 0
    late = begin_join(c, code)
    assert late.finish() in (3, 6), late.errors()
    assert_still_outside(c)
    assert a.status()["devices"] == 2


def test_a_machine_that_failed_once_joins_with_the_next_code(playground):
    server = playground.server()
    a = playground.first(server)
    b = playground.node("b")
    inviting, code = invite(a)
    joining = begin_join(b, code)
    joining.event("check")
    inviting.event("joiner")
    inviting.say("no")
    assert (inviting.finish(), joining.finish()) == (6, 6)
    join(a, b)
    a.set("AFTER", "the second attempt")
    b.sees("AFTER", "the second attempt")


def test_a_joiner_that_is_gone_is_not_let_in(mesh):
    node = mesh.ground.node("gone")
    inviting, code = invite(mesh.a)
    joining = begin_join(node, code)
    joining.event("check")
    inviting.event("joiner")
    joining.stop()
    node.kill()
    before = mesh.a.ok("devices", "--json")
    mesh.a.wait_log("invitation_ended.*went away")
    inviting.say("yes")
    assert inviting.finish() == 4
    assert mesh.a.ok("devices", "--json") == before
    node.close()


def test_a_joiner_that_goes_away_leaves_no_trace_on_it(mesh):
    node = mesh.ground.node("vanished")
    inviting, code = invite(mesh.a)
    joining = begin_join(node, code)
    joining.event("check")
    joining.stop()
    inviting.stop()
    wait_until(lambda: node.status()["state"] == "absent", "it is as before")
    assert_still_outside(node)
    node.close()


def test_init_and_join_refuse_a_machine_that_has_a_vault(mesh):
    before = (mesh.b.home / "vault.keys").read_bytes()
    done = mesh.b.cli("init", "--json", "--name", "again", "--password-file",
                      str(mesh.b.password_file))
    assert done.returncode == 6
    assert json.loads(done.stderr)["error"]["fix"]
    inviting, code = invite(mesh.a)
    joining = begin_join(mesh.b, code)
    assert joining.finish() == 6
    inviting.stop()
    assert (mesh.b.home / "vault.keys").read_bytes() == before


def test_only_an_admin_invites(mesh):
    done = mesh.b.cli("invite", "--json")
    assert done.returncode == 6
    assert json.loads(done.stderr)["error"]["code"] == "DENIED"


def test_init_refuses_a_server_whose_key_is_another(mesh):
    node = mesh.ground.node("cheated")
    other = ("0" if mesh.server.key[0] != "0" else "1") + mesh.server.key[1:]
    for key in (other, "00", "x" * 64):
        done = node.cli("init", "--json", "--server", mesh.server.url, "--server-key", key,
                        "--password-file", str(node.password_file))
        assert done.returncode == (6 if key == other else 2), done.stderr
        assert_still_outside(node)
    done = node.cli("init", "--json", "--server", mesh.server.url, "--password-file",
                    str(node.password_file))
    assert done.returncode == 2, "a script brings the key"
    for url in ("ws://127.0.0.1:1", "wss://", "http://x", "wss://127.0.0.1:99999", "wss://a b:1"):
        done = node.cli("init", "--json", "--server", url, "--server-key", mesh.server.key,
                        "--password-file", str(node.password_file))
        assert done.returncode == 65, url
    assert_still_outside(node)
    node.close()
