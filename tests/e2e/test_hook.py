# SPDX-License-Identifier: MIT
"""A shell that is open follows what is set elsewhere, and is otherwise left in peace."""
import json
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

from harness import cli_program, wait_until
from screen import changed, require

POSIX = ["bash", "zsh", "fish"]
ALL = [*POSIX, "elvish", "xonsh", "nu"]
STATUS = {"bash": "$?", "zsh": "$?", "fish": "$status"}


@pytest.fixture(scope="module")
def alone(shared_playground):
    node = shared_playground.node("hooked")
    node.ok("init", "--name", "hooked", "--password-file", str(node.password_file))
    return node


@pytest.fixture
def node(alone):
    """A daemon that is awake, without variables, and a home as if nothing had been there."""
    yield alone
    if alone.is_running():
        alone.process.send_signal(signal.SIGCONT)
    else:
        alone.start()
    alone.unlock()
    names = [one["key"] for one in json.loads(alone.ok("list", "--json"))]
    if names:
        alone.ok("delete", *names)
    (alone.home / "generation").unlink(missing_ok=True)
    for name in (".config", "tools", "reports", "project", "p q"):
        shutil.rmtree(alone.home / name, ignore_errors=True)


@pytest.mark.parametrize("shell", ALL)
def test_an_open_shell_follows(node, screens, shell):
    node.set("KEPT", "one")
    node.set("REPLACES", "ours")
    screen = screens(node, shell, REPLACES="theirs")
    screen.follows("KEPT", b"one")
    assert screen.value("REPLACES") == b"ours"
    node.set("KEPT", "it's \u2019two\u2019\n$(touch ran)")
    node.set("NEW", "new")
    screen.follows("NEW", b"new")
    screen.follows("KEPT", "it's \u2019two\u2019\n$(touch ran)".encode())
    node.ok("delete", "KEPT", "REPLACES")
    screen.follows("KEPT", None)
    assert screen.value("REPLACES") == b"theirs"
    assert not (node.home / "ran").exists()


@pytest.mark.parametrize("shell", POSIX)
def test_a_persons_own_change_is_left_alone(node, screens, shell):
    export = {"fish": "set -gx MINE person"}.get(shell, "export MINE=person")
    node.set("MINE", "ours")
    screen = screens(node, shell)
    screen.follows("MINE", b"ours")
    screen.type(export)
    node.set("OTHER", "1")
    screen.follows("OTHER", b"1")
    assert screen.value("MINE") == b"person"
    node.ok("delete", "MINE", "OTHER")
    screen.follows("OTHER", None)
    assert screen.value("MINE") == b"person"


@pytest.mark.parametrize("shell", POSIX)
def test_the_status_of_the_last_command_is_kept(node, screens, shell):
    screen = screens(node, shell)
    for count in range(3):
        changed(node)
        screen.type("sh -c 'exit 42'")
        assert screen.ask(STATUS[shell])[1] == ["42"], count
    pipe = {"bash": '"${PIPESTATUS[*]}"', "zsh": '"$pipestatus"', "fish": '"$pipestatus"'}[shell]
    changed(node)
    screen.type("sh -c 'exit 3' | sh -c 'exit 4'")
    assert screen.ask(pipe)[1] == ["3", "4"]


@pytest.mark.parametrize("shell", POSIX)
def test_a_child_shell_can_undo_what_its_parent_got(node, screens, shell):
    node.set("INHERITED", "1")
    screen = screens(node, shell)
    screen.follows("INHERITED", b"1")
    screen.type({"bash": "bash -i", "zsh": "zsh -i", "fish": "fish -i"}[shell])
    assert screen.value("INHERITED") == b"1"
    node.ok("delete", "INHERITED")
    screen.follows("INHERITED", None)
    screen.type("exit")
    screen.follows("INHERITED", None)


@pytest.mark.parametrize("shell", POSIX)
def test_no_process_at_an_idle_prompt(node, screens, shell):
    require("strace")
    probe = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True)
    if probe.returncode != 0:
        pytest.skip(f"strace may not trace here: {probe.stderr.decode()}")
    trace = node.home / f"trace-{shell}"
    calls = "execve,fork,vfork,clone,clone3"
    (node.home / "project/below").mkdir(parents=True, exist_ok=True)
    (node.home / "project/.envmesh.toml").write_text("profile = 'p'\n")
    node.set("SETTLED", "1")
    screen = screens(node, shell, prefix=f"strace -f -e trace={calls} -o {trace} ")
    screen.follows("SETTLED", b"1")

    def started_by(action):
        before = len(trace.read_text().splitlines())
        action()
        screen.ask()
        lines = trace.read_text().splitlines()
        call = re.compile(lines[0].split()[0] + r" +(execve|v?fork|clone3?)\((?!.*CLONE_THREAD)")
        return [line for line in lines[before:] if call.match(line)]

    def settled():  # nothing but the report: no export has to be made again
        return len(started_by(lambda: None)) == 1

    def many_prompts():
        for _ in range(10):
            screen.type("")
            screen.type(":")
    wait_until(settled, "the shell has what it wants")
    assert len(started_by(many_prompts)) == 1
    screen.type(f"cd {node.home}/project/below")
    wait_until(settled, "the project has been noticed")
    assert len(started_by(many_prompts)) == 1, "within a project as well"


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_the_aliases_of_a_person_change_nothing(node, screens, shell):
    aliases = "".join(f"alias {word}=false\n" for word in
                      ("export", "unset", "local", "read", "return", "typeset"))
    if shell == "zsh":
        aliases += "alias -g GONE=other\nalias emulate=false sysread=false add-zsh-hook=false\n"
    node.set("KEPT", "1")
    node.set("GONE", "1")
    screen = screens(node, shell, before=aliases)
    screen.follows("GONE", b"1")
    node.ok("delete", "GONE")
    screen.follows("GONE", None)
    assert screen.value("KEPT") == b"1"


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_folder_without_a_slash_ends_the_search(node, screens, shell):
    screen = screens(node, shell)
    screen.type("PWD=none")
    node.set("A", "1")
    screen.follows("A", b"1")


@pytest.mark.parametrize("shell", POSIX)
def test_a_login_shell_whose_start_up_assigns_a_list_gets_our_part_again(node, screens, shell):
    assign = {"fish": "status is-login; and set -gx PARTS /system\n",
              "zsh": "[[ -o login ]] && export PARTS=/system\n",
              "bash": "shopt -q login_shell && export PARTS=/system\n"}[shell]
    (node.home / ".bash_profile").write_text(
        f"PATH={node.home}/tools:{os.path.dirname(cli_program())}:$PATH\n. ~/.bashrc\n")
    node.ok("set", "PARTS=/ours", "--type", "path")
    screen = screens(node, shell, before=assign)
    screen.follows("PARTS", b"/ours")
    screen.type(f"{shell} -l")
    screen.sees("PARTS", b"/ours:/system")
    (node.home / ".bash_profile").unlink()


class Calls:
    """How often the hook asked: a program of that name stands before the real one."""

    def __init__(self, node):
        self.file = node.home / "calls"
        self.file.write_text("")
        folder = node.home / "tools"
        folder.mkdir(exist_ok=True)
        program = folder / "envmesh-cli"
        program.write_text(f"#!/bin/sh\n[ \"$1\" = hook ] || echo >>{self.file}\n"
                           f"exec {cli_program()} \"$@\"\n")
        program.chmod(0o755)

    def since(self, action):
        before = self.file.stat().st_size
        action()
        return self.file.stat().st_size - before


@pytest.mark.parametrize("shell", ALL)
def test_a_project_file_is_noticed(node, screens, shell):
    calls = Calls(node)
    top, below = node.home / "p q", node.home / "p q/a/b"
    below.mkdir(parents=True)
    project = top / ".envmesh.toml"
    project.write_text("profile = 'one'\n")
    screen = screens(node, shell)
    node.set("SETTLED", "1")
    screen.follows("SETTLED", b"1")

    def go(folder):
        return calls.since(lambda: (screen.type(f"cd '{folder}'"), screen.ask()))

    def edit(text):
        return calls.since(lambda: (project.write_text(text), screen.ask(), screen.ask()))

    def settle():
        """On a busy machine a call may come to nothing and be made again at the next prompt."""
        wait_until(lambda: calls.since(screen.ask) == 0, "the hook is at rest")
    settle()
    assert go(node.home) == 0
    assert go(below) >= 1
    settle()
    assert go(top / "a") == 0
    assert edit("profile = 'two'\n") >= 1
    settle()
    assert go(node.home) >= 1
    shutil.rmtree(top)


@pytest.mark.parametrize("shell", POSIX)
def test_a_project_below_a_folder_whose_name_has_a_line_end(node, screens, shell):
    calls = Calls(node)
    top = node.home / "project/one\ntwo\n"
    (top / "below").mkdir(parents=True)
    (top / ".envmesh.toml").write_text("profile = 'one'\n")
    node.set("SETTLED", "1")
    screen = screens(node, shell)
    screen.follows("SETTLED", b"1")
    screen.ask(), screen.ask()
    go = f"cd {node.home}/project/one*/below"
    assert calls.since(lambda: (screen.type(go), screen.ask())) >= 1


@pytest.mark.parametrize("shell", ALL)
def test_a_project_that_is_not_trusted_is_named_once_for_each_text(node, screens, shell):
    folder = node.home / "project"
    (folder / "below").mkdir(parents=True)
    project = folder / ".envmesh.toml"
    project.write_text("required = []\n")
    node.set("A", "1")
    screen = screens(node, shell)
    screen.follows("A", b"1")

    def is_said(times):  # the line may be wider than the terminal
        changed(node)
        screen.ask()
        return "".join(screen.shown().split()).count("itisnottrusted") == times
    assert is_said(0)
    screen.type(f"cd {folder}/below")
    wait_until(lambda: is_said(1), "it is said")
    for _ in range(4):
        assert is_said(1)
    project.write_text(f"required = []\n# another, for {shell}\n")  # an approval stays
    wait_until(lambda: is_said(2), "it is said of the new text")
    node.ok("trust", "--project", str(folder), "--yes")
    screen.follows("ENVMESH_TOLD", None)
    assert is_said(2)


def test_a_daemon_that_says_nothing_is_asked_three_times(node, screens):
    calls = Calls(node)
    screen = screens(node, "bash")
    screen.ask()
    assert calls.since(screen.ask) == 0, "without a generation file there is no daemon"
    node.ok("lock")
    changed(node)
    assert calls.since(lambda: [screen.ask() for _ in range(6)]) == 3
    node.unlock()


RC = {
    "nounset": "set -u\n",
    "errexit": "set -e\n",
    "posix": "set -o posix\n",
    "string": "other() { OTHER_RAN=$?; }\nPROMPT_COMMAND='other; '\n",
    "array": "other() { OTHER_RAN=$?; }\nPROMPT_COMMAND=(other :)\n",
    "later": 'eval "$(envmesh-cli hook bash)"\nother() { OTHER_RAN=$?; }\nPROMPT_COMMAND="$PROMPT_COMMAND; other"\n',
    "unset": "unset PROMPT_COMMAND\n",
    "functrace": "set -T\ntrap ': trapped' DEBUG\n",
    "readonly": "readonly READONLY=1\n",
}


@pytest.mark.parametrize("setting", RC)
def test_bash_with_the_settings_of_other_people(node, screens, setting):
    node.set("A", "1")
    node.set("READONLY", "2")
    screen = screens(node, "bash", before=RC[setting])
    screen.follows("A", b"1")
    screen.type("! true")
    assert screen.ask("$? ${OTHER_RAN-}")[1][0] == "1", "it is alive"
    if setting in ("string", "array", "later"):
        screen.type("sh -c 'exit 7'")
        assert screen.ask("$? ${OTHER_RAN-}")[1] == ["7", "7"]
    node.set("A", "2")
    screen.follows("A", b"2")


@pytest.mark.parametrize("setting", ["setopt err_exit", "setopt no_unset", "setopt ksh_arrays sh_word_split",
                                     "setopt no_clobber warn_create_global csh_junkie_quotes",
                                     "setopt csh_junkie_loops ignore_braces rc_quotes"])
def test_zsh_with_the_settings_of_other_people(node, screens, setting):
    node.set("A", "one\nline")
    screen = screens(node, "zsh", before=setting + "\n")
    screen.follows("A", b"one\nline")
    assert "warning" not in screen.shown() and "scalar" not in screen.shown()


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_hook_that_is_evaluated_twice_runs_once(node, screens, shell):
    screen = screens(node, shell, before=f'eval "$(envmesh-cli hook {shell})"\n' * 2)
    hooks = {"bash": "${PROMPT_COMMAND[@]}", "zsh": "$precmd_functions $preexec_functions"}[shell]
    words = screen.ask(hooks)[1]
    assert words.count("_envmesh_hook") == {"bash": 1, "zsh": 2}[shell], words


def test_a_shell_that_is_not_interactive_is_left_alone(node):
    for shell, test in (("bash", "declare -p PROMPT_COMMAND _envmesh_seen; declare -F"),
                        ("zsh", "typeset -f; print $precmd_functions $_envmesh_seen")):
        if shutil.which(shell):
            done = subprocess.run([shell, "-c", f'eval "$(envmesh-cli hook {shell})"; {test}'],
                                  env=node.environment(), capture_output=True)
            assert done.stdout.strip() == b"", done.stdout


@pytest.mark.parametrize("shell", POSIX)
def test_ctrl_c_while_the_hook_waits_leaves_the_shell_whole(node, screens, shell):
    node.set("A", "1")
    screen = screens(node, shell)
    screen.follows("A", b"1")
    node.set("A", "2")
    node.process.send_signal(signal.SIGSTOP)
    changed(node)
    screen.type("")
    time.sleep(0.05)  # within the 150 ms that the hook waits
    screen.key("C-c")
    screen.type("")
    node.process.send_signal(signal.SIGCONT)
    screen.follows("A", b"2")
    screen.type("sh -c 'exit 5'")
    assert screen.ask(STATUS[shell])[1] == ["5"]


@pytest.mark.parametrize("shell", POSIX)
def test_daemon_deaf_hook_returns_under_200ms(node, screens, shell):
    screen = screens(node, shell)
    screen.ask()
    usual, deaf = [], []
    for times, prepare in ((usual, lambda: None),
                           (deaf, lambda: node.process.send_signal(signal.SIGSTOP))):
        prepare()
        for _ in range(3):
            changed(node)
            begin = time.monotonic()
            screen.type("")
            screen.ask()
            times.append(time.monotonic() - begin)
    # Both wait twice for the hook; a busy machine slows down both.
    assert min(deaf) < 3 * min(usual) + 1.0, (usual, deaf)


def test_daemon_stale_socket_after_kill9(node, screens):
    node.set("A", "1")
    screen = screens(node, "bash")
    screen.follows("A", b"1")
    node.kill()
    assert node.socket.exists()
    changed(node)
    for _ in range(4):
        assert screen.value("A") == b"1", "what is there stays"
    node.start()
    node.unlock()
    node.set("A", "2")
    screen.follows("A", b"2")


def test_sixteen_parallel_exports(node):
    for number in range(50):
        node.set(f"MANY_{number}", "x" * 1000)
    arguments = [cli_program(), "--timeout", "60s", "export", "--strict", "--shell", "bash"]
    running = [subprocess.Popen(arguments, env=node.environment(), stdout=subprocess.PIPE)
               for _ in range(16)]
    outputs = {process.communicate()[0] for process in running}
    assert len(outputs) == 1 and outputs.pop().count(b"export MANY_") == 50
    assert [process.returncode for process in running] == [0] * 16


def test_the_hook_of_bash_passes_shellcheck(node):
    require("shellcheck")
    code = node.ok("hook", "bash")
    done = subprocess.run(["shellcheck", "--shell=bash", "--enable=all",
                           "--exclude=SC2312,SC2250", "-"], input=code, capture_output=True)
    assert done.returncode == 0, done.stdout.decode()


def test_the_hook_of_powershell_is_plain_text_with_pairs_of_brackets(node):
    code = node.ok("hook", "pwsh").decode("ascii")
    assert all(line.strip() for line in code.splitlines())
    for pair in ("()", "{}", "[]"):
        assert code.count(pair[0]) == code.count(pair[1]), pair
    assert code.count("'") % 2 == code.count('"') % 2 == 0


FILES = {"bash": ".bashrc", "zsh": ".zshrc", "fish": ".config/fish/conf.d/envmesh.fish",
         "pwsh": ".config/powershell/profile.ps1", "nu": ".config/nushell/autoload/envmesh.nu",
         "elvish": ".config/elvish/rc.elv", "xonsh": ".config/xonsh/rc.xsh"}


@pytest.mark.parametrize("shell", FILES)
def test_rc_block_installed_once(node, shell):
    rc = node.home / FILES[shell]
    dotfiles = node.home / "dotfiles"
    dotfiles.mkdir(exist_ok=True)
    rc.parent.mkdir(parents=True, exist_ok=True)
    mine = dotfiles / f"{shell}-rc"
    mine.write_bytes(b"# my own \xff line\n")
    mine.chmod(0o640)
    rc.unlink(missing_ok=True)
    rc.symlink_to(mine)
    first = node.ok("hook", "install", shell)
    assert str(rc).encode() in first
    installed = mine.read_bytes()
    assert installed.startswith(b"# my own \xff line\n# >>> envmesh >>>\n")
    assert installed.endswith(b"# <<< envmesh <<<\n")
    assert installed.count(b">>> envmesh >>>") == 1
    for _ in range(3):
        assert b"already" in node.ok("hook", "install", shell)
    assert mine.read_bytes() == installed
    assert rc.is_symlink() and mine.stat().st_mode & 0o777 == 0o640
    node.ok("hook", "uninstall", shell)
    assert mine.read_bytes() == b"# my own \xff line\n"
    assert b"does not" in node.ok("hook", "uninstall", shell)
    rc.unlink()
    node.ok("hook", "install", shell)
    node.ok("hook", "uninstall", shell)
    assert not rc.exists() or rc.read_bytes() == b""
    rc.unlink(missing_ok=True)


def test_a_start_up_file_that_cannot_be_written_is_named(node):
    node.home.joinpath(".bashrc").unlink(missing_ok=True)
    node.home.joinpath(".bashrc").mkdir()
    done = node.cli("hook", "install", "bash")
    assert done.returncode != 0 and b".bashrc" in done.stderr
    node.home.joinpath(".bashrc").rmdir()
    assert node.cli("hook", "dash").returncode == 2
    assert node.cli("hook", "tcsh").returncode == 2


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_name_that_is_read_only_costs_no_other(node, screens, shell):
    node.ok("set", "AAA=1", "MMM=1", "ZZZ=1")
    screen = screens(node, shell, before="readonly MMM=9\n")
    screen.follows("ZZZ", b"1")
    assert screen.value("AAA") == b"1"
    node.ok("delete", "AAA", "MMM", "ZZZ")
    screen.follows("ZZZ", None)
    assert screen.value("AAA") is None


@pytest.mark.parametrize("kind", ["pipe", "link to a pipe", "folder"])
def test_a_start_up_file_that_is_none_is_left_alone(node, tmp_path, kind):
    pipe, rc = tmp_path / "pipe", tmp_path / ".bashrc"
    os.mkfifo(pipe)
    if kind == "pipe":
        pipe.rename(rc)
    elif kind == "folder":
        rc.mkdir()
    else:
        rc.symlink_to(pipe)
    before = os.lstat(rc)
    for verb in ("install", "uninstall"):
        done = node.cli("hook", verb, "bash", HOME=str(tmp_path))
        assert done.returncode == 65 and str(rc).encode() in done.stderr and b"fix:" in done.stderr
    assert os.lstat(rc) == before or kind == "folder"
