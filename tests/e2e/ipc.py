# SPDX-License-Identifier: MIT
"""The local socket spoken by hand: frames of a little-endian u32 length and JSON."""
import json
import selectors
import socket
import struct
import threading
import time

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


class Arrivals:
    """When names were first told of at nodes, as their `watch` calls say."""

    def __init__(self):
        self._selector = selectors.DefaultSelector()
        self._told = threading.Condition()
        self._times = {}  # of (node's name, variable)
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def watch(self, node):
        """From now on, until its daemon ends."""
        caller = Caller(node)
        assert caller.ask(id=1, call="watch").get("ok")
        self._selector.register(caller.socket, selectors.EVENT_READ, (node, caller))

    def _read(self):
        while not self._ended:
            for key, _ in self._selector.select(timeout=0.2):
                node, caller = key.data
                event = caller.receive()
                now = time.monotonic()
                if event is None:
                    self._selector.unregister(caller.socket)
                    caller.close()
                elif event.get("event") == "variables-changed":
                    self._note(node, event["names"] or self._list(node), now)

    @staticmethod
    def _list(node):
        """All names, after more changes than are named."""
        names, after = [], ""
        with Caller(node) as caller:
            while True:
                page = caller.ask(id=1, call="list", after=after)
                names += [one["key"] for one in page.get("variables", [])]
                after = page.get("next")
                if not after:
                    return names

    def _note(self, node, names, now):
        with self._told:
            for name in names:
                self._times.setdefault((node.name, name), now)
            self._told.notify_all()

    def last(self, name, nodes, patience):
        """When the last of the nodes had it; nothing if one has not after all that time."""
        end = time.monotonic() + patience
        with self._told:
            while True:
                times = [self._times.get((node.name, name)) for node in nodes]
                if None not in times:
                    return max(times)
                if not self._told.wait(end - time.monotonic()):
                    return None

    def close(self):
        self._ended = True
        self._reader.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()
        self._selector.close()
