# SPDX-License-Identifier: MIT
"""A login session of its own: a private bus, a keyring daemon on it or one that misbehaves, and the
program that asks them. As a program: runs another one that may not call keyctl.
"""
import contextlib
import ctypes
import json
import os
import pathlib
import platform
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import uuid

CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={folder}/bus</listen><servicedir>{folder}/services</servicedir>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>
"""
FAR = {"DISPLAY": "", "WAYLAND_DISPLAY": ""}
NEAR = {"DISPLAY": ":65000"}  # none that is there: what asks a person here does not need it
PATIENCE = float(os.environ.get("ENVMESH_PATIENCE", "30"))


class Session:
    """All that it starts is gone after `close`."""

    def __init__(self, bus=True):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="em-keyring-", dir="/tmp"))
        for name in ("home", "run", "data", "services"):
            (self.folder / name).mkdir(mode=0o700)
        self.address = f"unix:path={self.folder}/bus"
        self.id = f"test-{uuid.uuid4().hex}"
        self.started = []
        self.bus = self._start_bus() if bus else None

    def environment(self, **more):
        """Without a screen, unless told."""
        known = {"PATH": os.environ["PATH"], "HOME": str(self.folder / "home"), "LANG": "C.UTF-8",
                 "XDG_RUNTIME_DIR": str(self.folder / "run"), "XDG_DATA_HOME": str(self.folder / "data"),
                 "DBUS_SESSION_BUS_ADDRESS": self.address, **more}
        return {name: value for name, value in known.items() if value}

    def start(self, *words, **options):
        process = subprocess.Popen(words, env=self.environment(), **options)
        self.started.append(process)
        return process

    def _start_bus(self):
        file = self.folder / "bus.conf"
        file.write_text(CONFIGURATION.format(folder=self.folder))
        bus = self.start("dbus-daemon", f"--config-file={file}", "--nofork", "--print-address",
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert bus.stdout.readline().startswith(b"unix:")
        return bus

    def gnome_keyring(self, password=None):
        """With a password its keyring is made or opened; without one it stays as it is."""
        words = ["gnome-keyring-daemon", "--foreground", "--components=secrets"]
        daemon = self.start(*words, *(["--unlock"] if password else []), stdin=subprocess.PIPE,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        daemon.stdin.write((password or "").encode())
        daemon.stdin.close()
        self._await_owner(daemon)
        return daemon

    def _await_owner(self, process):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and process.poll() is None:
            asked = subprocess.run(
                ["dbus-send", "--print-reply", f"--bus={self.address}", "--dest=org.freedesktop.DBus", "/",
                 "org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"],
                env=self.environment(), capture_output=True, timeout=PATIENCE)
            if b"boolean true" in asked.stdout:
                return
            time.sleep(0.05)
        raise AssertionError("nobody offers the Secret Service")

    def peer(self, **what):
        """A Secret Service that does what `secret_peer.py` says of these words."""
        process = self.start("/usr/bin/python3", str(pathlib.Path(__file__).with_name("secret_peer.py")),
                             json.dumps(what), stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"ready\n"
        return Peer(process)

    def end(self, process):
        process.kill()
        process.wait()
        self.started.remove(process)

    def ask(self, *words, secret=b"", before=(), **environment):
        """The answer of the keychain, with the seconds that it took."""
        command = [*before, os.environ["ENVMESH_KEYCHAIN_CHILD"], *words]
        begin = time.monotonic()
        done = subprocess.run(command, input=secret, env=self.environment(**environment), timeout=90,
                              stdout=subprocess.PIPE)
        seconds = time.monotonic() - begin
        assert done.returncode == 0, done
        answer = json.loads(done.stdout)
        assert "error" not in answer or answer["fix"], answer  # each says what to do next
        return {**answer, "seconds": seconds}

    def state(self, **options):
        return self.ask("state", **options)

    def load(self, *more, **options):
        return self.ask("load", self.id, *more, **options)

    def store(self, secret, *more, **options):
        return self.ask("store", self.id, *more, secret=secret, **options)

    def erase(self, **options):
        return self.ask("erase", self.id, **options)

    def in_kernel(self):
        """What the kernel's keyring holds of it, without any bus."""
        return self.load(DBUS_SESSION_BUS_ADDRESS="").get("secret")

    def close(self):
        with contextlib.suppress(Exception):
            self.erase(DBUS_SESSION_BUS_ADDRESS="")
        for process in reversed(self.started):
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Peer:
    def __init__(self, process):
        self.process = process

    def calls(self):
        """What it was called until it was ended, in order."""
        self.process.kill()
        return self.process.stdout.read().decode().split()


def forbid_keyctl(error):
    """add_key, request_key and keyctl fail from here on: a seccomp filter like that of containers."""
    first = {"x86_64": 248, "aarch64": 217}[platform.machine()]
    load, equal, give = 0x20, 0x35, 0x06  # ld, jge, ret: seccomp(2), linux/bpf_common.h
    program = [(load, 0, 0, 0), (equal, 0, 2, first), (equal, 1, 0, first + 3), (give, 0, 0, 0x00050000 | error),
               (give, 0, 0, 0x7FFF0000)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *line) for line in program))
    header = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
    assert libc.prctl(22, 2, header, 0, 0) == 0  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER


if __name__ == "__main__":
    forbid_keyctl(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])
