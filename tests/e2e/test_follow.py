# SPDX-License-Identifier: MIT
"""An open shell with the hook, a real daemon behind it, and another machine: nobody here writes the
file `generation` but the daemon."""
import shutil

import pytest

SHELLS = ["bash", "zsh", "fish"]
OF_THE_SHELL = (b"_", b"SHLVL", b"OLDPWD", b"PWD", b"LINES", b"COLUMNS")


@pytest.fixture
def pair(own_mesh):
    yield own_mesh
    for node in (own_mesh.a, own_mesh.b):
        for name in (".config", "tools", "reports", "project"):
            shutil.rmtree(node.home / name, ignore_errors=True)


def environment(screen):
    return {key: value for key, value in screen.ask()[0].items() if key not in OF_THE_SHELL}


def arrives(pair, key, value):
    """Both machines have it, so their shells are told."""
    for node in (pair.a, pair.b):
        node.sees(key, value)


def project(node, text):
    folder = node.home / "project"
    (folder / "below").mkdir(parents=True, exist_ok=True)
    (folder / ".envmesh.toml").write_text(text)
    return folder


def stays_without(screen, key):
    """At more prompts than the hook asks again."""
    for _ in range(4):
        assert screen.value(key) is None


@pytest.mark.parametrize("shell", SHELLS)
def test_what_another_machine_sets_is_at_the_next_prompt_and_leaves_no_trace(pair, screens, shell):
    screen = screens(pair.b, shell, REPLACES="it's theirs", EMPTY="")
    screen.sees("REPLACES", b"it's theirs")
    before = environment(screen)
    pair.a.set("REPLACES", "ours\n\u2019$(touch ran)\n")
    pair.a.set("EMPTY", "full")
    pair.a.set("NEW", "")
    screen.sees("NEW", b"")
    screen.sees("REPLACES", "ours\n\u2019$(touch ran)\n".encode())
    screen.sees("EMPTY", b"full")
    pair.a.set("NEW", "again")
    screen.sees("NEW", b"again")
    pair.a.ok("delete", "NEW", "REPLACES", "EMPTY")
    screen.sees("NEW", None)
    assert environment(screen) == before
    assert not (pair.b.home / "ran").exists()


@pytest.mark.parametrize("shell", SHELLS)
def test_a_path_joins_what_is_there_and_leaves_it_as_it_was(pair, screens, shell):
    screen = screens(pair.b, shell, OUR_DIRS="/usr/x:/usr/y", MORE_DIRS="/m")
    screen.sees("OUR_DIRS", b"/usr/x:/usr/y")
    before = environment(screen)
    pair.a.ok("set", "OUR_DIRS=/first:/second", "NO_DIRS=/alone", "--type", "path")
    pair.a.ok("set", "MORE_DIRS=/last", "--type", "path-append")
    screen.sees("OUR_DIRS", b"/first:/second:/usr/x:/usr/y")
    screen.sees("NO_DIRS", b"/alone")
    screen.sees("MORE_DIRS", b"/m:/last")
    pair.a.ok("set", "OUR_DIRS=/third", "MORE_DIRS=/more")  # keep their types
    screen.sees("MORE_DIRS", b"/m:/more")
    screen.sees("OUR_DIRS", b"/third:/usr/x:/usr/y")
    pair.a.ok("delete", "OUR_DIRS", "NO_DIRS", "MORE_DIRS")
    screen.sees("NO_DIRS", None)
    screen.sees("MORE_DIRS", b"/m")
    assert environment(screen) == before


@pytest.mark.parametrize("shell", SHELLS)
def test_the_path_of_programs_itself(pair, screens, shell):
    screen = screens(pair.b, shell)
    before = environment(screen)
    pair.b.ok("set", f"PATH={pair.b.home}/ours", "--type", "path")  # set here: approved
    screen.sees("PATH", f"{pair.b.home}/ours:".encode() + before[b"PATH"])
    folder = pair.b.home / "ours"
    folder.mkdir()
    try:
        (folder / "of-ours").write_text("#!/bin/sh\nexec report \"$@\"\n")
        (folder / "of-ours").chmod(0o755)
        screen.type("of-ours by-path")
        screen.ask()
        assert (screen.reports / "by-path").exists()
    finally:
        shutil.rmtree(folder)
    pair.b.ok("delete", "PATH")
    screen.sees("PATH", before[b"PATH"])
    assert environment(screen) == before


@pytest.mark.parametrize("shell", SHELLS)
def test_a_project_counts_inside_of_its_folder_once_it_is_trusted(pair, screens, shell):
    pair.a.ok("profile", "create", "dev")
    pair.a.ok("set", "NEEDED=of dev", "-P", "dev")
    pair.a.ok("set", "WIDE=shared")
    pair.a.ok("set", "WIDE=of dev", "-P", "dev")
    folder = project(pair.b, "profile = 'dev'\nrequired = ['NEEDED']\n")
    screen = screens(pair.b, shell)
    screen.sees("WIDE", b"shared")
    pair.b.sync()

    screen.type(f"cd {folder}/below")
    stays_without(screen, "NEEDED")
    assert screen.value("WIDE") == b"shared"
    screen.type("envmesh-cli trust --project --yes")
    screen.sees("NEEDED", b"of dev")
    assert screen.value("WIDE") == b"of dev"

    screen.type("cd /")
    screen.sees("NEEDED", None)
    assert screen.value("WIDE") == b"shared"
    screen.type(f"cd {folder}")
    screen.sees("NEEDED", b"of dev")
    pair.a.ok("set", "NEEDED=changed", "-P", "dev")
    screen.sees("NEEDED", b"changed")

    project(pair.b, "profile = 'dev'\nrequired = ['NEEDED']\n# somebody else's\n")
    screen.sees("NEEDED", None)
    stays_without(screen, "NEEDED")
    project(pair.b, "profile = 'dev'\nrequired = ['NEEDED']\n")
    screen.sees("NEEDED", b"changed")
    screen.type("envmesh-cli untrust --project")
    screen.sees("NEEDED", None)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_value_that_chooses_what_runs_waits_for_approval(pair, screens, shell):
    screen = screens(pair.b, shell, PAGER="mine")
    pair.a.ok("set", "PAGER=evil", "EDITOR=vi", "NODE_OPTIONS=--require x")
    arrives(pair, "EDITOR", "vi")
    pair.a.set("FREE", "1")
    screen.sees("FREE", b"1")
    stays_without(screen, "EDITOR")
    assert (screen.value("PAGER"), screen.value("NODE_OPTIONS")) == (b"mine", None)
    screen.type("envmesh-cli trust EDITOR PAGER --yes")
    screen.sees("EDITOR", b"vi")
    assert (screen.value("PAGER"), screen.value("NODE_OPTIONS")) == (b"evil", None)
    pair.a.set("EDITOR", "worse")
    screen.sees("EDITOR", None)
    stays_without(screen, "EDITOR")
    pair.a.set("EDITOR", "vi")
    screen.sees("EDITOR", b"vi")
    pair.b.ok("untrust", "EDITOR", "PAGER")
    screen.sees("EDITOR", None)
    screen.sees("PAGER", b"mine")


@pytest.mark.parametrize("shell", SHELLS)
def test_profiles_and_machines(pair, screens, shell):
    for name in ("dev", "eu"):
        pair.a.ok("profile", "create", name)
        pair.a.ok("set", f"WHICH={name}", f"OF_{name.upper()}=1", "-P", name)
    pair.a.set("WHICH", "shared")
    screen = screens(pair.b, shell)
    screen.sees("WHICH", b"shared")
    pair.b.sync()
    screen.type("envmesh-cli profile use dev")
    screen.sees("WHICH", b"dev")
    screen.type("envmesh-cli profile use dev eu")
    screen.sees("WHICH", b"eu")
    assert screen.value("OF_DEV") == b"1"
    pair.a.ok("set", "WHICH=for b", "--scope", "device/b")
    screen.sees("WHICH", b"for b")
    assert pair.a.get("WHICH") == b"shared"
    pair.b.ok("profile", "use")
    screen.sees("OF_EU", None)
    assert screen.value("WHICH") == b"for b"
    pair.a.ok("delete", "WHICH", "--scope", "device/b")
    screen.sees("WHICH", b"shared")


@pytest.mark.parametrize("shell", SHELLS)
def test_what_is_there_stays_while_the_vault_is_locked(pair, screens, shell):
    pair.a.set("KEPT", "1")
    screen = screens(pair.b, shell)
    screen.sees("KEPT", b"1")
    pair.b.ok("lock")
    pair.a.set("KEPT", "2")
    for _ in range(4):
        assert screen.value("KEPT") == b"1"
    pair.b.unlock()
    screen.sees("KEPT", b"2")
