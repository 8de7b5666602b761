# SPDX-License-Identifier: MIT
"""The files of installers/linux: what systemd and desktops say of them, and a server's credential."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

import harness

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "installers/linux"
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"),
                                   reason="needs systemd-analyze")


def analyze(*words, **more):
    return subprocess.run(["systemd-analyze", *map(str, words)], capture_output=True, text=True,
                          timeout=60, env={**os.environ, **more})


@needs_systemd
def test_the_server_is_exposed_to_little():
    said = analyze("security", "--offline=true", "--no-pager", FOLDER / "envmesh-server.service")
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", said.stdout)
    assert float(level[1]) <= 2.0, said.stdout


@needs_systemd
@pytest.mark.parametrize("units", [["envmesh-server.service"],
                                   ["envmesh.service", "envmesh.socket"]])
def test_systemd_has_nothing_to_say_of_them(tmp_path, units):
    for name in units:
        text = (FOLDER / name).read_text()
        (tmp_path / name).write_text(text.replace("/usr/bin/envmesh-daemon",
                                                  harness.daemon_program()))
    user = ["--user"] if len(units) > 1 else []
    said = analyze(*user, "verify", "--man=no", *[tmp_path / name for name in units],
                   XDG_RUNTIME_DIR=str(tmp_path))
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


@pytest.mark.skipif(not shutil.which("desktop-file-validate"), reason="needs desktop-file-utils")
def test_the_desktop_entry_is_valid():
    said = subprocess.run(["desktop-file-validate", FOLDER / "envmesh.desktop"],
                          capture_output=True, text=True)
    assert (said.returncode, said.stdout) == (0, "")


def test_a_credential_of_the_service_is_the_key_of_the_vault(playground, tmp_path):
    key = os.urandom(32)
    (tmp_path / "vault.key").write_bytes(key)
    tmp_path.chmod(0o500)
    server = playground.server(start=False)
    server.start(environment=server.environment(CREDENTIALS_DIRECTORY=str(tmp_path)))
    identity = server.key
    assert not (server.home / "vault.key").exists()
    assert (tmp_path / "vault.key").read_bytes() == key
    assert server.terminate() == 0
    server.start(environment=server.environment(CREDENTIALS_DIRECTORY=str(tmp_path)))
    assert server.key == identity
    assert server.terminate() == 0
    server.start(wait=False)  # without it
    assert server.process.wait(timeout=harness.PATIENCE) == 5
    tmp_path.chmod(0o700)
    (tmp_path / "vault.key").write_bytes(os.urandom(32))
    server.start(wait=False, environment=server.environment(CREDENTIALS_DIRECTORY=str(tmp_path)))
    assert server.process.wait(timeout=harness.PATIENCE) == 5


def test_installing_puts_the_path_of_the_program_into_the_units(tmp_path):
    """As `cmake --install --prefix` does, without the programs."""
    build = tmp_path / "build"
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.25)\nproject(t NONE)\ninclude(GNUInstallDirs)\n"
        f"add_subdirectory({FOLDER.parent} installers)\n")
    def run(*words):
        done = subprocess.run(["cmake", *map(str, words)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    prefix = tmp_path / "a 100% prefix"
    run("-S", tmp_path, "-B", build)
    run("--install", build, "--prefix", prefix)
    unit = (prefix / "lib/systemd/user/envmesh.service").read_text()
    quoted = str(prefix).replace("%", "%%")
    assert f'\nExecStart=:"{quoted}/bin/envmesh-daemon"\n' in unit
    server = (prefix / "lib/systemd/system/envmesh-server.service").read_text()
    assert f'\nExecStart=:"{quoted}/bin/envmesh-daemon" --config /etc/envmesh/config.toml\n' in server
    entry = (prefix / "share/envmesh/envmesh.desktop").read_text()
    assert f'\nExec="{quoted}/bin/envmesh-daemon" --log-to-file\n' in entry
    assert (prefix / "lib/systemd/user/envmesh.socket").exists()
    assert (prefix / "lib/sysusers.d/envmesh.conf").exists()
    run("--install", build, "--prefix", tmp_path / "plain")
    unit = (tmp_path / "plain/lib/systemd/user/envmesh.service").read_text()
    assert f"\nExecStart=:{tmp_path}/plain/bin/envmesh-daemon\n" in unit
