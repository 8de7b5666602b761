# SPDX-License-Identifier: MIT
"""Which value counts where: profiles, machines, projects and approval, by the command line alone."""
import json
import os
import re
import shutil
import subprocess

import pytest

from harness import PATIENCE, cli_program, wait_until
from terminal import Terminal

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


@pytest.fixture
def pair(own_mesh):
    yield own_mesh
    for node in (own_mesh.a, own_mesh.b):
        shutil.rmtree(node.home / "project", ignore_errors=True)


def exported(node, *arguments, cwd=None, **more):
    """What a new shell gets; an export gives up rather than hold it up, so --strict."""
    done = subprocess.run([cli_program(), "--timeout", "30s", "export", "--strict", "--format", "nul", *arguments],
                          env=node.environment(**more), cwd=cwd, capture_output=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    return dict(one.split("=", 1) for one in done.stdout.decode().split("\0") if one)


def profiles(node):
    return {one["name"]: (one["variables"], one["in_use"], one["place"]) for one in node.json("profile", "list")}


def refused(node, *arguments, **more):
    done = node.cli(*arguments, **more)
    assert done.stdout == b""
    return done.returncode


def test_profiles_are_made_used_and_deleted(pair):
    a, b = pair.a, pair.b
    assert profiles(a) == {}
    a.ok("profile", "create", "dev")
    a.ok("profile", "create", "eu")
    assert profiles(a) == {"dev": (0, False, 0), "eu": (0, False, 0)}
    assert refused(a, "profile", "create", "dev") == 8
    assert refused(a, "profile", "create", "../x") == 65
    assert refused(a, "profile", "use", "typo") == refused(a, "set", "A=1", "-P", "typo") == 3
    assert refused(a, "profile", "delete", "typo") == refused(a, "export", "--strict", "-P", "typo") == 3
    assert refused(a, "profile", "use", "dev", "dev") == 2

    a.ok("set", "A=1", "B=2", "-P", "dev")
    b.sync()
    assert profiles(b) == {"dev": (2, False, 0)}, "a profile travels with its variables"
    b.ok("profile", "use", "dev")
    assert profiles(b) == {"dev": (2, True, 1)} and not profiles(a)["dev"][1], "use is of one machine"
    assert refused(b, "profile", "delete", "dev") == 8
    assert exported(b) == {"A": "1", "B": "2"} and exported(a) == {}
    b.restart()
    assert exported(b) == {"A": "1", "B": "2"}, "it is kept"
    b.ok("profile", "use")
    deleted = [json.loads(line)["key"] for line in b.ok("profile", "delete", "dev", "--json").splitlines()]
    assert deleted == ["A", "B"] and profiles(b) == {}
    a.sync()
    assert profiles(a)["dev"] == (0, False, 0), "made here, so it stays until it is deleted here"
    assert a.json("list") == []


def test_the_narrowest_scope_counts(pair):
    a, b = pair.a, pair.b
    for name in ("dev", "eu"):
        a.ok("profile", "create", name)
        a.ok("set", f"WHICH={name}", f"OF_{name.upper()}=1", "--scope", f"profile/{name}")
    a.ok("set", "WHICH=shared", "--scope", "shared")
    b.sync()
    assert exported(b) == {"WHICH": "shared"}
    assert exported(b, "-P", "dev") == {"WHICH": "dev", "OF_DEV": "1"}
    assert exported(b, "--profile", "dev", "-P", "eu") == {"WHICH": "eu", "OF_DEV": "1", "OF_EU": "1"}
    assert exported(b, "-P", "eu,dev")["WHICH"] == "dev", "the last one counts most"
    assert exported(b, ENVMESH_PROFILE="dev") == {"WHICH": "dev", "OF_DEV": "1"}
    assert exported(b, ENVMESH_PROFILE="dev,eu")["WHICH"] == "eu"
    assert exported(b, "-P", "eu", ENVMESH_PROFILE="dev") == {"WHICH": "eu", "OF_EU": "1"}
    b.ok("profile", "use", "eu", "dev")
    assert exported(b)["WHICH"] == "dev"
    assert exported(b, "-P", "eu") == {"WHICH": "eu", "OF_EU": "1"}, "instead of those in use"
    assert b.ok("get", "-n", "WHICH") == b"dev"
    assert b.ok("get", "-n", "WHICH", "-P", "eu") == b"eu"
    assert b.ok("get", "-n", "WHICH", ENVMESH_PROFILE="eu") == b"eu"
    assert b.ok("get", "-n", "WHICH", "--scope", "shared") == b"shared"
    b.ok("set", "WHICH=this machine", "--scope", "device")
    a.sync()
    assert exported(b)["WHICH"] == exported(b, "-P", "eu")["WHICH"] == "this machine"
    assert exported(a) == {"WHICH": "shared"}
    b.ok("delete", "WHICH", "--scope", "device")
    assert exported(b)["WHICH"] == "dev"
    b.ok("delete", "WHICH", "-P", "dev")
    assert exported(b)["WHICH"] == "eu"
    assert b.json("list", "-P", "eu")[0]["profile"] == "eu"
    assert {one["scope"] for one in b.json("list", "--scope", "shared")} == {"shared"}


def test_a_variable_for_another_machine(pair):
    pair.a.ok("set", "ONLY_B=1", "--scope", "device/b")
    pair.b.sync()
    assert exported(pair.b) == {"ONLY_B": "1"} and exported(pair.a) == {}
    assert refused(pair.a, "get", "ONLY_B") == 3
    assert pair.a.ok("get", "-n", "ONLY_B", "--scope", "device/b") == b"1"
    assert refused(pair.a, "set", "X=1", "--scope", "device/nobody") == 65
    assert refused(pair.a, "set", "X=1", "--scope", "profile") == 65
    assert refused(pair.a, "set", "X=1", "--scope", "shared", "-P", "dev") == 2
    pair.a.ok("delete", "ONLY_B", "--scope", "device/b")
    pair.b.sync()
    assert exported(pair.b) == {}


def test_explain_tells_each_layer_and_why(pair):
    a, b = pair.a, pair.b
    a.ok("profile", "create", "dev")
    a.ok("set", "WHY=canary-1", "--type", "path")
    a.ok("set", "WHY=canary-2", "-P", "dev", "--visibility", "run")
    b.sync()
    b.ok("set", "WHY=canary-3", "--scope", "device/a")
    b.ok("set", "WHY=canary-4", "--scope", "device")
    b.ok("delete", "WHY", "--scope", "device")
    told = b.json("explain", "WHY")
    assert set(told) >= {"key", "layers", "exported", "reason"} and told["key"] == "WHY" and told["exported"]
    layers = told["layers"]
    assert [(one["scope"].split("/")[0], one["updated_by"], one["used"], one["deleted"]) for one in layers] == [
        ("device", "b", False, True), ("shared", "a", True, False), ("profile", "a", False, False),
        ("device", "b", False, False)]
    assert [one["reason"] for one in layers] == [
        "it was deleted there", "", "its profile is not in use", "it is for another machine"]
    assert [(one["type"], one["visibility"]) for one in layers[1:3]] == [("path", "shell"), ("string", "run")]
    assert all(re.fullmatch(TIME, one["updated_at"]) and not one["conflict"] for one in layers)
    versions = {(one["scope"], one["version"]) for one in b.json("list")}
    assert {(one["scope"], one["version"]) for one in layers if not one["deleted"]} == versions

    text = b.ok("explain", "WHY").decode()
    rows = text.splitlines()
    assert len(rows) == 6 and rows[0].split() == ["SCOPE", "VERSION", "UPDATED", "BY", "VISIBLE", "TYPE"]
    for row, layer in zip(rows[1:], layers):
        for field in ("scope", "version", "updated_at", "updated_by", "visibility", "type", "reason"):
            assert layer[field] in row, row
    assert rows[2].endswith("used") and rows[5] == "WHY reaches shells."
    told = b.json("explain", "WHY", "-P", "dev")
    assert not told["exported"] and "run" in told["reason"]
    assert [one["scope"] for one in told["layers"] if one["used"]] == ["profile/dev"]
    assert told["layers"][2]["reason"] == "a narrower scope has one"
    assert b"does not reach shells" in b.ok("explain", "WHY", "-P", "dev")
    assert "canary" not in text + json.dumps(told), "it tells no value"
    assert refused(b, "explain", "NOBODY") == 3
    a.ok("set", "PAGER=canary-5")
    b.sync()
    told = b.json("explain", "PAGER")
    assert not told["exported"] and "a set it" in told["reason"] and "trust PAGER" in told["reason"]


def test_approval_is_of_a_value(pair):
    a, b = pair.a, pair.b
    a.ok("set", "PAGER=less", "EDITOR=vi", "NODE_OPTIONS=--x", "FREE=1")
    b.sync()
    assert exported(a) == {"PAGER": "less", "EDITOR": "vi", "NODE_OPTIONS": "--x", "FREE": "1"}, "set here"
    assert exported(b) == {"FREE": "1"}
    assert b.ok("get", "-n", "PAGER") == b"less", "whoever asks for it by name gets it"
    assert {one["key"] for one in b.json("trust")} == {"PAGER", "EDITOR", "NODE_OPTIONS"}
    assert "value" not in b.json("trust")[0] and b"less" not in b.ok("trust")
    assert b.ok("run", "--", "sh", "-c", "echo ${PAGER-none}") == b"none\n", "nor a program"
    assert refused(b, "trust", "PAGER", "NOBODY", "--yes") == 3
    assert refused(b, "trust", "LD_PRELOAD", "--yes") in (3, 6)
    assert exported(b) == {"FREE": "1"}, "all or none"
    b.ok("trust", "PAGER", "EDITOR", "--yes")
    assert exported(b) == {"FREE": "1", "PAGER": "less", "EDITOR": "vi"}
    b.restart()
    assert exported(b)["PAGER"] == "less", "it is kept"
    a.ok("set", "PAGER=evil")
    b.sync()
    assert "PAGER" not in exported(b) and exported(b)["EDITOR"] == "vi"
    b.ok("untrust", "EDITOR")
    assert exported(b) == {"FREE": "1"}
    assert refused(b, "untrust") == 2
    b.ok("set", "EDITOR=ed")  # set here
    assert exported(b)["EDITOR"] == "ed"


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_a_person_sees_what_is_to_be_approved(pair, answer):
    pair.a.ok("set", "EDITOR=vi\x1b[2J; evil")
    pair.b.sync()
    terminal = Terminal(pair.b, "trust", "EDITOR")
    terminal.expect("a set EDITOR on " + TIME)
    terminal.expect(r"vi\\x1b\[2J; evil")
    terminal.expect("Trust it on this machine")
    terminal.type(answer)
    assert terminal.finish() == {"yes": 0, "no": 6}[answer]
    assert ("EDITOR" in exported(pair.b)) == (answer == "yes")
    assert refused(pair.b, "trust", "EDITOR", "--json") != 0, "nothing is asked of a program"
    pair.b.ok("untrust", "EDITOR")


def test_what_changes_while_a_person_looks_at_it_is_not_approved(pair):
    pair.a.ok("set", "EDITOR=vi")
    pair.b.sees("EDITOR", "vi")
    terminal = Terminal(pair.b, "trust", "EDITOR")
    terminal.expect("Trust it on this machine")
    pair.a.ok("set", "EDITOR=evil")
    pair.b.sees("EDITOR", "evil")
    terminal.type("yes")
    assert terminal.finish() == 8 and "evil" not in terminal.shown
    assert exported(pair.b) == {}


def test_a_project_file_counts_where_and_as_it_was_trusted(pair):
    a, b = pair.a, pair.b
    a.ok("profile", "create", "dev")
    a.ok("set", "OF_DEV=1", "-P", "dev")
    b.sync()
    folder = b.home / "project"
    below = folder / "a" / "b"
    below.mkdir(parents=True)
    file = folder / ".envmesh.toml"
    good = "profile = 'dev'\nrequired = ['OF_DEV', 'LACKING']\n"
    file.write_text(good)
    assert exported(b, cwd=below) == {}
    b.ok("trust", "--yes", "--project", str(folder))
    assert exported(b, cwd=below) == exported(b, cwd=folder) == {"OF_DEV": "1"}
    assert exported(b, cwd=b.home) == {}
    inner = below / ".envmesh.toml"
    inner.write_text("")
    assert exported(b, cwd=below) == {}, "the nearest one counts, trusted or not"
    inner.unlink()
    moved = b.home / "moved"
    shutil.copytree(folder, moved)
    assert exported(b, cwd=moved) == {}, "another folder"
    shutil.rmtree(moved)
    for text in (good + "#", good[:-1], ""):
        file.write_text(text)
        assert exported(b, cwd=folder) == {}, text
    file.write_text(good)
    assert exported(b, cwd=folder) == {"OF_DEV": "1"}, "what was approved is approved"
    terminal = Terminal(b, "trust", "--project", str(folder))
    terminal.expect("profile = 'dev'")
    terminal.type("no")
    assert terminal.finish() == 6
    b.ok("untrust", "--project", str(folder))
    assert exported(b, cwd=folder) == {}


def make(file, content):
    if content is None:
        os.mkfifo(file)
    elif content == "folder":
        file.mkdir()
    else:
        file.write_text(content, encoding="latin-1")


@pytest.mark.parametrize("content", ["[", "[\nA= x\"\"\"\n", "profile = 7", "profil = 'dev'", "required = 'A'",
                                  "profile = '\xff'", "x" * 70_000, "profile = 'none'",
                                     "profile = 'a'\0", None, "folder"],
                         ids=["bracket", "bracket2", "type", "key", "list", "name", "long", "absent", "nul", "pipe",
                              "folder"])
def test_a_hostile_project_file_takes_nothing_away(pair, content):
    """Whoever may write into a folder, such as /tmp, must not empty or hold up the shells of others there."""
    folder = pair.b.home / "project"
    folder.mkdir()
    make(folder / ".envmesh.toml", content)
    pair.b.set("A", "1")
    process = pair.b.process.pid
    trusted = pair.b.cli("trust", "--yes", "--project", str(folder))
    assert trusted.stdout == b""
    assert trusted.returncode == {"profile = 'none'": 0, None: 3, "folder": 3}.get(content, 65), trusted.stderr
    assert exported(pair.b, cwd=folder) == {"A": "1"}
    for command, wanted in ((["get", "A"], b"1\n"), (["run", "--", "sh", "-c", "echo $A"], b"1\n")):
        done = subprocess.run([cli_program(), *command], cwd=folder, env=pair.b.environment(),
                              capture_output=True, timeout=PATIENCE)
        assert (done.returncode, done.stdout) == (0, wanted), (command, done)
    assert pair.b.is_running() and pair.b.process.pid == process


def test_folders_with_names_that_are_no_text_share_no_approval(pair):
    """Both would look the same in a message that is text."""
    pair.b.ok("profile", "create", "odd")
    pair.b.ok("set", "-P", "odd", "OF_ODD=1")
    for name in (b"\xffq", b"\xfeq"):
        folder = os.path.join(os.fsencode(pair.b.home), name)
        os.mkdir(folder)
        with open(os.path.join(folder, b".envmesh.toml"), "w") as file:
            file.write("profile = 'odd'\n")
        assert pair.b.cli("trust", "--yes", "--project", os.fsdecode(folder)).returncode == 65
        assert "OF_ODD" not in exported(pair.b, cwd=os.fsdecode(folder))


def test_a_value_of_a_projects_profile_is_approved_there(pair):
    a, b = pair.a, pair.b
    a.ok("profile", "create", "pager")
    a.ok("set", "PAGER=shared")
    a.ok("set", "-P", "pager", "PAGER=less")
    wait_until(lambda: b.cli("get", "PAGER", "-P", "pager").stdout == b"less\n", "it arrives")
    folder = b.home / "pager"
    folder.mkdir()
    (folder / ".envmesh.toml").write_text("profile = 'pager'\n")
    b.ok("trust", "--yes", "--project", str(folder))
    done = subprocess.run([cli_program(), "trust", "PAGER", "--yes"], cwd=folder, env=b.environment(),
                          capture_output=True)
    assert done.returncode == 0, done.stderr
    assert exported(b, cwd=folder).get("PAGER") == "less"
    assert "PAGER" not in exported(b, cwd=b.home), "the shared value was not looked at there"


def test_a_value_that_only_another_profile_has_is_approved_through_it(pair):
    a, b = pair.a, pair.b
    a.ok("profile", "create", "less")
    a.ok("set", "-P", "less", "LESSOPEN=|x %s")
    wait_until(lambda: b.cli("get", "LESSOPEN", "-P", "less").returncode == 0, "it arrives")
    terminal = Terminal(b, "run", "-P", "less", "--", "true")
    terminal.expect("approves it")
    terminal.finish()
    advised = re.search("`envmesh-cli (trust [^`]*)`", " ".join(terminal.shown.split()))[1]
    assert advised == "trust -P less LESSOPEN"
    assert refused(b, "trust", "LESSOPEN", "--yes") == 3
    assert [one["key"] for one in b.json("trust", ENVMESH_PROFILE="less")] == ["LESSOPEN"] and not b.json("trust")
    b.ok(*advised.split(), "--yes")
    assert exported(b, "-P", "less") == {"LESSOPEN": "|x %s"}
    b.ok("untrust", "-P", "less", "LESSOPEN")
    assert exported(b, "-P", "less") == {}


def test_a_project_is_not_looked_for_in_a_folder_that_is_gone(pair):
    folder = pair.b.home / "project"
    folder.mkdir()
    done = subprocess.run(["sh", "-c", 'rmdir "$PWD" && envmesh-cli trust --project'], cwd=folder,
                          env=pair.b.environment(), capture_output=True)
    assert done.returncode == 3 and b"is gone" in done.stderr


def test_run_that_begins_anew_says_once_what_waits(pair):
    a, b = pair.a, pair.b
    a.ok("set", "MANPAGER=nobody approved this", "WATCHED=1")
    b.sync()
    terminal = Terminal(b, "run", "--watch", "--", "sh", "-c", "echo got-$WATCHED; test $WATCHED = 2 || exec sleep 600")
    terminal.expect("got-1")
    a.ok("set", "WATCHED=2")
    terminal.expect("got-2")
    terminal.finish()
    assert terminal.shown.count("not exported: MANPAGER") == 1, terminal.shown
