# SPDX-License-Identifier: MIT
"""Whatever the daemon does, a shell that asks for its variables goes on, and gets all of them or none."""
import json
import os
import re
import socket
import struct
import subprocess
import threading

import pytest

from harness import PATIENCE, cli_program
from ipc import HELLO, Caller, frame

EXPORTS = {
    "export": ["export", "--shell", "sh"],
    "hook": ["export", "--hook", "--shell", "bash"],
    "fish": ["export", "--hook", "--shell", "fish"],
}
MANY = 10_000


def export(node, arguments, **more):
    """An end that is far away stands for none: the program itself waits for 150 ms."""
    return subprocess.run([cli_program(), *arguments], env=node.environment(**more), capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=PATIENCE)


def gives_nothing(node, arguments):
    done = export(node, arguments)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b""), done


@pytest.fixture(scope="module")
def alone(shared_playground):
    node = shared_playground.node("deaf")
    node.ok("init", "--name", "deaf", "--password-file", str(node.password_file))
    node.set("A", "1")
    return node


@pytest.mark.parametrize("arguments", EXPORTS.values(), ids=EXPORTS)
class TestEachExport:
    def test_of_a_daemon_that_is_stopped(self, alone, arguments):
        alone.stop()
        try:
            gives_nothing(alone, arguments)
        finally:
            alone.resume()

    def test_of_a_vault_that_is_locked(self, alone, arguments):
        alone.ok("lock")
        gives_nothing(alone, arguments)
        alone.unlock()

    def test_of_a_daemon_that_is_absent(self, playground, arguments):
        node = playground.node("absent", start=False)
        gives_nothing(node, arguments)
        node.socket.touch()
        gives_nothing(node, arguments)
        node.socket.unlink()
        left = socket.socket(socket.AF_UNIX)
        left.bind(str(node.socket))  # nobody listens
        gives_nothing(node, arguments)
        left.close()

    def test_of_a_daemon_without_a_vault(self, playground, arguments):
        gives_nothing(playground.node("new"), arguments)


class Impostor:
    """Listens where a daemon would, and answers what it is told to, then nothing more."""

    def __init__(self, node, *answers, end=False):
        self._answers, self._end = answers, end
        self._listening = socket.socket(socket.AF_UNIX)
        node.socket.unlink(missing_ok=True)
        self._listening.bind(str(node.socket))
        self._listening.listen()
        self._open = []
        self.asked = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                self._open.append(self._listening.accept()[0])
                for answer in self._answers:
                    self._take(self._open[-1])
                    self._open[-1].sendall(answer)
                    self.asked += 1
                if self._end:
                    self._open[-1].close()
            except OSError:
                if self._listening.fileno() < 0:
                    return

    @staticmethod
    def _take(connection):
        head = connection.recv(4, socket.MSG_WAITALL)
        connection.recv(struct.unpack("<I", head)[0], socket.MSG_WAITALL)

    def close(self):
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for each in self._open:
            each.close()


@pytest.fixture(scope="module")
def spoken(alone):
    """The greeting of a real daemon, and its answer to an export."""
    with Caller(alone, hello=False) as caller:
        caller.send(frame(HELLO))
        greeting = caller.receive()
        reply = caller.ask(id=1, call="export")
    assert reply["ok"] and "A" in json.dumps(reply)
    return frame(greeting), frame(reply)


HALVES = {
    "of nothing": lambda hello, reply: [b""],
    "of a greeting": lambda hello, reply: [hello[:len(hello) // 2]],
    "of a length": lambda hello, reply: [hello, reply[:2]],
    "of an answer": lambda hello, reply: [hello, reply[:-1]],
    "of a page": lambda hello, reply: [hello, reply.replace(b'"next": ""', b'"next":"A"'), reply[:len(reply) // 2]],
    "too long": lambda hello, reply: [hello, struct.pack("<I", 0xffffffff) + reply],
    "no JSON": lambda hello, reply: [hello, frame(b"{" + os.urandom(50))],
    "another": lambda hello, reply: [hello, frame({"id": 7, "ok": {}})],
}


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("end", [False, True], ids=["and silence", "and an end"])
def test_of_half_an_answer_comes_nothing(playground, spoken, half, end):
    node = playground.node("half", start=False)
    impostor = Impostor(node, *HALVES[half](*spoken), end=end)
    try:
        for arguments in EXPORTS.values():
            gives_nothing(node, arguments)
        done = export(node, ["--timeout", "2s", "export", "--strict", "--shell", "sh"])
        assert done.returncode != 0 and done.stdout == b"" and done.stderr
        assert impostor.asked >= len(EXPORTS)
    finally:
        impostor.close()


def test_an_impostor_that_answers_whole_is_believed(playground, spoken):
    """Or the tests above would test nothing."""
    node = playground.node("whole", start=False)
    impostor = Impostor(node, *spoken)
    try:
        assert export(node, ["--timeout", "20s", "export", "--strict", "--shell", "sh"]).stdout == b"\\export A='1'\n"
    finally:
        impostor.close()


def test_ten_thousand_variables_all_or_none(playground):
    node = playground.node("many")
    node.ok("init", "--name", "many", "--password-file", str(node.password_file))
    names = [f"MANY_{number:05}" for number in range(MANY)]
    node.ok("import", "-", "--format", "dotenv", stdin="".join(f"{name}=value of {name}\n" for name in names),
            timeout=PATIENCE)
    whole = export(node, ["--timeout", f"{int(PATIENCE)}s", "export", "--strict", "--shell", "sh"])
    assert whole.returncode == 0, whole.stderr
    assert sorted(whole.stdout.splitlines()) == [f"\\export {name}='value of {name}'".encode() for name in names]
    for _ in range(10):
        for arguments in EXPORTS.values():
            done = export(node, arguments)
            assert done.returncode == 0
            assert len(re.findall(rb"(?:export|set -gx) MANY_", done.stdout)) in (0, MANY), "some of them"
            if arguments is EXPORTS["export"]:
                assert done.stdout in (b"", whole.stdout)
    loaded = subprocess.run(["bash", "--norc", "-c", 'eval "$(envmesh-cli --timeout 60s export --strict)"; '
                             '/usr/bin/env | /bin/grep -c ^MANY_'], env=node.environment(), capture_output=True,
                            timeout=PATIENCE)
    assert loaded.stdout == b"%d\n" % MANY, loaded
