# SPDX-License-Identifier: MIT
"""What holds for every command: JSON or nothing on standard output, one form of error."""
import json
import re
import subprocess

import pytest

from harness import PATIENCE, cli_program, wait_until

# What prints something else than JSON with --json too: code for a shell, a file, a program's own output.
OTHER = {"export", "hook", "completion", "run"}
# A command line of each that succeeds on an unlocked machine with the variable ONE and the profile p.
GOOD = [
    ["get", "ONE"], ["get", "NOBODY", "--default", "x"], ["set", "TWO=2", "THREE=3"], ["list"], ["list", "--values"],
    ["export"], ["export", "--hook", "--shell", "fish"], ["export", "--format", "json"], ["hook", "bash"],
    ["hook", "install", "zsh"], ["hook", "uninstall", "zsh"], ["import", "-", "--format", "dotenv"],
    ["import", "-", "--format", "dotenv", "--dry-run"], ["run", "--", "true"], ["history", "ONE"],
    ["history", "ONE", "--values"], ["rollback", "ONE", "--to", "1"], ["conflicts", "list"], ["explain", "ONE"],
    ["profile", "list"], ["profile", "create", "q"], ["profile", "use", "q"], ["profile", "use"],
    ["profile", "delete", "q"], ["trust"], ["trust", "PAGER", "--yes"], ["untrust", "PAGER"],
    ["delete", "TWO", "THREE"], ["devices"], ["devices", "list"], ["peers"], ["status"],
    ["config", "reload"], ["unlock", "--password-file", "PASSWORD"], ["version"], ["completion", "bash"],
    ["config", "path"], ["config", "get"], ["config", "get", "log.level"], ["config", "set", "log.level", "info"],
    ["config", "unset", "log.level"], ["config", "check"], ["keychain", "status"], ["keychain", "disable"],
    ["set", "FOUR=4", "--inject"], ["set", "FOUR=4", "--no-inject"], ["inject", "list"], ["delete", "FOUR"],
]
# And of those that need something else, or end what others use.
SPECIAL = [["init", "--password-file", "PASSWORD"], ["invite"], ["join"], ["sync", "--wait", "1s"], ["lock"],
           ["watch"], ["shutdown"], ["doctor"], ["daemon", "install"]]
WRONG = [
    ["get", "NOBODY"], ["get", "1"], ["get"], ["set", "1=2"], ["set", "A=1", "A=2"], ["set", "LD_PRELOAD=x"],
    ["set", "A=1", "--scope", "moon"], ["set", "A=1", "-P", "nobody"], ["set", "A=@/no/such/file"], ["set", "A"],
    ["set", "ONE=2", "--if-version", "none"], ["delete", "NOBODY"], ["list", "--scope", "moon"],
    ["export", "--shell", "tcsh"], ["export", "--strict", "-P", "nobody"],
    ["export", "--format", "json", "-P", "nobody"], ["hook", "tcsh"], ["import", "/no/such/file"],
    ["import", "-", "--format", "json"], ["run"], ["run", "--", "/no/such/program"], ["history", "NOBODY"],
    ["rollback", "ONE", "--to", "77"], ["rollback", "ONE"], ["conflicts"],
    ["conflicts", "resolve", "NOBODY", "--take", "1"], ["conflicts", "resolve", "ONE", "--take", "1"],
    ["config", "get", "nobody"], ["config", "set", "server.port", "x"], ["config", "check", "/no/such/file"],
    ["get", "ONE", "--clear", "1s"], ["set", "ONE=2", "--if-version", ""], ["explain", "NOBODY"], ["profile"],
    ["profile", "use", "nobody"], ["profile", "create", "../x"], ["profile", "create", "p"],
    ["profile", "delete", "nobody"], ["trust", "NOBODY", "--yes"], ["trust", "PAGER"],
    ["trust", "--project", "/", "--yes"], ["untrust"], ["init", "--password-file", "PASSWORD"],
    ["unlock", "--password-file", "/no/such/file"], ["join"], ["invite"], ["sync", "--wait", "nonsense"],
    ["completion", "tcsh"], ["config"], ["daemon"], ["daemon", "install"], ["peers", "--probe"], ["nonsense"], [],
    ["keychain"], ["keychain", "enable"], ["keychain", "enable", "--password-file", "/no/such/file"], ["inject"],
    ["set", "A=1", "--inject", "--no-inject"], ["set", "A=1", "--inject", "--visibility", "get"],
    ["set", "A=1", "--inject", "--type", "path"], ["unlock", "--keychain", "--password-file", "PASSWORD"],
    ["list", "--nonsense"], ["--timeout", "x", "list"],
]


@pytest.fixture(scope="module")
def alone(shared_playground):
    node = shared_playground.node("commands")
    node.ok("init", "--name", "commands", "--password-file", str(node.password_file))
    node.set("ONE", "1")
    node.ok("profile", "create", "p")
    node.ok("set", "PAGER=less")
    return node


def run(node, *arguments, stdin=b"FROM_FILE=1\n"):
    words = [str(node.password_file) if word == "PASSWORD" else word for word in arguments]
    return subprocess.run([cli_program(), "--json", *words], input=stdin, capture_output=True, timeout=PATIENCE,
                          env=node.environment(SHELL="/bin/bash", ENVMESH_SHELL="bash"), cwd=node.home)


def name_of(arguments):
    return " ".join(arguments) or "nothing"


def json_lines(text):
    return [json.loads(line) for line in text.splitlines()]


def check_error(done, what):
    assert done.stdout == b"", what
    [told] = json_lines(done.stderr.decode())
    assert set(told) == {"error"} and set(told["error"]) >= {"code", "exit", "message", "fix"}, what
    error = told["error"]
    assert error["exit"] == done.returncode != 0, what
    assert re.fullmatch("[A-Z_]+", error["code"]) and error["message"], what


def check(done, arguments):
    """Holds whatever the command came to."""
    what = (arguments, done)
    if done.returncode != 0:
        if not done.stdout:  # an incomplete sync prints its object as well
            check_error(done, what)
        return
    assert done.stderr == b"", what
    if arguments[0] not in OTHER:
        assert all(isinstance(one, (dict, list)) for one in json_lines(done.stdout.decode())), what


def test_every_command_is_among_those_tested(alone):
    commands = set(re.findall(r"(?<=[ \n])([a-z]+) {2,}[A-Z]", alone.ok("--help").decode()))
    assert len(commands) > 25
    assert commands == {line[0] for line in GOOD + SPECIAL}


def test_with_json_there_is_json_or_nothing(alone):
    for arguments in GOOD:
        done = run(alone, *arguments)
        assert done.returncode == 0, (arguments, done)
        check(done, arguments)


def test_an_incomplete_sync_prints_its_object(alone):
    done = run(alone, "sync", "--wait", "1s")
    [told] = json_lines(done.stdout.decode())
    assert done.returncode == 7 and not told["complete"] and told["reason"]


@pytest.mark.parametrize("arguments", WRONG, ids=name_of)
def test_an_error_leaves_standard_output_empty_and_tells_what_to_do(alone, arguments):
    done = run(alone, *arguments, stdin=b"")
    check_error(done, (arguments, done))
    if done.returncode == 2:
        assert json_lines(done.stderr.decode())[0]["error"]["fix"]


def test_a_locked_machine_answers_every_command_in_form(alone):
    alone.ok("lock")
    try:
        for arguments in GOOD:
            if arguments[0] != "unlock":
                check(run(alone, *arguments), arguments)
        for arguments in (["get", "ONE"], ["profile", "list"], ["history", "ONE"], ["explain", "ONE"], ["trust"],
                          ["rollback", "ONE", "--to", "1"], ["conflicts", "list"], ["export", "--strict"]):
            done = run(alone, *arguments)
            check_error(done, arguments)
            assert done.returncode == 5, (arguments, done)
    finally:
        alone.unlock()


def test_without_a_daemon_every_command_ends_in_form(playground):
    node = playground.node("nobody", start=False)
    for arguments in GOOD + SPECIAL:
        done = run(node, *arguments, stdin=b"")
        check(done, arguments)
        if arguments[0] not in OTHER | {"shutdown", "version", "hook", "join", "import", "config", "doctor", "daemon"}:
            assert done.returncode == 4, (arguments, done)
    assert run(node, "run", "--", "true").returncode == 125


def test_what_ends_or_goes_on_prints_json_too(playground):
    node = playground.node("ends")
    for arguments in (["status"], ["get", "A"], ["profile", "list"], ["export"]):
        check(run(node, *arguments), arguments)
    for arguments in (["init", "--password-file", "PASSWORD"], ["lock"]):
        done = run(node, *arguments)
        assert done.returncode == 0, done
        assert all(one["ok"] for one in json_lines(done.stdout.decode()))
    watching = node.command("watch", "--json")
    wait_until(lambda: node.unlock() or _is_told(watching), "the watcher hears of the lock")
    done = run(node, "shutdown")
    assert done.returncode == 0 and json_lines(done.stdout.decode())[0]["ok"]
    assert watching.event("shutdown")
    assert watching.finish() == 0


def _is_told(watching):
    try:
        return watching.event("lock", patience=1)
    except AssertionError:
        return False


def test_every_refusal_names_the_next_step(alone, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    broken = tmp_path / "broken.toml"
    broken.write_text("[client\n")
    large = tmp_path / "large.env"
    large.write_bytes(b"#" * (16 * 1024 * 1024 + 1))
    (folder / ".envmesh.toml").write_text("#" * (64 * 1024 + 1))
    link = tmp_path / "link"
    for arguments in (["set", "A=@/nonexistent"], ["set", f"A=@{folder}"], ["config", "set", "client.enable_lan", "maybe"],
                      ["config", "set", "server.port", "abc"], ["config", "check", str(broken)],
                      ["export", "--format", "json", "-o", "/nonexistent/x"], ["doctor", "--bundle", "/nonexistent/x"],
                      ["import", str(large)], ["trust", "--project", str(folder)], ["--timeout", "25h", "status"]):
        done = alone.cli(*arguments)
        assert done.returncode != 0 and b"fix: " in done.stderr, (arguments, done.stderr)
    link.symlink_to("target")
    alone.ok("export", "--format", "json", "-o", str(link))
    assert link.is_symlink() and (tmp_path / "target").stat().st_mode & 0o777 == 0o600
