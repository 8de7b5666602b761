# SPDX-License-Identifier: MIT
"""Nothing that another machine sets runs code, ends a shell, or changes what it is."""
import os
import re
import shutil
import subprocess

import pytest

from harness import PATIENCE

# Parameters that a shell knows only once they are set, or in a session with a terminal.
UNLISTED = ("PS0 PS3 RPROMPT RPROMPT2 RPS1 RPS2 SPROMPT MAIL MAILPATH MAILCHECK TMOUT HISTFILE HISTSIZE HISTFILESIZE "
            "HISTCMD HISTTIMEFORMAT KEYTIMEOUT LISTMAX FUNCNEST CHILD_MAX BAUD ERRNO LOGCHECK DIRSTACKSIZE EXECIGNORE "
            "PROMPT_EOL_MARK REPORTTIME REPORTMEMORY PERIOD WATCH ARGV0 KSH_VERSION KSHUID JOBMAX _comp_setup _envmesh_tries "
            "POSIXLY_CORRECT COMP_WORDBREAKS TIMEFORMAT BASH_COMPAT BASH_XTRACEFD USERNAME PROMPT PROMPT_COMMAND").split()
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], ["bash", "-c", "compgen -v"]),
    "zsh": (["zsh", "-f", "-i", "-o", "prompt_subst"], ["zsh", "-fc", "print -l ${(k)parameters[(R)*special*]}"]),
    "mksh": (["mksh", "-i"], ["mksh", "-c", "typeset | while read -r all; do echo ${all##* }; done"]),
    "ksh93": (["ksh93", "-i"], ["ksh93", "-c", "typeset +"]),
}
# As arithmetic, as a prompt, and as a list of mailboxes; `path` is an array of zsh.
VALUES = ("path[$(touch ran)]", "x[$(touch ran)]", "$(touch ran)", "x?$(touch ran)", "nobody", "0", "not a number")


def own_parameters(listing):
    listed = subprocess.run(listing, capture_output=True, check=True, text=True, env={"PATH": os.environ["PATH"]})
    return [name for name in listed.stdout.split() if re.fullmatch("[A-Z_][A-Z0-9_]*", name)]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shells_own_parameters_cannot_be_set_from_another_machine(mesh, shell, tmp_path):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    command, listing = SHELLS[shell]
    names = sorted({*UNLISTED, *own_parameters(listing)})
    for value in VALUES:
        accepted = [name for name in names if mesh.a.cli("set", f"{name}={value}").returncode == 0]
        assert "PATH" in accepted, "the list is that of a shell"
        mesh.a.ok("set", f"EVALUATED_TO_ITS_END={value}")
        mesh.a.sync()
        mesh.b.sees("EVALUATED_TO_ITS_END", value)
        script = ('eval "$(envmesh-cli export)"\necho "alive $EVALUATED_TO_ITS_END"\necho "user $(/usr/bin/id -un)"\n'
                  "/bin/true\n")
        done = subprocess.run(command, input=script.encode(), cwd=tmp_path, capture_output=True, timeout=PATIENCE,
                              env=mesh.b.environment(), start_new_session=True)
        said = (done.stdout + done.stderr).decode(errors="replace")
        assert f"alive {value}" in said, said
        assert "user nobody" not in said
        assert not (tmp_path / "ran").exists(), value
        mesh.a.ok("delete", "EVALUATED_TO_ITS_END", *accepted)
