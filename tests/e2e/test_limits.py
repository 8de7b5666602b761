# SPDX-License-Identifier: MIT
"""Names and values at their limits, and names that must never reach a shell."""
import json
import os

import pytest

from harness import wait_until
from terminal import Terminal

MOST = 130_048


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A B", "A.B", "\u00c4", "A\n", "$A", "A;B", "a" * 256,
                                  "A[0]"])
def test_a_bad_name_is_refused_everywhere(mesh, name):
    before = mesh.a.ok("list", "--json")
    for arguments in (["set", "--", name + "=x"], ["get", "--", name], ["delete", "--", name]):
        if not name and arguments[0] != "set":
            continue  # an empty word is no name at all to the command line
        done = mesh.a.cli(*arguments)
        assert done.returncode == 65, (arguments, done.stderr)
        assert done.stdout == b"" and b"fix" in done.stderr
    assert mesh.a.ok("list", "--json") == before


def test_the_longest_name_and_odd_names_travel(mesh):
    for name in ("A" * 255, "__", "_1", "lower_Case"):
        mesh.a.set(name, name)
        mesh.b.sees(name, name)
    mesh.a.ok("delete", "A" * 255, "__", "_1", "lower_Case")


def test_the_longest_value_travels_and_one_byte_more_is_refused(mesh, tmp_path):
    value = os.urandom(MOST // 2).hex().encode()
    assert len(value) == MOST
    mesh.a.set("LONGEST", value)
    mesh.b.sees("LONGEST", value)
    file = tmp_path / "value"
    file.write_bytes(value)
    mesh.a.ok("set", f"FROM_FILE=@{file}")
    assert mesh.a.get("FROM_FILE") == value

    file.write_bytes(value + b"!")
    for arguments, stdin in ((["set", "TOO_LONG", "-"], value + b"!"),
                             (["set", f"TOO_LONG=@{file}"], b"")):
        done = mesh.a.cli(*arguments, stdin=stdin)
        assert done.returncode == 65
        assert b"TOO_LONG" in done.stderr and b"130048" in done.stderr.replace(b",", b"")
        assert value not in done.stderr
    assert mesh.a.get("TOO_LONG") is None
    done = mesh.a.cli("set", "TOO_LONG", "-", stdin=b"x" * 5_000_000)
    assert done.returncode == 65
    mesh.a.ok("delete", "LONGEST", "FROM_FILE")


def test_a_value_with_nul_is_refused(mesh, tmp_path):
    done = mesh.a.cli("set", "NUL", "-", stdin=b"one\0two")
    assert done.returncode == 65 and b"NUL" in done.stderr
    assert mesh.a.get("NUL") is None


def test_several_items_are_stored_together_or_not_at_all(mesh):
    done = mesh.a.cli("set", "GOOD=1", "2BAD=2")
    assert done.returncode == 65
    assert mesh.a.get("GOOD") is None
    mesh.a.ok("set", "GOOD=1", "BETTER=2")
    assert (mesh.a.get("GOOD"), mesh.a.get("BETTER")) == (b"1", b"2")
    assert mesh.a.cli("delete", "GOOD", "NOT_THERE").returncode == 3
    assert mesh.a.get("GOOD") == b"1"
    mesh.a.ok("delete", "GOOD", "BETTER")


def test_get_of_a_missing_variable_prints_nothing(mesh):
    done = mesh.a.cli("get", "NOT_THERE")
    assert done.returncode == 3 and done.stdout == b"" and b"NOT_THERE" in done.stderr
    done = mesh.a.cli("get", "NOT_THERE", "--json")
    assert done.returncode == 3 and done.stdout == b""
    error = json.loads(done.stderr)["error"]
    assert (error["code"], error["exit"]) == ("NOT_FOUND", 3) and error["fix"]
    assert mesh.a.ok("get", "-n", "NOT_THERE", "--default", "x") == b"x"
    assert mesh.a.cli("delete", "NOT_THERE").returncode == 3


def test_a_wrong_command_line_is_a_usage_error(mesh):
    for arguments in ([], ["frobnicate"], ["get"], ["set", "X=1", "--visibility", "all"],
                      ["export", "--shell", "tcsh"], ["get", "A", "B"]):
        done = mesh.a.cli(*arguments)
        assert done.returncode == 2, (arguments, done.stderr)
        assert done.stdout == b""


def exported(node):
    return node.ok("export", "--shell", "sh", "--strict", "--timeout", "20s").decode()


@pytest.mark.parametrize("name", ["LD_PRELOAD", "LD_AUDIT", "BASH_ENV", "PROMPT_COMMAND", "PS1", "IFS",
                                  "HOME", "OPENSSL_CONF", "ENVMESH_HOME", "GCONV_PATH", "BASH_FUNC_x"])
def test_a_name_that_runs_code_is_refused_and_never_exported(mesh, name):
    done = mesh.a.cli("set", f"{name}=/tmp/evil.so")
    assert done.returncode == 6 and b"--force" in done.stderr
    assert mesh.a.get(name) is None
    mesh.a.ok("set", "--force", f"{name}=/tmp/evil.so")
    mesh.b.sees(name, "/tmp/evil.so")
    for node in (mesh.a, mesh.b):
        assert name not in exported(node)
    # Neither does a visibility asked for bring it into a shell.
    mesh.a.cli("set", "--force", "--visibility", "shell", f"{name}=/tmp/evil.so")
    assert name not in exported(mesh.a)
    mesh.a.ok("delete", name)


@pytest.mark.parametrize("name", ["PATH", "NODE_OPTIONS", "GIT_SSH_COMMAND", "EDITOR", "path"])
def test_a_name_that_changes_what_runs_is_exported_only_where_it_was_set(mesh, name):
    mesh.a.set(name, "/somewhere")
    mesh.b.sees(name, "/somewhere")
    assert f"\\export {name}='/somewhere'\n" in exported(mesh.a)
    assert f"\\export {name}=" not in exported(mesh.b)
    mesh.a.ok("delete", name)


def test_what_is_not_exported_is_told_in_one_line(mesh):
    mesh.a.set("LESSOPEN", "|evil %s")
    mesh.b.sees("LESSOPEN", "|evil %s")
    terminal = Terminal(mesh.b, "export", "--shell", "sh", "--strict", "--timeout", "20s")
    terminal.expect("not exported: LESSOPEN")
    assert terminal.finish() == 0
    assert "evil" not in terminal.shown
    mesh.a.ok("delete", "LESSOPEN")


def test_visibility_decides_what_a_shell_gets(mesh):
    mesh.a.ok("set", "--visibility", "get", "ONLY_GET=1")
    mesh.a.ok("set", "--visibility", "run", "ONLY_RUN=1")
    mesh.a.ok("set", "FOR_SHELL=1")
    text = exported(mesh.a)
    assert "FOR_SHELL" in text and "ONLY_GET" not in text and "ONLY_RUN" not in text
    mesh.a.ok("set", "ONLY_GET=2")  # stays as it was
    assert mesh.a.listed("ONLY_GET")["visibility"] == "get"
    mesh.a.ok("delete", "ONLY_GET", "ONLY_RUN", "FOR_SHELL")


def test_more_than_a_page_is_listed_and_exported_whole(mesh):
    items = {f"PAGE_{number:03}": str(number % 10) * 20_000 for number in range(28)}
    for start in range(0, 28, 4):
        names = list(items)[start:start + 4]
        mesh.a.ok("set", *(f"{name}={items[name]}" for name in names))
    listed = json.loads(mesh.a.ok("list", "--json", "--values"))
    assert {v["key"]: v["value"] for v in listed if v["key"].startswith("PAGE_")} == items
    lines = [line for line in exported(mesh.a).splitlines() if line.startswith("\\export PAGE_")]
    assert lines == [f"\\export {name}='{value}'" for name, value in sorted(items.items())]
    mesh.b.sees("PAGE_027", items["PAGE_027"])
    mesh.a.ok("delete", *items)
    wait_until(lambda: mesh.b.get("PAGE_027") is None, "the deletes arrive")
