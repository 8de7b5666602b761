# SPDX-License-Identifier: MIT
"""`doctor` is green where all is well, and points at what is not: real daemons and real shells."""
import getpass
import json
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess

import pytest

from harness import ALONE, cli_program, wait_until
from terminal import Terminal

SHELLS = ["bash", "zsh", "fish"]
RC = {"bash": ".bashrc", "zsh": ".zshrc", "fish": ".config/fish/config.fish",
      "xonsh": ".config/xonsh/rc.xsh", "elvish": ".config/elvish/rc.elv"}
VALUE = "canary-value-5f1c"


@pytest.fixture(scope="module")
def alone(shared_playground):
    node = shared_playground.node("canary-device", ALONE + "[lock]\non_sleep = false\non_logout = false\n")
    node.ok("init", "--name", "canary-device", "--password-file", str(node.password_file))
    node.set("CANARY_NAME", VALUE)
    node.set("SECOND", "two\nlines of 'it'")
    return node


@pytest.fixture
def node(alone):
    """A home without start-up files, and a daemon that is awake."""
    yield alone
    if alone.is_running():
        alone.process.send_signal(signal.SIGCONT)
    else:
        alone.start()
    alone.unlock()
    for name in (".bashrc", ".zshrc", ".zshenv", ".profile", ".config", ".local", "tools"):
        path = alone.home / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def require(shell):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    if not os.access("/dev/ptmx", os.W_OK):
        pytest.skip("there are no pseudo-terminals here (/dev/ptmx)")


def examine(node, *arguments, **more):
    """Exit status and what was found, by check; one that is told twice counts with its worst."""
    more.setdefault("SHELL", "/bin/sh")
    done = node.cli("doctor", "--json", *arguments, **more)
    assert VALUE.encode() not in done.stdout + done.stderr
    found = {}
    for one in json.loads(done.stdout):
        assert list(one) == ["check", "state", "message", "fix"]
        assert bool(one["fix"]) == (one["state"] != "ok"), one
        order = ["ok", "warning", "fault"]
        known = found.get(one["check"])
        if known is None or order.index(known["state"]) < order.index(one["state"]):
            found[one["check"]] = one
    return done.returncode, found


def bad(found):
    return {check: one["state"] for check, one in found.items() if one["state"] != "ok"}


def rc(node, shell, before="", after=""):
    """A start-up file with the hook between these."""
    file = node.home / RC[shell]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(before)
    node.ok("hook", "install", shell)
    with open(file, "a") as end:
        end.write(after)
    return file


@pytest.mark.parametrize("shell", [*SHELLS, "elvish", "xonsh"])
def test_a_healthy_machine_is_green(node, shell):
    require(shell)
    rc(node, shell)
    code, found = examine(node)
    assert code == 0 and not bad(found), bad(found)
    assert found[shell]["message"] == "a new shell gets 2 variables"


def test_a_shell_of_the_person_without_the_hook(node):
    code, found = examine(node, SHELL="/bin/bash")
    assert code == 0 and bad(found) == {"bash-file": "warning"}
    assert found["bash-file"]["fix"] == "envmesh-cli hook install bash"
    (node.home / ".bashrc").write_text('eval "$(envmesh-cli export)"\n')
    _, found = examine(node, SHELL="/bin/bash")
    assert "envmesh-cli export" in found["bash-file"]["message"]
    assert ".bashrc:1" in found["bash-file"]["message"]


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_start_up_file_that_returns_early(node, shell):
    require(shell)
    rc(node, shell, before="return\n")
    code, found = examine(node)
    assert code == 1 and bad(found) == {shell: "fault"}
    assert "does not run" in found[shell]["message"] and "Move the block" in found[shell]["fix"]


@pytest.mark.parametrize("shell, after", [("bash", 'PROMPT_COMMAND=""\n'), ("zsh", "precmd_functions=() preexec_functions=()\n"),
                                          ("fish", "functions -e _envmesh_hook\n")])
def test_a_start_up_file_that_takes_the_hook_away(node, shell, after):
    require(shell)
    for before in ("# mine\n\n", "HERE=1\n" if shell != "fish" else "set HERE 1\n"):
        file = rc(node, shell, before, after)
        code, found = examine(node)
        assert code == 1 and bad(found) == {shell: "fault"}
        if shell != "fish":
            assert found[shell]["fix"] == f"Move the block to the end of {file}"
        file.unlink()


@pytest.mark.parametrize("login, state", [("/bin/dash", "ok"), ("/bin/tcsh", "warning"), ("/bin/false", "warning"),
                                          ("/nonexistent/zsh", "warning")])
def test_a_login_shell_that_no_hook_serves_is_told(node, login, state):
    if login.startswith("/bin") and not os.path.exists(login):
        pytest.skip(f"{login} is not installed")
    code, found = examine(node, SHELL=login)
    assert code == 0 and found["login-shell"]["state"] == state and login in found["login-shell"]["message"]


TAKES_AWAY = {"bash": "PROMPT_COMMAND+=('unset CANARY_NAME')\n",
              "zsh": "later() { unset CANARY_NAME; }\nprecmd_functions+=(later)\npreexec_functions+=(later)\n",
              "fish": "function later --on-event fish_prompt --on-event fish_preexec; set -e CANARY_NAME; end\n"}
REPLACES = {"bash": "PROMPT_COMMAND+=('export CANARY_NAME=mine')\n",
            "zsh": "later() { export CANARY_NAME=mine; }\nprecmd_functions+=(later)\npreexec_functions+=(later)\n",
            "fish": "function later --on-event fish_prompt --on-event fish_preexec; set -gx CANARY_NAME mine; end\n"}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_variable_that_is_taken_away_again(node, shell):
    require(shell)
    rc(node, shell, after=TAKES_AWAY[shell])
    code, found = examine(node)
    assert code == 1 and bad(found) == {shell: "fault"}
    assert found[shell]["message"] == "1 of 2 variables are taken away again in a new shell: CANARY_NAME"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_variable_that_gets_another_value(node, shell):
    require(shell)
    rc(node, shell, after=REPLACES[shell])
    code, found = examine(node)
    assert code == 1 and bad(found) == {shell: "fault"}
    assert found[shell]["message"] == "1 of 2 variables get another value in a new shell: CANARY_NAME"


PATHS = {"bash": "PATH=/usr/bin:/bin\n", "zsh": "path=(/usr/bin /bin)\n", "fish": "set -gx PATH /usr/bin /bin\n"}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_path_without_the_program(node, shell):
    require(shell)
    if shell == "fish":
        (node.home / ".config/fish/conf.d").mkdir(parents=True)
        (node.home / ".config/fish/conf.d/a.fish").write_text(PATHS[shell])
    rc(node, shell, before="" if shell == "fish" else PATHS[shell])
    code, found = examine(node)
    assert code == 1 and bad(found) == {shell: "fault"}
    assert "PATH" in found[shell]["message"] and os.path.dirname(cli_program()) in found[shell]["fix"]


def test_another_program_of_that_name(node):
    tools = node.home / "tools"
    tools.mkdir()
    shutil.copy(cli_program(), tools / "envmesh-cli")
    code, found = examine(node, PATH=f"{tools}:{os.path.dirname(cli_program())}:/usr/bin:/bin")
    assert code == 0 and bad(found) == {"program": "warning"}


def test_a_block_that_stands_there_twice(node):
    file = rc(node, "bash")
    file.write_text(file.read_text() * 2 + 'eval "$(envmesh-cli export)"\n')
    code, found = examine(node)
    assert code == 0 and bad(found) == {"bash-file": "warning"}
    done = node.cli("doctor", SHELL="/bin/sh")
    assert done.stdout.count(b"fix: ") == 2
    assert b".bashrc:1, " in done.stdout and b".bashrc:11" in done.stdout
    node.ok("hook", "install", "bash")
    file.write_text(file.read_text().replace('eval "$(envmesh-cli export)"\n', ""))
    assert not bad(examine(node)[1]), "the fix fixes it"


def test_a_block_without_an_end(node):
    (node.home / ".bashrc").write_text("# >>> envmesh >>>\n")
    code, found = examine(node)
    assert code == 1 and found["bash-file"]["state"] == "fault"


@pytest.mark.parametrize("hindrance", ["read -p 'Delete everything? ' answer", "sleep 600", "exec cat",
                                       "while :; do read -rsn1 key; done", "while :; do echo busy; done"])
def test_a_start_up_file_that_asks_or_hangs(node, hindrance):
    rc(node, "bash", before=f"echo $$ >{node.home}/tools-pid\n{hindrance}\n")
    code, found = examine(node)
    assert code == 0 and bad(found) == {"bash": "warning"}
    shell = int((node.home / "tools-pid").read_text())
    assert not pathlib.Path(f"/proc/{shell}").exists(), "nothing is left"


def test_what_a_start_up_file_leaves_running_at_the_terminal_is_ended(node):
    rc(node, "bash", before=f"set -m; sleep 613 & echo $! >{node.home}/tools-pid\nset +m\n")
    code, found = examine(node)
    assert code == 0 and not bad(found), bad(found)
    job = (node.home / "tools-pid").read_text().strip()

    def is_gone():
        try:
            return ") Z " in pathlib.Path(f"/proc/{job}/stat").read_text()
        except OSError:
            return True
    wait_until(is_gone, "the job is ended")


def test_a_start_up_file_that_leaves(node):
    rc(node, "bash", before="exit 3\n")
    code, found = examine(node)
    assert code == 1 and bad(found) == {"bash": "fault"}


def test_a_shell_that_speaks_to_another_daemon(node):
    rc(node, "bash", before="export ENVMESH_HOME=$HOME/tools\n")
    code, found = examine(node)
    assert code == 1 and "another daemon" in found["bash"]["message"]


@pytest.mark.parametrize("shell", SHELLS)
def test_nothing_is_left_in_a_history(node, shell):
    require(shell)
    history = node.home / "tools-history"
    settings = {"bash": f"HISTFILE={history}\nshopt -s histappend\nPROMPT_COMMAND+=('history -a')\n",
                "zsh": f"HISTFILE={history}\nHISTSIZE=100\nSAVEHIST=100\nsetopt share_history\n", "fish": ""}
    rc(node, shell, before=settings[shell])
    code, found = examine(node)
    assert code == 0 and not bad(found), bad(found)
    files = [history, *(node.home / ".local").rglob("*history*")]
    assert not [file for file in files if file.is_file() and b"doctor-look" in file.read_bytes()]


def test_a_shell_that_has_it_all_is_no_proof_for_a_new_one(node):
    rc(node, "bash", before="return\n")
    exported = {"CANARY_NAME": VALUE, "SECOND": "two\nlines of 'it'"}
    code, found = examine(node, **exported)
    assert code == 1 and bad(found) == {"bash": "fault"}


def test_the_shell_that_asks(node):
    def asked_by_bash(**more):
        command = "envmesh-cli doctor --json; true"
        done = subprocess.run(["bash", "-c", command], env=node.environment(SHELL="/bin/sh", **more),
                              capture_output=True, timeout=60)
        return {one["check"]: one for one in json.loads(done.stdout)}["this-shell"]
    one = asked_by_bash()
    assert one["state"] == "warning" and one["fix"] == "envmesh-cli hook install bash; exec bash"
    one = asked_by_bash(CANARY_NAME="mine")
    assert one["message"].startswith("1 variable ") and "mine" not in one["message"]
    assert asked_by_bash(CANARY_NAME=VALUE, SECOND="two\nlines of 'it'")["state"] == "ok"


def test_a_daemon_that_is_not_there(node):
    node.kill()
    code, found = examine(node)
    assert code == 1 and bad(found) == {"daemon": "fault"}
    assert "socket is there" in found["daemon"]["message"] and "envmesh-daemon" in found["daemon"]["fix"]
    node.socket.unlink()
    assert "no daemon runs" == examine(node)[1]["daemon"]["message"]


def test_a_daemon_that_is_stopped(node):
    rc(node, "bash")
    node.process.send_signal(signal.SIGSTOP)
    code, found = examine(node)
    assert code == 1 and bad(found) == {"daemon": "fault"}
    assert "does not answer" in found["daemon"]["message"]


def test_a_vault_that_is_locked(node):
    rc(node, "bash")
    node.ok("lock")
    code, found = examine(node)
    assert code == 1 and bad(found) == {"vault": "fault"}
    assert found["vault"]["fix"] == "envmesh-cli unlock"


def test_folders_and_files_that_are_open_to_others(node):
    config = node.home / "config.toml"
    try:
        node.home.chmod(0o755)
        config.chmod(0o666)
        code, found = examine(node)
        assert code == 1 and bad(found) == {"folders": "fault", "configuration": "fault"}
        assert found["folders"]["fix"] == f"chmod 700 {node.home}"
    finally:
        node.home.chmod(0o700)
        config.chmod(0o644)


def test_a_person_sees_colours_and_keeps_the_terminal(node):
    rc(node, "bash")
    terminal = Terminal(node, "doctor")
    terminal.expect("\x1b\\[32mok +\x1b\\[0mdaemon +answers")
    terminal.expect("a new shell gets 2 variables")
    assert terminal.finish() == 0
    assert "doctor-look" not in terminal.shown


def report(node, file, **more):
    """The report, and what the person is told."""
    file.write_text("before")
    file.chmod(0o644)
    done = node.cli("doctor", "--bundle", str(file), SHELL="/bin/bash", **more)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    return file.read_text(), done.stdout.decode()


def test_a_bundle_names_nothing(mesh, tmp_path):
    node = mesh.a
    own = {"CANARY_KEY": "canary-value", "GIT_SSH_COMMAND": "canary-command"}
    for key, value in own.items():
        node.set(key, value)
    mesh.b.set("NODE_OPTIONS", "--require=canary-code")
    wait_until(lambda: node.listed("NODE_OPTIONS"), "it arrives")
    rc(node, "bash", after="PROMPT_COMMAND+=('unset CANARY_KEY')\n")
    text, said = report(node, tmp_path / "canary-report")
    assert "CANARY_KEY" in said and "NODE_OPTIONS" in said, "a person is told"
    more, _ = report(node, tmp_path / "canary-report", ENVMESH_PROFILE="canary-profile", CANARY_KEY="canary-other")
    status = node.status()
    for word in ["canary", "CANARY", "NODE_OPTIONS", "GIT_SSH", str(node.home), str(tmp_path), status["device"],
                 status["mesh"], mesh.server.key, mesh.server.url, f":{mesh.server.port}",
                 os.path.dirname(cli_program())]:
        assert word not in text + more, (word, text)
    for word in (os.uname().nodename, getpass.getuser()):
        assert not re.search(rf"\b{re.escape(word)}\b", text + more), (word, text)
    for part in ("[versions]", "[checks]", "[status]", "[counts]", '"state":"unlocked"', "fault\tbash\t", "Linux "):
        assert part in text
    json.loads(text.split("[status]\n")[1].splitlines()[0])
    (node.home / ".bashrc").unlink()
    node.ok("delete", *own)
    mesh.b.ok("delete", "NODE_OPTIONS")


def test_a_bundle_replaces_only_a_file(node, tmp_path):
    for target in ("/dev/null", str(tmp_path)):
        done = node.cli("doctor", "--bundle", target)
        assert done.returncode == 65 and target.encode() in done.stderr
    link = tmp_path / "link"
    link.symlink_to("/dev/null")
    assert node.cli("doctor", "--bundle", str(link)).returncode == 65 and link.is_symlink()
