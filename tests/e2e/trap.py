# SPDX-License-Identifier: MIT
"""Accepts whoever comes to one of its ports, never answers, and tells what it was sent.

As a program: ports as arguments; a JSON line for whatever arrives.
"""
import json
import selectors
import socket
import subprocess
import sys
import threading


class Trap:
    def __init__(self, machine, *ports):
        self._seen = {}  # of each connection: who called, what came
        self._process = machine.start(sys.executable, __file__, *ports, stdout=subprocess.PIPE)
        assert json.loads(self._process.stdout.readline()) == "ready"
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._process.stdout:
            number, address, data = json.loads(line)
            self._seen[number] = address, self._seen.get(number, ("", b""))[1] + bytes.fromhex(data)

    def connections(self):
        """The caller's address, and the bytes so far."""
        return list(self._seen.values())


def received(connection):
    try:
        return connection.recv(65536)
    except ConnectionError:
        return b""


def main():
    selector = selectors.DefaultSelector()
    for port in sys.argv[1:]:
        selector.register(socket.create_server(("", int(port)), backlog=100), selectors.EVENT_READ)
    print(json.dumps("ready"), flush=True)
    count = 0
    while True:
        for key, _ in selector.select():
            data = b""
            if key.data is None:
                connection, (address, _) = key.fileobj.accept()
                count += 1
                caller = count, address
                selector.register(connection, selectors.EVENT_READ, caller)
            else:
                caller, data = key.data, received(key.fileobj)
                if not data:
                    selector.unregister(key.fileobj)
                    key.fileobj.close()
            print(json.dumps([*caller, data.hex()]), flush=True)


if __name__ == "__main__":
    main()
