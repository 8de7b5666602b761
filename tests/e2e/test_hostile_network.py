# SPDX-License-Identifier: MIT
"""Whatever a stranger sends to the server's port, members are served."""
import asyncio
import base64
import json
import os
import random
import socket
import ssl
import struct

import pytest
import websockets


PATHS = ("/v1/sync", "/v1/join")


@pytest.fixture(autouse=True)
def members_are_served_after(mesh):
    pid = mesh.server.process.pid
    yield
    assert mesh.server.is_running() and mesh.server.process.pid == pid, mesh.server.log()[-2000:]
    mark = os.urandom(6).hex()
    mesh.a.set("STILL", mark)
    mesh.b.sees("STILL", mark)


def trusting():
    """TLS as our clients speak it: who the server is shows in the handshake above it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def somewhere():
    """Each stranger has an address of its own: limits for one address must not hide others."""
    return ".".join(["127", *(str(random.randint(1, 254)) for _ in range(3))]), 0


def plain(mesh, address=None):
    return socket.create_connection(("127.0.0.1", mesh.server.port), 30, address or somewhere())


def secure(mesh):
    return trusting().wrap_socket(plain(mesh))


def closed(connection):
    """True once the other end has closed, whatever it said before."""
    try:
        while connection.recv(65536):
            pass
        return True
    except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
        return True
    except TimeoutError:
        return False


def told_to_go(connection):
    """The same, or a closing frame: the server then only waits for the other half of the farewell."""
    try:
        first = connection.recv(65536)
        return first[:1] in (b"", b"\x88") or closed(connection)
    except (ConnectionError, ssl.SSLError):
        return True


def send(connection, data):
    try:
        connection.sendall(data)
    except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
        pass


def request(path="/v1/sync", extra="", method="GET", version="13"):
    key = base64.b64encode(os.urandom(16)).decode()
    return (f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            f"Sec-WebSocket-Version: {version}\r\n{extra}\r\n").encode()


def upgraded(mesh, path="/v1/sync"):
    connection = secure(mesh)
    connection.sendall(request(path))
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(1)
    assert b" 101 " in head.split(b"\r\n")[0], head
    assert b"permessage-deflate" not in head.lower()
    return connection


def ws_frame(payload, opcode=2, masked=True, final=True, length=None, reserved=0):
    size = len(payload) if length is None else length
    first = bytes([(0x80 if final else 0) | reserved | opcode])
    mask = 0x80 if masked else 0
    if size < 126:
        head = bytes([mask | size])
    elif size < 65536:
        head = bytes([mask | 126]) + struct.pack(">H", size)
    else:
        head = bytes([mask | 127]) + struct.pack(">Q", size)
    return first + head + (b"\0\0\0\0" if masked else b"") + payload


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 60))


def connect(mesh, path="/v1/sync", **more):
    return websockets.connect(f"wss://127.0.0.1:{mesh.server.port}{path}", ssl=trusting(),
                              compression=None, max_size=None,
                              local_addr=somewhere(), **more)


@pytest.mark.parametrize("garbage", [b"\x00", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"A" * 500,
                                     os.urandom(20_000), b"\x16\x03\x03\x00\x05hello"],
                         ids=["a zero", "HTTP", "a bad record", "noise", "a short hello"])
def test_garbage_instead_of_tls_is_closed(mesh, garbage):
    with plain(mesh) as connection:
        send(connection, garbage)
        try:
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            return  # closed before all of it was heard
        assert closed(connection)


def test_silence_is_closed_at_every_stage(mesh):
    stages = [plain(mesh), secure(mesh), upgraded(mesh), upgraded(mesh, "/v1/join")]
    half = secure(mesh)
    half.sendall(request()[:40])
    stages.append(half)
    for length in (2**40, 2**63 - 1):  # announced, but never sent
        for path in PATHS:
            stages.append(upgraded(mesh, path))
            stages[-1].sendall(ws_frame(b"A" * 10, length=length))
    for connection in stages:
        assert closed(connection), "not within the time to establish a connection"
        connection.close()


def test_older_tls_is_refused(mesh):
    context = trusting()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with plain(mesh) as connection, pytest.raises((ssl.SSLError, ConnectionError)):
        context.wrap_socket(connection)


@pytest.mark.parametrize("text", [
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /v1/sync HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd",
    request(path="/"), request(path="/v1/sync/../../etc/passwd"), request(path="/v2/sync"),
    request(version="7"), request(method="POST"),
    request(extra="Origin: https://evil.example\r\n"),
    request(extra="Origin: null\r\n"),
    request(extra="X: " + "a" * 9000 + "\r\n"),
    request(extra="A: b\r\n" * 5000),
    b"\r\n" * 5000, b"GET " + b"/" * 20_000,
], ids=["no upgrade", "POST", "root", "dots", "v2", "version 7", "POST upgrade", "Origin", "null Origin",
        "a long header", "many headers", "empty lines", "a long path"])
def test_http_that_is_no_upgrade_of_ours_is_refused(mesh, text):
    with secure(mesh) as connection:
        send(connection, text)
        answer = b""
        try:
            while data := connection.recv(65536):
                answer += data
        except (ConnectionError, ssl.SSLError):
            pass
        assert b" 101 " not in answer[:40], answer[:200]


def test_compression_is_not_negotiated(mesh):
    with secure(mesh) as connection:
        connection.sendall(request(extra="Sec-WebSocket-Extensions: permessage-deflate\r\n"))
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(1)
        assert b"deflate" not in head.lower()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("data", [
    ws_frame(b"hello", opcode=1), ws_frame(b"", opcode=2), ws_frame(b"\xff" * 64),
    ws_frame(b"\x10" + b"\0" * 40), ws_frame(b"\x12\x00\x01"), ws_frame(b"\x14"), ws_frame(b"\x30"),
    ws_frame(b"\x20" + b"\0" * 60), ws_frame(b"A" * (2 * 1024 * 1024)),
    ws_frame(b"x", masked=False), ws_frame(b"x", opcode=5), ws_frame(b"x", reserved=0x40),
    ws_frame(b"p" * 126, opcode=9), ws_frame(b"x", final=False) * 2000,
    ws_frame(b"\x03\xe8" + b"\xff\xfe", opcode=8), ws_frame(b"\x01", opcode=8),
], ids=["text", "empty", "noise", "Pull", "Batch", "End", "presence", "mail", "2 MiB", "unmasked", "opcode 5", "reserved bit", "long ping", "endless fragments",
        "bad close text", "short close"])
def test_frames_before_the_proof_end_the_connection(mesh, path, data):
    with upgraded(mesh, path) as connection:
        send(connection, data)
        assert told_to_go(connection)


def test_the_server_proves_itself_but_accepts_no_forged_proof(mesh):
    """The bytes of core/sync/handshake_message.h, written here once more."""
    mesh_id = bytes.fromhex(mesh.a.status()["mesh"])
    devices = [bytes.fromhex(d["device"]) for d in json.loads(mesh.a.ok("devices", "--json"))]

    async def talk(device, chain):
        async with connect(mesh, "/v1/sync") as link:
            await link.send(b"\x01" + b"\0\1\0\1" + os.urandom(32))
            hello, proof = await link.recv(), await link.recv()
            assert hello[0] == 2 and hello[1:5] == b"\0\1\0\1" and len(hello) == 1 + 4 + 64 + 16 + 32 + 8 + 1
            assert proof[0] == 3 and len(proof) == 65
            await link.send(b"\x04\0\1" + mesh_id + device + chain + b"\0\0" + os.urandom(64))
            replies = []
            try:
                while True:
                    replies.append(await link.recv())
                    if replies[-1][0] == 5:  # it asks for the chain that was claimed
                        break
            except websockets.ConnectionClosed:
                pass
            return [hello, proof, *replies]

    for device in (*devices, os.urandom(16)):
        for chain in (b"\0", b"\1" + b"\0" * 36):
            replies = run(talk(device, chain))
            assert [reply[0] for reply in replies[2:]] in ([], [8], [5]), "a refusal, or a question"
            for reply in replies:
                assert mesh_id not in reply and not any(known in reply for known in devices)


def test_a_ping_flood_and_many_strangers_do_not_keep_members_out(mesh):
    async def stranger():
        try:
            async with connect(mesh, open_timeout=20) as link:
                for _ in range(20):
                    await link.ping()
                await link.recv()
        except (websockets.WebSocketException, OSError, asyncio.TimeoutError, EOFError):
            pass

    async def crowd():
        await asyncio.gather(*(stranger() for _ in range(25)))
    run(crowd())


def test_a_crowd_of_silent_connections_does_not_end_what_is_connected(mesh):
    crowd = []
    for _ in range(60):
        try:
            crowd.append(plain(mesh))
        except OSError:
            break
    mark = os.urandom(6).hex()
    mesh.a.set("IN_A_CROWD", mark)
    mesh.b.sees("IN_A_CROWD", mark)
    for connection in crowd:
        connection.close()


def test_an_address_that_fails_often_is_refused_and_others_are_not(mesh):
    address = somewhere()

    def refused():
        try:
            with trusting().wrap_socket(plain(mesh, address)) as connection:
                connection.sendall(request())
                connection.recv(4096)
                send(connection, ws_frame(b"\xff" * 64))
                told_to_go(connection)
                return False
        except OSError:
            return True

    assert any(refused() for _ in range(25)), "ten failures a minute are enough"
    with upgraded(mesh):
        pass
    assert mesh.a.status()["tier"] == "cloud"
