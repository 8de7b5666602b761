# SPDX-License-Identifier: MIT
"""Multicast DNS by hand (RFC 1035 §4, RFC 6762 §18): answers that no honest responder would give.

As a program it sends what it reads, one packet in hexadecimal a line, from port 5353.
"""
import socket
import struct
import sys
import time

GROUP, GROUP6, PORT = "224.0.0.251", "ff02::fb%eth0", 5353
A, CNAME, PTR, TXT, SRV = 1, 5, 12, 16, 33
TYPE = "_envmesh._tcp.local"


def name(*labels):
    """Each label as it is; a last one that is text with dots is split."""
    *first, last = labels
    parts = [x if isinstance(x, bytes) else x.encode() for x in first]
    parts += [x.encode() for x in last.split(".")]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def record(owner, kind, data, ttl=4500, flush=True):
    return owner + struct.pack(">HHIH", kind, 0x8001 if flush else 1, ttl, len(data)) + data


def response(*records):
    return struct.pack(">HHHHHH", 0, 0x8400, 0, len(records), 0, 0) + b"".join(records)


def pointer(instance, kind=TYPE, ttl=4500):
    return record(name(TYPE), PTR, name(instance, kind), ttl, flush=False)


def service(instance, port, address, text=(b"v=1",), ttl=4500):
    """All records of one service, whose host has the same name."""
    owner, host = name(instance, TYPE), name(instance, "local")
    return [pointer(instance, ttl=ttl),
            record(owner, SRV, struct.pack(">HHH", 0, 0, port) + host, ttl),
            record(owner, TXT, b"".join(bytes([len(pair)]) + pair for pair in text), ttl),
            record(host, A, socket.inet_aton(address), ttl)]


def send(machine, packets, source=None, to=GROUP, ttl=255):
    lines = "".join(packet.hex() + "\n" for packet in packets)
    process = machine.start(sys.executable, __file__, source or machine.address, to, str(ttl),
                            stdin=-1)
    process.communicate(lines.encode())
    assert process.returncode == 0


def sender_from(source, ttl):
    number = int(ttl)
    if ":" in source:
        sender = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        level, options = socket.IPPROTO_IPV6, ((socket.IPV6_MULTICAST_HOPS, number),
                                               (socket.IPV6_UNICAST_HOPS, number),
                                               (socket.IPV6_MULTICAST_IF, socket.if_nametoindex("eth0")))
    else:
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        level, options = socket.IPPROTO_IP, ((socket.IP_MULTICAST_TTL, number), (socket.IP_TTL, number),
                                             (socket.IP_MULTICAST_IF, socket.inet_aton(source)))
    for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
        sender.setsockopt(socket.SOL_SOCKET, option, 1)
    for option, value in options:
        sender.setsockopt(level, option, value)
    sender.bind(socket.getaddrinfo(source, PORT, type=socket.SOCK_DGRAM)[0][4])
    return sender


def main():
    source, to, ttl = sys.argv[1:]
    sender = sender_from(source, ttl)
    where = socket.getaddrinfo(to, PORT, type=socket.SOCK_DGRAM)[0][4]
    for line in sys.stdin:
        sender.sendto(bytes.fromhex(line), where)
        time.sleep(0.0005)  # as fast as a receiver's buffer takes it


if __name__ == "__main__":
    main()
