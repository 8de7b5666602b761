# SPDX-License-Identifier: MIT
"""A TCP proxy that passes everything on and keeps a copy: what a listener on the wire sees."""
import socket
import threading


class Proxy:
    def __init__(self, target_port):
        self.target_port = target_port
        self.seen = {"up": bytearray(), "down": bytearray()}
        self._sockets = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target_port))
            except OSError:
                client.close()
                continue
            self._sockets += [client, server]
            for source, sink, way in ((client, server, "up"), (server, client, "down")):
                threading.Thread(target=self._pass, args=(source, sink, way), daemon=True).start()

    def _pass(self, source, sink, way):
        try:
            while data := source.recv(65536):
                self.seen[way] += data
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        for end in [self._listener, *self._sockets]:
            end.close()
