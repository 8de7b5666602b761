# SPDX-License-Identifier: MIT
"""All attempts to connect on a local network, seen where its cables meet.

As a program, in the namespace of the bridges: a JSON line for each TCP SYN.
"""
import json
import socket
import sys
import threading

OUTGOING = 4  # of a frame that the bridge has passed on: the same one again


class Wire:
    def __init__(self, lan):
        self.attempts = []  # from and to: machines
        self._machines = {machine.mac(): machine for machine in lan.machines}
        self._process = lan.listen(sys.executable, __file__)
        assert json.loads(self._process.stdout.readline()) == "ready"
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._process.stdout:
            self.attempts.append([self._machines.get(mac) for mac in json.loads(line)])

    def between(self, some, others):
        some, others = ([node.machine for node in nodes] for nodes in (some, others))
        return [one for one in self.attempts if one[0] in some and one[1] in others]


def is_syn(frame):
    kind = frame[12:14]
    if kind == b"\x08\x00" and frame[23] == 6:  # IPv4, TCP
        tcp = frame[14 + 4 * (frame[14] & 15):]
    elif kind == b"\x86\xdd" and frame[20] == 6:  # IPv6 without further headers
        tcp = frame[54:]
    else:
        return False
    return len(tcp) > 13 and tcp[13] & 0x12 == 0x02


def main():
    frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    print(json.dumps("ready"), flush=True)
    while True:
        frame, where = frames.recvfrom(65536)
        if where[2] != OUTGOING and where[0].startswith("port") and is_syn(frame):
            print(json.dumps([frame[at:at + 6].hex(":") for at in (6, 0)]), flush=True)


if __name__ == "__main__":
    main()
