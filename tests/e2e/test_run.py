# SPDX-License-Identifier: MIT
"""A program gets the variables and is otherwise what it would be without us."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys

import pytest

from harness import PATIENCE, cli_program, wait_until
from terminal import Terminal

SHOW = "import os, sys; sys.stdout.buffer.write(b'\\0'.join(map(os.fsencode, sys.argv[1:])))"
AWKWARD = ["two  words", "$HOME", "`touch ran`", "'", '"', "\\", "*", "", "--json", "-q", "--", "-",
           "--only", "A=B", "line\nbreak", "\u2019", "--help", "&& touch ran", "~", "{a,b}"]


@pytest.fixture(scope="module")
def alone(shared_playground):
    node = shared_playground.node("runs")
    node.ok("init", "--name", "runs", "--password-file", str(node.password_file))
    return node


@pytest.fixture
def node(alone):
    yield alone
    alone.unlock()
    alone.ok("profile", "use")
    alone.delete_everything()


def script(node, text, name="program"):
    file = node.home / name
    file.write_text("#!/bin/sh\n" + text)
    file.chmod(0o755)
    return str(file)


def environment(node, *options, **more):
    done = node.ok("run", *options, "--", "/usr/bin/env", "-0", **more)
    return dict(one.split(b"=", 1) for one in done.split(b"\0") if one)


def status_in_a_shell(node, line):
    """What a person would see in $?."""
    done = subprocess.run(["sh", "-c", line + "\necho $?"], env=node.environment(), cwd=node.home,
                          capture_output=True, timeout=PATIENCE)
    return int(done.stdout.split()[-1])


def test_run_exit_42(node):
    assert node.cli("run", "--", "sh", "-c", "exit 42").returncode == 42
    assert node.cli("run", "--watch", "--", "sh", "-c", "exit 42").returncode == 42
    assert node.cli("run", "--", "true").returncode == 0


def test_run_sigterm_143(node):
    for more in ("", "--watch "):
        assert status_in_a_shell(node, f"envmesh-cli run {more}-- sh -c 'kill -TERM $$'") == 143, more
        assert status_in_a_shell(node, f"envmesh-cli run {more}-- sh -c 'kill -KILL $$'") == 137, more


@pytest.mark.parametrize("more", [[], ["--watch"]], ids=["run", "watch"])
def test_a_signal_reaches_the_program(node, more):
    program = script(node, "trap 'echo caught; exit 7' TERM\necho ready\nwhile :; do sleep 0.05; done\n")
    running = subprocess.Popen([cli_program(), "run", *more, "--", program], env=node.environment(),
                               stdout=subprocess.PIPE)
    try:
        assert running.stdout.readline() == b"ready\n"
        running.send_signal(signal.SIGTERM)
        assert running.stdout.readline() == b"caught\n"
        assert running.wait(timeout=PATIENCE) == 7
    finally:
        running.kill()
        running.stdout.close()


def test_run_argv_not_reparsed(node, tmp_path):
    node.set("HOME_OF", "$HOME")
    for more in ([], ["--watch"]):
        done = subprocess.run([cli_program(), "run", *more, "--", sys.executable, "-c", SHOW, *AWKWARD],
                              env=node.environment(), cwd=tmp_path, capture_output=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        assert [os.fsdecode(word) for word in done.stdout.split(b"\0")] == AWKWARD, more
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("more", [[], ["--watch"]], ids=["run", "watch"])
def test_run_tty_colour_kept(node, more):
    folder = node.home / "coloured"
    folder.mkdir(exist_ok=True)
    terminal = Terminal(node, "run", *more, "--", "sh", "-c",
                        f"test -t 0 && test -t 1 && test -t 2 && ls --color=auto -d {folder}; read word; "
                        "echo got $word")
    terminal.expect(r"\x1b\[[0-9;]*m\S*coloured")
    terminal.type("typed")
    terminal.expect("got typed")
    assert terminal.finish() == 0
    folder.rmdir()


@pytest.mark.parametrize("more", [[], ["--watch"]], ids=["run", "watch"])
def test_run_125_126_127(node, more):
    plain = node.home / "plain"
    plain.write_text("echo it ran\n")
    plain.chmod(0o644)
    for status, program in ((127, "/no/such/program"), (127, "no-such-program"), (127, f"{plain}/x"),
                            (126, str(plain)), (126, str(node.home))):
        done = node.cli("run", *more, "--", program)
        assert (done.returncode, done.stdout) == (status, b""), program
        assert program.encode() in done.stderr and b"fix:" in done.stderr
        done = node.cli("run", *more, "--json", "--", program)
        assert done.stdout == b"" and json.loads(done.stderr)["error"]["exit"] == status, program
    node.ok("lock")
    done = node.cli("run", *more, "--", "echo", "it ran")
    assert (done.returncode, done.stdout) == (125, b"")
    done = node.cli("run", *more, "--json", "--", "echo", "it ran")
    assert json.loads(done.stderr)["error"]["exit"] == done.returncode == 125
    node.unlock()
    done = node.cli("run", *more, "-P", "nobody", "--", "echo", "it ran")
    assert (done.returncode, done.stdout) == (125, b"") and b"nobody" in done.stderr
    done = node.cli("--socket", str(node.home / "nobody.sock"), "run", *more, "--", "echo", "it ran")
    assert (done.returncode, done.stdout) == (125, b"")
    assert node.cli("run", *more).returncode == 2


def test_what_a_program_gets(node):
    node.set("A_ONE", "1")
    node.set("A_TWO", "it's\n'two' \u2019")
    node.set("B_ONE", "b")
    node.ok("set", "HIDDEN=1", "--visibility", "get")
    node.ok("set", "QUIET=1", "--visibility", "run")
    node.ok("set", "DIRS=/ours", "--type", "path")
    node.ok("set", "LIST=/ours", "--type", "path-append")
    seen = environment(node, THEIRS="kept", B_ONE="theirs", DIRS="/a:/b", LIST="/c")
    assert (seen[b"A_ONE"], seen[b"B_ONE"], seen[b"THEIRS"]) == (b"1", b"b", b"kept")
    assert seen[b"A_TWO"] == "it's\n'two' \u2019".encode()
    assert (seen[b"DIRS"], seen[b"LIST"]) == (b"/ours:/a:/b", b"/c:/ours")
    assert seen[b"QUIET"] == b"1" and b"HIDDEN" not in seen
    seen = environment(node, "--only", "A_*", "--only", "QUIE?", THEIRS="kept", B_ONE="theirs")
    assert {b"A_ONE", b"A_TWO", b"QUIET", b"THEIRS"} < set(seen)
    assert seen[b"B_ONE"] == b"theirs" and b"DIRS" not in seen
    seen = environment(node, "--no-inherit-env", THEIRS="kept")
    assert set(seen) == {b"A_ONE", b"A_TWO", b"B_ONE", b"QUIET", b"DIRS", b"LIST", b"PATH"}
    assert set(environment(node, "--no-inherit-env", "--only", "A_ONE")) == {b"A_ONE", b"PATH"}


def test_profiles_of_a_program(node):
    for name in ("dev", "eu"):
        node.ok("profile", "create", name)
        node.ok("set", f"WHICH={name}", f"OF_{name.upper()}=1", "-P", name)
    node.set("WHICH", "shared")
    assert environment(node)[b"WHICH"] == b"shared"
    assert environment(node, "--profile", "dev")[b"WHICH"] == b"dev"
    assert environment(node, "-P", "dev,eu")[b"WHICH"] == b"eu"
    assert environment(node, "-P", "eu", "-P", "dev")[b"WHICH"] == b"dev"
    assert environment(node, ENVMESH_PROFILE="eu")[b"WHICH"] == b"eu"
    assert environment(node, "-P", "dev", ENVMESH_PROFILE="eu")[b"WHICH"] == b"dev"
    node.ok("profile", "use", "dev")
    assert environment(node)[b"WHICH"] == b"dev"
    assert b"OF_DEV" not in environment(node, "-P", "eu")


def test_a_project_that_lacks_what_it_requires_does_not_start(node):
    folder = node.home / "project"
    folder.mkdir()
    (folder / ".envmesh.toml").write_text("required = ['LACKING']\n")

    def run():
        return subprocess.run([cli_program(), "run", "--", "echo", "it ran"], cwd=folder,
                              env=node.environment(), capture_output=True, timeout=PATIENCE)
    try:
        assert run().stdout == b"it ran\n", "what is not trusted requires nothing"
        node.ok("trust", "--yes", "--project", str(folder))
        done = run()
        assert (done.returncode, done.stdout) == (125, b"") and b"LACKING" in done.stderr
        node.set("LACKING", "there")
        assert run().stdout == b"it ran\n"
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("more", [[], ["--watch"]], ids=["run", "watch"])
def test_standard_input_and_output_pass_through(node, more):
    data = os.urandom(300_000)
    assert node.ok("run", *more, "--", "cat", stdin=data) == data
    done = node.cli("run", *more, "--", "sh", "-c", "cat >&2; exit 3", stdin=b"to the other\n")
    assert (done.returncode, done.stdout, done.stderr) == (3, b"", b"to the other\n")


class Watched:
    """`run --watch` of a program that tells each of its starts and what it got."""

    def __init__(self, node, *options):
        self.starts = node.home / "starts"
        self.starts.write_text("")
        program = script(node, f"echo \"$$ $WATCHED\" >>{self.starts}\nexec sleep 600\n", "watched")
        self.process = subprocess.Popen([cli_program(), "run", "--watch", *options, "--", program],
                                        env=node.environment())

    def told(self):
        return [line.split(maxsplit=1) for line in self.starts.read_text().splitlines()]

    def gets(self, value):
        wait_until(lambda: self.told() and self.told()[-1][1:] == [value], f"it is begun with {value}")

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(timeout=PATIENCE)


@pytest.fixture
def watched(node):
    begun = []

    def begin(*options):
        begun.append(Watched(node, *options))
        return begun[-1]
    yield begin
    for one in begun:
        one.close()


def is_alive(process):
    try:
        os.kill(int(process), 0)
        return True
    except ProcessLookupError:
        return False


def test_run_watch_begins_anew_when_a_value_changes(node, watched):
    node.set("WATCHED", "one")
    run = watched()
    run.gets("one")
    node.set("WATCHED", "two")
    run.gets("two")
    assert not is_alive(run.told()[0][0]) and is_alive(run.told()[-1][0])
    node.set("WATCHED", "two")  # the same again
    node.ok("set", "OTHER=1", "--visibility", "get")
    node.ok("lock")
    node.unlock()
    node.set("WATCHED", "three")
    run.gets("three")
    assert [value for _, value in run.told()] == ["one", "two", "three"], "only for what it gets"
    last = run.told()[-1][0]
    assert run.close() == 143
    assert not is_alive(last)


def test_run_watch_outlives_the_daemon(node, watched):
    node.set("WATCHED", "one")
    run = watched()
    run.gets("one")
    node.restart()
    node.set("WATCHED", "two")
    run.gets("two")
    assert len(run.told()) == 2


def test_a_signal_while_a_program_is_replaced_ends_run(node):
    """As a service manager sends it; no new program may be left behind."""
    node.set("WATCHED", "one")
    told = node.home / "told"
    told.unlink(missing_ok=True)
    program = script(node, f"trap 'echo ending >>{told}; sleep 2; exit 0' TERM\necho began >>{told}\n"
                           "while :; do sleep 0.1; done\n", "slow-to-end")
    run = subprocess.Popen([cli_program(), "run", "--watch", "--", program], env=node.environment(),
                           stdin=subprocess.DEVNULL)
    wait_until(lambda: told.exists() and "began" in told.read_text(), "it runs")

    def replaced():  # the event is for whoever watches already
        node.set("WATCHED", os.urandom(4).hex())
        return "ending" in told.read_text()
    wait_until(replaced, "it is asked to end", pause=0.5)
    run.send_signal(signal.SIGTERM)
    assert run.wait(PATIENCE) == 143
    assert told.read_text().count("began") == 1


def test_a_shell_that_is_replaced_has_its_terminal(node):
    node.set("WATCHED", "one")
    line = f"'{cli_program()}' run --watch -- bash --norc --noprofile -i; echo left $?"
    terminal = Terminal(node, "--norc", "--noprofile", "-i", "-c", line, program="/bin/bash")
    terminal.expect(r"[$#] ")
    terminal.type("trap 'exit 0' TERM; echo $((40 + 2))")
    terminal.expect("42")
    node.set("WATCHED", "two")
    terminal.expect("starting bash again")
    terminal.expect(r"[$#] ")
    terminal.type("echo has $WATCHED; exit 7")
    terminal.expect("has two")
    terminal.expect("left 7")
    assert terminal.finish() == 0


def test_e2big_warning(node):
    """More than a program can be given: what is too much is named, and the shell still works."""
    for number in range(30):
        node.set(f"BIG_{number:02}", "x" * 100_000)
    node.set("SMALL", "here")
    line = ('eval "$(envmesh-cli --timeout 60s export --strict --shell bash)"; '
            '/bin/echo "small is $SMALL"; /usr/bin/env | /bin/grep -c ^BIG_')
    starter = script(node, f"exec bash --norc --noprofile -c '{line}'\n", "in-a-terminal")
    terminal = Terminal(node, "run", "--only", "NOTHING", "--", starter)
    terminal.expect("not exported: BIG_[0-9]+: together they are more than a program can be given")
    terminal.expect("small is here")
    count = int(terminal.expect(r"(\d+)\r?\n")[1])
    assert terminal.finish() == 0
    named = set(re.findall(r"not exported: (BIG_\d+)", terminal.shown))
    assert 0 < count < 30 and len(named) == 30 - count, "each is there or named"
    done = node.cli("run", "--", "true")
    assert done.returncode == 125 and b"--only" in done.stderr
    assert node.ok("run", "--only", "BIG_0?", "--", "echo", "it ran") == b"it ran\n"
