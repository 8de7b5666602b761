# SPDX-License-Identifier: MIT
"""Whatever a program says at the local socket, the daemon lives and serves the next one."""
import os
import stat
import struct

import pytest

from harness import wait_until
from ipc import HELLO, Caller, frame


@pytest.fixture(scope="module")
def node(shared_playground):
    node = shared_playground.node("target")
    node.ok("init", "--name", "target", "--password-file", str(node.password_file))
    node.set("KEPT", "safe")
    return node


@pytest.fixture(autouse=True)
def alive_after(node):
    pid = node.process.pid
    yield
    assert node.is_running() and node.process.pid == pid, node.log()[-2000:]
    wait_until(lambda: node.cli("get", "-n", "KEPT").stdout == b"safe", "it serves again")


def test_only_the_user_can_reach_the_socket(node):
    assert stat.S_IMODE(os.stat(node.socket).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(node.home).st_mode) == 0o700
    for name in ("vault.keys", "envmesh.db"):
        assert stat.S_IMODE(os.stat(node.home / name).st_mode) == 0o600, name


def test_a_conversation_cut_at_every_few_bytes(node):
    talk = frame(HELLO) + frame({"id": 1, "call": "get", "key": "KEPT", "scope": ""})
    for cut in range(1, len(talk), 3):
        with Caller(node, hello=False) as caller:
            caller.send(talk[:cut])


def test_a_conversation_in_single_bytes_is_understood(node):
    with Caller(node, hello=False) as caller:
        for byte in frame(HELLO) + frame({"id": 7, "call": "status"}):
            caller.send(bytes([byte]))
        assert "hello" in caller.receive()
        reply = caller.receive()
        assert reply["id"] == 7 and reply["state"] == "unlocked"


@pytest.mark.parametrize("length", [0, 1025, 2**20, 2**31, 2**32 - 1])
def test_a_length_that_no_hello_has_ends_the_connection(node, length):
    with Caller(node, hello=False) as caller:
        caller.send(struct.pack("<I", length) + b"x" * 100)
        refusal = caller.receive()
        assert refusal is None or "error" in refusal
        assert refusal is None or caller.receive() is None


@pytest.mark.parametrize("length", [0, 2**20 + 1, 2**32 - 1])
def test_a_length_that_no_request_has_ends_the_connection(node, length):
    with Caller(node) as caller:
        caller.send(struct.pack("<I", length) + b"x" * 100)
        refusal = caller.receive()
        assert refusal is None or "error" in refusal
        assert refusal is None or caller.receive() is None


def test_silence_is_ended(node):
    with Caller(node, hello=False) as caller:
        assert caller.receive() is None
    with Caller(node, hello=False) as caller:
        caller.send(frame(HELLO)[:7])
        assert caller.receive() is None


DEEP = b"[" * 200_000 + b"]" * 200_000
BODIES = {
    "not JSON": b"\x00\x01\x02\xff",
    "a number": b"1",
    "null": b"null",
    "an empty object": b"{}",
    "an unknown call": b'{"id":1,"call":"format-disk"}',
    "no call": b'{"id":1}',
    "a call of another kind": b'{"id":1,"call":{"status":[]}}',
    "a negative id": b'{"id":-1,"call":"status"}',
    "a huge id": b'{"id":1e400,"call":"status"}',
    "missing fields": b'{"id":1,"call":"get"}',
    "fields of another kind": b'{"id":1,"call":"get","key":[],"scope":7}',
    "bad UTF-8": b'{"id":1,"call":"get","key":"\xff\xfe","scope":""}',
    "bad base64": b'{"id":1,"call":"set","items":[{"key":"K","value_b64":"!"}]}',
    "deep nesting": DEEP,
    "deep nesting inside": b'{"id":1,"call":"get","key":' + DEEP + b"}",
    "deep nesting unclosed": b"[" * 400_000,
    "a NUL in a name": b'{"id":1,"call":"get","key":"A\\u0000B","scope":""}',
    "trailing bytes": b'{"id":1,"call":"status"}{"id":2}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_malformed_request_is_refused(node, body):
    with Caller(node) as caller:
        caller.send(frame(body))
        reply = caller.receive()
        assert reply is None or "error" in reply, reply


@pytest.mark.parametrize("body", [b"[]", b"{}", b"\xff", b'{"hello":7}',
                                  b'{"hello":{"protocol":"1"}}', b"[" * 1000])
def test_a_malformed_hello_is_refused(node, body):
    with Caller(node, hello=False) as caller:
        caller.send(frame(body))
        refusal = caller.receive()
        assert refusal is None or "error" in refusal
        assert refusal is None or caller.receive() is None


def test_a_program_of_another_protocol_learns_which_side_is_old(node):
    with Caller(node, hello=False) as caller:
        caller.send(frame({"hello": {"protocol": [98, 99], "version": "99", "role": "test"}}))
        assert caller.receive()["hello"]["protocol"] == [1, 1]
        assert caller.receive() is None


def test_more_than_sixteen_requests_in_flight_are_refused_by_name(mesh):
    with Caller(mesh.a) as caller:
        assert "code" in caller.ask(id=1, call="invite")
        count = 40
        waiting = {"call": "invite-wait", "wait_ms": 1000}
        caller.send(b"".join(frame({"id": number, **waiting}) for number in range(2, count + 2)))
        replies = {reply["id"]: reply for reply in (caller.receive() for _ in range(count))}
        assert set(replies) == set(range(2, count + 2))
        refused = [reply for reply in replies.values() if "error" in reply]
        assert len(refused) == count - 16
        assert all("in flight" in reply["error"]["message"] for reply in refused)
        assert caller.ask(id=99, call="status")["state"] == "unlocked", "and there is room again"


def test_more_connections_than_the_limit_are_turned_away_and_room_comes_back(node):
    callers = []
    try:
        for _ in range(80):
            callers.append(Caller(node, hello=False))
            callers[-1].send(frame(HELLO))
        answers = [caller.receive() for caller in callers]
        served = [answer for answer in answers if answer and "hello" in answer]
        assert 1 <= len(served) <= 64
        told = [answer for answer in answers if answer and "error" in answer]
        assert all("limit" in answer["error"]["message"] for answer in told)
    finally:
        for caller in callers:
            caller.close()


def test_a_program_that_never_reads_is_dropped(node):
    with Caller(node, patience=5) as caller:
        request = frame({"id": 1, "call": "list", "values": True})
        try:
            for _ in range(20_000):
                if not caller.send(request):
                    break
        except TimeoutError:
            pass


def test_requests_are_answered_while_others_misbehave(node):
    mute = [Caller(node, hello=False) for _ in range(20)]
    half = Caller(node)
    half.send(frame({"id": 1, "call": "status"})[:9])
    assert node.get("KEPT") == b"safe"
    for caller in [*mute, half]:
        caller.close()


def test_an_error_never_repeats_a_value(node):
    with Caller(node) as caller:
        reply = caller.ask(id=3, call="set", items=[{"key": "1BAD", "value": "CANARY-in-error"}])
        assert reply["error"]["code"] == "INVALID"
        assert "CANARY" not in str(reply)
    assert "CANARY" not in node.log()
