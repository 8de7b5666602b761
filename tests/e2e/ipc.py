# SPDX-License-Identifier: MIT
"""The local socket spoken by hand: frames of a little-endian u32 length and JSON."""
import json
import socket
import struct

HELLO = {"hello": {"protocol": [1, 1], "version": "test", "role": "test"}}


def frame(body):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return struct.pack("<I", len(body)) + body


class Caller:
    def __init__(self, node, hello=True, patience=30):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(node.socket))  # waits where a timeout would make a full backlog fail
        self.socket.settimeout(patience)
        if hello:
            self.send(frame(HELLO))
            assert "hello" in self.receive()

    def send(self, data):
        """False when the other end does not listen any more."""
        try:
            self.socket.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            try:
                more = self.socket.recv(count - len(data))
            except ConnectionResetError:
                return None
            if not more:
                return None
            data += more
        return data

    def receive(self):
        """The next frame; None when the connection was closed."""
        head = self._exactly(4)
        body = head and self._exactly(struct.unpack("<I", head)[0])
        return json.loads(body) if body else None

    def ask(self, **request):
        self.send(frame(request))
        return self.receive()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
