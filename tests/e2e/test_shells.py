# SPDX-License-Identifier: MIT
"""Mistakes that similar programs made, one test each, and every shell that is here."""
import json
import shutil
import subprocess

import pytest

import powershell
from harness import PATIENCE, cli_program
from ipc import Caller

LINES = {
    "dash": 'eval "$(envmesh-cli export)"; exec env -0',
    "bash": 'eval "$(envmesh-cli export)"; exec env -0',
    "zsh": 'eval "$(envmesh-cli export)"; exec env -0',
    "ksh93": 'eval "$(envmesh-cli export)"; exec env -0',
    "mksh": 'eval "$(envmesh-cli export)"; exec env -0',
    "fish": "envmesh-cli export --shell fish | source; exec env -0",
    "elvish": "eval (envmesh-cli export --shell elvish | slurp); exec env -0",
    "xonsh": "execx($(envmesh-cli export --shell xonsh)); ![env -0]",
    "nu": "envmesh-cli export --shell nu | from json | load-env; ^env -0",
}
OPTIONS = {"bash": ["--norc"], "zsh": ["-f"], "elvish": ["-norc"], "xonsh": ["--no-rc"], "nu": ["-n"]}
HOSTILE = {
    "TRAILING": "C:\\x\\",
    "INJECTION": "\\'; touch ran; #",
    "SMART": "it\u2019s \u2018\u201a\u201b; New-Item ran",
    "SMART_BREAKOUT": "\u2019; New-Item ran; \u2018",
    "MULTILINE": "one\n\ntwo\r\n\r\nthree\n\n",
    "EMPTY": "",
    "DOLLAR": "$(touch ran) `touch ran` ${env:HOME} %PATH%",
    "A_PATH": "~/a:$HOME::b",
    "PLAIN": "C:\\Program Files\\x",
}


@pytest.fixture(scope="module")
def node(shared_playground):
    node = shared_playground.node("exporter")
    node.ok("init", "--name", "exporter", "--password-file", str(node.password_file))
    for key, value in HOSTILE.items():
        node.set(key, value)
    return node


def exported(node, shell):
    return node.ok("--timeout", "60s", "export", "--strict", "--shell", shell)


def environment_of(node, shell, folder):
    """What a program sees that the shell starts; as its users are told to write it, but patient."""
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    line = LINES[shell].replace("cli export", "cli --timeout 60s export --strict")
    more = {"PATH": f"{node.environment()['PATH']}:{shutil.which(shell)[:-len(shell) - 1]}"}
    done = subprocess.run([shutil.which(shell), *OPTIONS.get(shell, []), "-c", line], cwd=folder,
                          env=node.environment(**more), capture_output=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    assert list(folder.iterdir()) == [], "a value ran as a command"
    return dict(one.split(b"=", 1) for one in done.stdout.split(b"\0") if b"=" in one)


@pytest.mark.parametrize("shell", LINES)
def test_the_documented_line_works_in(node, shell, tmp_path):
    seen = environment_of(node, shell, tmp_path)
    for key, value in HOSTILE.items():
        assert seen[key.encode()] == value.encode(), key


def test_fish_trailing_backslash(node, tmp_path):
    assert environment_of(node, "fish", tmp_path)[b"TRAILING"] == b"C:\\x\\"


def test_fish_backslash_quote_injection(node, tmp_path):
    assert environment_of(node, "fish", tmp_path)[b"INJECTION"] == b"\\'; touch ran; #"


def test_pwsh_smart_quote(node):
    output = exported(node, "pwsh")
    assert output == exported(node, "powershell")
    assert powershell.evaluated(output) == HOSTILE


def test_pwsh_line_by_line_multiline(node):
    lines = exported(node, "pwsh").splitlines(keepends=True)
    assert len(lines) == len(HOSTILE), "each variable is one line"
    for line in lines:
        (key, value), = powershell.evaluated(line).items()
        assert HOSTILE[key] == value


def test_pwsh_no_blank_line(node):
    output = exported(node, "pwsh")
    assert all(line.strip() for line in output.splitlines())
    assert all(0x20 <= byte < 0x7f or byte == 0x0a for byte in output)


def test_the_reader_of_powershell_finds_mistakes():
    for bad in (b"${env:A}='it\xe2\x80\x99s'\n", b"${env:A}='x'; y\n", b"${env:A}='x'\n\n", b"x\n",
                b"${env:A}='x\n'\n", b"${env:A}='x'"):
        with pytest.raises((AssertionError, UnicodeError)):
            powershell.evaluated(bad)
    with pytest.raises(AssertionError):
        powershell.statement("${env:A}='it\u2019s'", {})
    assert powershell.evaluated(b"${env:A}='it''s'\n${env:B}=$null\n", {"B": "1"}) == {"A": "it's"}


def test_non_utf8_roundtrip(node, tmp_path):
    node.set("RAW", b"\xff\xfe\x80 caf\xc3")
    try:
        for shell in LINES:
            if not shutil.which(shell):
                continue
            seen = environment_of(node, shell, tmp_path)
            if shell == "nu":
                assert b"RAW" not in seen, "left out, not damaged"
            else:
                assert seen[b"RAW"] == b"\xff\xfe\x80 caf\xc3", shell
        assert b"RAW" not in exported(node, "pwsh") and b"RAW" not in exported(node, "cmd")
    finally:
        node.ok("delete", "RAW")


def test_name_injection_refused(node):
    for name in ("X;touch ran;Y", "a[$(touch ran)]", "A B", "A\nB", "1A", "A-B", "\u00c4", "A'B", "${A}"):
        with Caller(node) as caller:
            answer = caller.ask(id=1, call="set", items=[{"key": name, "value": "v"}])
        assert answer["error"]["code"] == "INVALID", answer
    for shell in ("sh", "bash", "fish", "pwsh", "nu", "elvish", "xonsh", "cmd", "tmux"):
        assert b"touch ran;Y" not in exported(node, shell)


def test_cmd_gets_what_it_can_take(node):
    assert exported(node, "cmd") == b'set "PLAIN=C:\\Program Files\\x"\n' \
                                    b'set "TRAILING=C:\\x\\"\n'


def test_nu_gets_one_object(node):
    assert json.loads(exported(node, "nu")) == HOSTILE


def test_c_shells_are_told_what_works(node):
    for shell in ("csh", "tcsh"):
        done = node.cli("export", "--shell", shell)
        assert done.returncode == 2 and done.stdout == b"" and b"envmesh-cli run --" in done.stderr
    if shutil.which("tcsh"):
        done = subprocess.run(["tcsh", "-f", "-c", "envmesh-cli export; echo $status"],
                              env=node.environment(), capture_output=True)
        assert done.stdout == b"2\n" and b"envmesh-cli run --" in done.stderr


def test_the_shell_is_the_one_that_asks(node):
    ansi, plain = exported(node, "bash"), exported(node, "sh")
    line = f"{cli_program()} --timeout 60s export --strict; :"
    for shell, expected in (("bash", ansi), ("dash", plain), ("fish", exported(node, "fish"))):
        if shutil.which(shell):
            done = subprocess.run([shell, "-c", line], env=node.environment(SHELL="/usr/bin/fish"),
                                  capture_output=True)
            assert done.stdout == expected, shell
    strange = subprocess.run([cli_program(), "export", "--strict"], capture_output=True,
                             env=node.environment(SHELL="/usr/bin/fish"))
    assert strange.stdout == exported(node, "fish"), "python is no shell, so it is SHELL's turn"
    named = node.cli("export", "--strict", ENVMESH_SHELL="bash", SHELL="/usr/bin/fish")
    assert named.stdout == ansi


def test_tmux_gives_new_windows_the_variables(node, tmp_path):
    if not shutil.which("tmux"):
        pytest.skip("tmux is not installed")
    tmux = ["tmux", "-S", str(tmp_path / "s"), "-f", "/dev/null"]
    environment = {**node.environment(), "LANG": "C.UTF-8"}
    subprocess.run([*tmux, "new-session", "-d", "sleep 1000"], env=environment, check=True)
    try:
        subprocess.run([*tmux, "source-file", "-"], env=environment, check=True,
                       input=exported(node, "tmux"))
        done = tmp_path / "done"
        subprocess.run([*tmux, "new-window", f"env -0 >{done}.new; mv {done}.new {done}; "
                        f"{' '.join(tmux)} wait-for -S done"], env=environment, check=True)
        subprocess.run([*tmux, "wait-for", "done"], check=True, timeout=PATIENCE)
        seen = dict(one.split(b"=", 1) for one in done.read_bytes().split(b"\0") if one)
        for key, value in HOSTILE.items():
            assert seen[key.encode()] == value.encode(), key
        assert b"ENVMESH_STATE" in seen, "so that their hook can undo"
    finally:
        subprocess.run([*tmux, "kill-server"])


def test_tmux_loses_what_is_deleted_and_nothing_else(node, tmp_path):
    if not shutil.which("tmux"):
        pytest.skip("tmux is not installed")
    socket = tmp_path / "s"
    tmux = ["tmux", "-S", str(socket), "-f", "/dev/null"]
    environment = {**node.environment(), "LANG": "C.UTF-8", "ZT_BEFORE": "theirs"}
    subprocess.run([*tmux, "new-session", "-d", "sleep 1000"], env=environment, check=True)

    def refresh():
        code = node.ok("--timeout", "60s", "export", "--strict", "--shell", "tmux", TMUX=f"{socket},1,0")
        subprocess.run([*tmux, "source-file", "-"], env=environment, check=True, input=code)
        shown = subprocess.run([*tmux, "-u", "show-environment", "-g"], env=environment, check=True,
                               capture_output=True)
        return shown.stdout.decode().splitlines()
    try:
        node.ok("set", "ZT_NEW=\u00e4$x\"", "ZT_BEFORE=ours", "ZT_MINE=1")
        assert {"ZT_NEW=\u00e4$x\"", "ZT_BEFORE=ours"} <= set(refresh())
        subprocess.run([*tmux, "set-environment", "-g", "ZT_MINE", "person"], check=True)
        state = [line for line in refresh() if line.startswith("ENVMESH_STATE=")]
        assert "ZT_NEW=" in state[0], "the marks stay, for the hooks of new windows"
        node.ok("delete", "ZT_NEW", "ZT_BEFORE", "ZT_MINE")
        left = refresh()
        assert {"ZT_BEFORE=theirs", "ZT_MINE=person"} <= set(left)
        assert not [line for line in left if "ZT_NEW" in line]
    finally:
        subprocess.run([*tmux, "kill-server"])
