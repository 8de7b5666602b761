# SPDX-License-Identifier: MIT
"""What a variable was before, on whichever machine: shown, brought back, and both of a conflict kept."""
import json
import re

from harness import wait_until

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def entries(node, key, *more):
    return node.json("history", key, *more)


def values(node, key, *more):
    return [one.get("value") for one in entries(node, key, "--values", *more)]


def refused(node, *arguments):
    done = node.cli(*arguments, "--json")
    assert done.stdout == b""
    assert json.loads(done.stderr)["error"]["exit"] == done.returncode
    return done.returncode


def test_history_shows_versions_and_values_only_when_asked(own_mesh):
    a, b = own_mesh.a, own_mesh.b
    a.set("PAST", "canary-one")
    b.sees("PAST", "canary-one")
    b.ok("set", "PAST=canary-two", "--visibility", "run", "--type", "path")
    a.sees("PAST", "canary-two")
    a.ok("delete", "PAST")
    a.sync()
    b.sync()
    for node in (a, b):
        found = entries(node, "PAST")
        assert [(one["number"], one["state"], one["updated_by"], one["deleted"]) for one in found] == [
            (1, "current", "a", True), (2, "replaced", "b", False), (3, "replaced", "a", False)]
        assert [(one["visibility"], one["type"]) for one in found[1:]] == [("run", "path"), ("shell", "string")]
        assert all(re.fullmatch(TIME, one["updated_at"]) and one["version"] for one in found)
        assert all("value" not in one and "value_b64" not in one for one in found)
        text = node.ok("history", "PAST").decode()
        assert "canary" not in text
        assert len(text.splitlines()) == 4 and "current, deleted" in text.splitlines()[1]
        assert values(node, "PAST") == [None, "canary-two", "canary-one"]
        assert b"canary-one" in node.ok("history", "PAST", "--values")
    assert refused(a, "history", "NOBODY") == 3


def test_ten_versions_are_kept_besides_the_current_one(own_mesh):
    for number in range(25):
        own_mesh.a.set("OFTEN", f"v{number}")
    wanted = [f"v{number}" for number in range(24, 13, -1)]
    assert values(own_mesh.a, "OFTEN") == wanted
    own_mesh.a.restart()
    assert values(own_mesh.a, "OFTEN") == wanted, "they are on the disk"


def test_rollback_makes_a_new_version_that_travels(own_mesh):
    a, b = own_mesh.a, own_mesh.b
    for value in ("one", "two\n\u2019", "three"):
        a.set("BACK", value)
    b.sees("BACK", "three")
    first = entries(a, "BACK")[2]
    a.ok("rollback", "BACK", "--to", "3")
    b.sees("BACK", "one")
    newest = entries(a, "BACK")[0]
    assert newest["version"] not in {one["version"] for one in entries(a, "BACK")[1:]}
    assert newest["version"] > first["version"] and values(a, "BACK") == ["one", "three", "two\n\u2019", "one"]
    assert entries(b, "BACK")[0]["version"] == newest["version"]
    second = entries(a, "BACK")[2]["version"]
    told = a.json("rollback", "BACK", "--to", second)
    assert told["ok"] and told["key"] == "BACK" and told["version"] == entries(a, "BACK")[0]["version"]
    b.sees("BACK", "two\n\u2019")

    a.ok("delete", "BACK")
    wait_until(lambda: b.get("BACK") is None, "the delete arrives")
    assert a.get("BACK") is None
    b.ok("rollback", "BACK", "--to", "2")  # what was deleted comes back, from the other machine
    a.sees("BACK", "two\n\u2019")
    for wrong in ("99", "0", "nonsense", "-1"):
        assert refused(a, "rollback", "BACK", f"--to={wrong}") == 3, wrong
    assert refused(a, "rollback", "NOBODY", "--to", "1") == 3
    assert a.get("BACK") == b"two\n\xe2\x80\x99"


def test_rollback_keeps_to_its_scope(own_mesh):
    a = own_mesh.a
    a.ok("profile", "create", "dev")
    for value in ("1", "2"):
        a.ok("set", f"SCOPED=shared {value}")
        a.ok("set", f"SCOPED=dev {value}", "-P", "dev")
    assert values(a, "SCOPED") == ["shared 2", "shared 1"]
    assert values(a, "SCOPED", "-P", "dev") == ["dev 2", "dev 1"]
    a.ok("rollback", "SCOPED", "--to", "2", "-P", "dev")
    assert a.ok("get", "-n", "SCOPED", "-P", "dev") == b"dev 1"
    assert a.ok("get", "-n", "SCOPED") == b"shared 2"


def test_rollback_of_what_chooses_what_runs_asks_the_other_machine_again(own_mesh):
    a, b = own_mesh.a, own_mesh.b
    a.set("PAGER", "less")
    b.sees("PAGER", "less")
    b.ok("trust", "PAGER", "--yes")
    a.set("PAGER", "more")
    a.ok("rollback", "PAGER", "--to", "2")
    b.sees("PAGER", "less")
    assert b.json("explain", "PAGER")["exported"], "that value is approved"
    a.ok("rollback", "PAGER", "--to", "2")
    b.sees("PAGER", "more")
    assert not b.json("explain", "PAGER")["exported"]
    b.ok("untrust", "PAGER")
    assert refused(b, "rollback", "PAGER", "--to", "2") == 6, "it would be b's own, unseen"
    assert not b.json("explain", "PAGER")["exported"]


def edited_apart(playground, edit):
    """Two machines that changed the same while nothing led from one to the other, together again."""
    server = playground.server()
    a = playground.first(server)
    b = playground.joined(a)
    a.set("BOTH", "common")
    b.sees("BOTH", "common")
    assert server.terminate() == 0
    for node in (a, b):
        wait_until(lambda: node.status()["tier"] == "offline", "the loss is noticed")
        edit(node)
    server.start()
    for node in (a, b):
        node.sync()
    wait_until(lambda: all(node.status()["conflicts"] == 1 for node in (a, b)), "both know of it")
    return a, b


def test_concurrent_set_keeps_both(playground):
    a, b = edited_apart(playground, lambda node: node.set("BOTH", "canary of " + node.name))
    shown = [node.json("conflicts", "list", "--values") for node in (a, b)]
    assert shown[0] == shown[1], "both machines tell the same"
    [conflict] = shown[0]
    assert (conflict["key"], conflict["scope"]) == ("BOTH", "shared")
    versions = conflict["versions"]
    assert [one["state"] for one in versions] == ["current", "conflict"]
    assert {one["value"] for one in versions} == {"canary of a", "canary of b"}
    assert {one["updated_by"] for one in versions} == {"a", "b"}
    assert a.get("BOTH") == b.get("BOTH") == versions[0]["value"].encode()
    for node in (a, b):
        assert b"canary" not in node.ok("conflicts", "list") + node.ok("conflicts", "list", "--json")
        assert b"canary" in node.ok("conflicts", "list", "--values")
        assert [one["used"] and one["conflict"] for one in node.json("explain", "BOTH")["layers"]] == [True]
    assert values(a, "BOTH")[:2] == [one["value"] for one in versions]
    assert "common" in values(a, "BOTH")

    lost = versions[1]
    assert refused(b, "conflicts", "resolve", "BOTH", "--take", "77") == 3
    assert refused(b, "conflicts", "resolve", "NOBODY", "--take", "1") == 3
    assert refused(b, "conflicts") == 2
    told = b.json("conflicts", "resolve", "BOTH", "--take", lost["version"])
    assert told["ok"] and told["version"] not in {one["version"] for one in versions}
    a.sees("BOTH", lost["value"])
    for node in (a, b):
        wait_until(lambda: node.json("conflicts", "list") == [], f"{node.name} knows that it is settled")
        assert node.status()["conflicts"] == 0 and node.get("BOTH") == lost["value"].encode()
        assert set(values(node, "BOTH")) >= {"canary of a", "canary of b"}, "neither is forgotten"
    assert entries(a, "BOTH")[0]["version"] == entries(b, "BOTH")[0]["version"]
    assert refused(a, "conflicts", "resolve", "BOTH", "--take", "1") == 8, "there is none any more"


def test_resolving_by_number_takes_what_the_list_shows(playground):
    a, b = edited_apart(playground, lambda node: node.set("BOTH", "by " + node.name))
    [conflict] = a.json("conflicts", "list", "--values")
    wanted = next(one for one in conflict["versions"] if one["number"] == 2)
    a.ok("conflicts", "resolve", "BOTH", "--take", "2")
    b.sees("BOTH", wanted["value"])
    assert b.json("conflicts", "list") == []


def test_a_delete_against_a_change_loses_neither(playground):
    def edit(node):
        node.ok(*(["delete", "BOTH"] if node.name == "a" else ["set", "BOTH=kept"]))
    server = playground.server()
    a = playground.first(server)
    b = playground.joined(a)
    a.set("BOTH", "common")
    b.sees("BOTH", "common")
    assert server.terminate() == 0
    for node in (a, b):
        wait_until(lambda: node.status()["tier"] == "offline", "the loss is noticed")
        edit(node)
    server.start()
    a.sync()
    b.sync()
    a.sync()
    wait_until(lambda: a.get("BOTH") == b.get("BOTH") == b"kept", "the change outlives the delete on both")
    assert entries(a, "BOTH")[0]["version"] == entries(b, "BOTH")[0]["version"]
