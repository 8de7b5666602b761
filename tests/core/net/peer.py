# SPDX-License-Identifier: MIT
"""An independent peer for the tests of core/net: python3-websockets, and bare frames over a socket.

usage: peer.py CASE PORT     a client of the listener on 127.0.0.1:PORT; exit 0 when it behaves
       peer.py serve         an echo server; prints its port, serves one connection
"""
import asyncio
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile

KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
MIB = 1024 * 1024


def tls():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def connect(port, context=None):
    raw = socket.create_connection(("127.0.0.1", port), timeout=20)
    return (context or tls()).wrap_socket(raw)


def read_all(stream):
    out = b""
    try:
        while chunk := stream.recv(65536):
            out += chunk
    except ssl.SSLEOFError:
        pass
    except ConnectionResetError:
        pass
    return out


def request(path="/v1/sync", extra="", upgrade=True):
    head = "Upgrade: websocket\r\nConnection: Upgrade\r\n" + KEY if upgrade else ""
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n{head}{extra}\r\n".encode()


def status(port, data):
    stream = connect(port)
    stream.sendall(data)
    answer = read_all(stream)
    return int(answer.split(b" ")[1]) if answer else 0


def upgraded(port, extra=""):
    stream = connect(port)
    stream.sendall(request(extra=extra))
    answer = b""
    while b"\r\n\r\n" not in answer:
        chunk = stream.recv(65536)
        assert chunk, answer
        answer += chunk
    assert b" 101 " in answer, answer
    return stream, answer


def frame(opcode, payload=b"", fin=True, masked=True):
    first = opcode | (0x80 if fin else 0)
    flag = 0x80 if masked else 0
    if len(payload) < 126:
        head = struct.pack("!BB", first, flag | len(payload))
    elif len(payload) < 65536:
        head = struct.pack("!BBH", first, flag | 126, len(payload))
    else:
        head = struct.pack("!BBQ", first, flag | 127, len(payload))
    return head + (b"\0\0\0\0" if masked else b"") + payload  # the zero mask changes nothing


def read_frame(stream):
    def exactly(count):
        out = b""
        while len(out) < count:
            chunk = stream.recv(count - len(out))
            if not chunk:
                raise EOFError
            out += chunk
        return out
    first, second = exactly(2)
    assert second < 126, "only short frames here"
    return first & 15, exactly(second)


def closed_with(stream):
    while True:
        opcode, payload = read_frame(stream)
        if opcode == 8:
            return struct.unpack("!H", payload[:2])[0]


def tls12(port):
    context = tls()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        connect(port, context)
    except (ssl.SSLError, ConnectionResetError):
        return
    raise AssertionError("TLS 1.2 was accepted")


def tls13(port):
    stream = connect(port)
    assert stream.version() == "TLSv1.3"
    assert stream.compression() is None
    stream.sendall(request(path="/"))
    read_all(stream)
    assert stream.session is None or not stream.session.has_ticket


def http(port):
    assert status(port, request(extra="Origin: https://example.org\r\n")) == 403
    assert status(port, request(path="/")) == 404
    assert status(port, request(path="/v1/sync?x")) == 404
    assert status(port, request(upgrade=False)) == 426
    assert status(port, request(extra="X: " + "x" * 9000 + "\r\n")) == 0
    assert status(port, b"\x00\x01\x02 nonsense\r\n\r\n") == 0
    assert status(port, request() + frame(2, b"early")) == 0


def frames(port):
    stream, answer = upgraded(port, "Sec-WebSocket-Extensions: permessage-deflate\r\n")
    assert b"extensions" not in answer.lower()
    stream.sendall(frame(2, b"one ", fin=False) + frame(9, b"?") + frame(0, b"two ", fin=False))
    stream.sendall(frame(0, b"", fin=False) + frame(0, b"three"))
    assert read_frame(stream) == (10, b"?")
    assert read_frame(stream) == (2, b"one two three")
    stream.sendall(frame(1, b"text"))
    assert closed_with(stream) == 1003
    assert closed_with_after(port, frame(2, b"no mask", masked=False)) == 1002
    assert closed_with_after(port, frame(3, b"reserved")) == 1002
    assert closed_with_after(port, frame(2 | 0x40, b"compressed")) == 1002
    assert closed_with_after(port, frame(2, b"x" * (MIB + 1))) == 1009
    parts = frame(2, b"x" * MIB, fin=False) + frame(0, b"x")
    assert closed_with_after(port, parts) == 1009
    assert closed_with_after(port, frame(8, struct.pack("!H", 1000))) == 1000


def closed_with_after(port, data):
    stream, _ = upgraded(port)
    try:
        stream.sendall(data)
    except OSError:
        pass
    return closed_with(stream)


def garbage(port):
    raw = socket.create_connection(("127.0.0.1", port), timeout=20)
    raw.sendall(b"GET / HTTP/1.1\r\n\r\n" * 10)
    read_all(raw)
    silent = socket.create_connection(("127.0.0.1", port), timeout=20)
    assert silent.recv(1) == b""
    after_tls = connect(port)
    after_tls.sendall(b"GET /v1/sync HTTP/1.1\r\n")
    assert read_all(after_tls) == b""


def unanswered(port):
    stream, _ = upgraded(port)
    seen = []
    try:
        while True:
            seen.append(read_frame(stream)[0])
    except (EOFError, ssl.SSLError, ConnectionResetError):
        pass
    assert seen == [9, 9], seen


async def echo(port):
    import websockets
    address = f"wss://127.0.0.1:{port}/v1/sync"
    async with websockets.connect(address, ssl=tls(), max_size=2 * MIB) as peer:
        message = os.urandom(MIB)
        await peer.send(message)
        assert await peer.recv() == message
        await (await peer.ping())
    assert peer.close_code == 1000, peer.close_code


async def serve():
    import websockets
    done = asyncio.get_running_loop().create_future()

    async def handler(peer):
        try:
            async for message in peer:
                await (await peer.ping())
                await peer.send(message)
        finally:
            done.set_result(peer.close_code)

    with tempfile.TemporaryDirectory() as folder:
        key, certificate = os.path.join(folder, "key"), os.path.join(folder, "certificate")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-subj", "/CN=x",
                        "-keyout", key, "-out", certificate], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    async with websockets.serve(handler, "127.0.0.1", 0, ssl=context, max_size=2 * MIB) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        print(await done, flush=True)


if __name__ == "__main__":
    case = globals()[sys.argv[1]]
    arguments = [int(argument) for argument in sys.argv[2:]]
    if asyncio.iscoroutinefunction(case):
        asyncio.run(case(*arguments))
    else:
        case(*arguments)
