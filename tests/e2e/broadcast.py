# SPDX-License-Identifier: MIT
"""The packets of core/net/broadcast.h by hand: what no honest server would say.

As a program it sends what it reads, one packet in hexadecimal a line, to everyone on its network.
"""
import socket
import struct
import sys
import time

PORT = 8765
HERE, WHO, LEAVING = 1, 2, 3


def short(text):
    return bytes([len(text)]) + text


def packet(kind, instance, port, text):
    """`text`: pairs KEY=VALUE in bytes."""
    pairs = b"".join(short(part) for pair in sorted(text) for part in pair.split(b"=", 1))
    return (b"EnvMesh\x01" + bytes([kind]) + short(instance.encode()) + struct.pack(">H", port)
            + bytes([len(text)]) + pairs)


def send(machine, packets):
    process = machine.start(sys.executable, __file__, machine.address, stdin=-1)
    process.communicate("".join(one.hex() + "\n" for one in packets).encode())
    assert process.returncode == 0


def main():
    network = sys.argv[1].rsplit(".", 1)[0] + ".255"
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    for line in sys.stdin:
        sender.sendto(bytes.fromhex(line), (network, PORT))
        time.sleep(0.03)  # more in a second are dropped by whoever hears them


if __name__ == "__main__":
    main()
