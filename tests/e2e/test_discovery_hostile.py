# SPDX-License-Identifier: MIT
"""Whatever strangers on the local network send, honest servers are still found."""
import random
import struct

import pytest

import lan
import mdns
from harness import is_sanitized, wait_until

REASON = lan.reason_to_skip()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))


@pytest.fixture
def net():
    net = lan.Lan()
    yield net
    net.close()


def finds_another(net, peer, name):
    other = net.machine(name).peer()
    other.announce(name, 4712, v=1)
    peer.finds(name, port=4712, text={"v": "1"})
    other.finds("ours", port=4711)


@pytest.mark.parametrize("answered", [True, False])
def test_an_honest_service_is_found_among_a_thousand_fakes(net, answered):
    victim, enemy = net.machine("ours"), net.machine("enemy")
    peer = victim.peer()
    peer.announce("ours", 4711)
    finds_another(net, peer, "before")
    before = victim.memory(peer.process)
    fakes = [mdns.service(f"fake{number}", 1, enemy.address) for number in range(1000)]
    mdns.send(enemy, [mdns.response(*(records if answered else records[:1])) for records in fakes])
    finds_another(net, peer, "after")
    if answered:
        wait_until(lambda: peer.state()["services"] > 100, "those that answer are found too")
    peer.finds("before")
    if not is_sanitized():
        assert victim.memory(peer.process) - before < 64 << 20


def test_memory_stays_bounded_whatever_is_said(net):
    victim, enemy = net.machine("ours"), net.machine("enemy")
    peer = victim.peer()
    peer.announce("ours", 4711)
    before = victim.memory(peer.process)
    long = [b"x" * 250] * 5
    mdns.send(enemy, [mdns.response(*mdns.service(f"fake{number}", 1, enemy.address, long))
                      for number in range(20_000)])
    assert peer.state()["services"] <= 4096
    if not is_sanitized():
        assert victim.memory(peer.process) - before < 128 << 20


def malformed(enemy):
    chance = random.Random(1)
    good = mdns.response(*mdns.service("broken", 1, enemy.address))
    yield from (chance.randbytes(chance.randrange(1, 1400)) for _ in range(300))
    yield from (good[:length] for length in range(1, len(good)))
    for _ in range(300):
        damaged = bytearray(good)
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        yield bytes(damaged)
    owner = mdns.name(mdns.TYPE)
    loop = struct.pack(">H", 0xc00c)  # a compressed name that is its own end
    yield struct.pack(">HHHHHH", 0, 0x8400, 0, 1, 0, 0) + loop + struct.pack(">HHIH", mdns.PTR, 1, 120, 2) + loop
    yield mdns.response(*[mdns.record(owner, mdns.TXT, b"\xff" + b"x" * 255) for _ in range(32)])


def test_malformed_packets_change_nothing(net):
    victim, enemy = net.machine("ours"), net.machine("enemy")
    peer = victim.peer()
    peer.announce("ours", 4711)
    peer.uses("built in")
    mdns.send(enemy, malformed(enemy))
    finds_another(net, peer, "after")


def test_what_is_not_a_service_of_ours_is_not_told(net):
    victim, enemy = net.machine("ours"), net.machine("enemy")
    peer = victim.peer()
    peer.announce("ours", 4711)
    finds_another(net, peer, "before")
    known = set(peer.known)
    too_long = [b"x" * 250] * 6
    strange = [mdns.service("control\x1b[2J\n", 1, enemy.address), mdns.service(b"\xff\xfe", 1, enemy.address),
               mdns.service("no-port", 0, enemy.address), mdns.service("loopback", 1, "127.0.0.1"),
               mdns.service("multicast", 1, "224.0.0.251"), mdns.service("long", 1, enemy.address, too_long),
               [mdns.pointer("other-type", "_http._tcp.local"), *mdns.service("x", 1, enemy.address)[1:]]]
    mdns.send(enemy, [mdns.response(*records) for records in strange])
    # An alias of itself, and a circle of two (RFC 1034 §3.6.2), where an address is looked for.
    for number, target in ((1, "alias1"), (2, "alias3")):
        records = mdns.service(f"alias{number}", 1, enemy.address)[:3]
        host = mdns.name(f"alias{number}", "local")
        mdns.send(enemy, [mdns.response(*records, mdns.record(host, mdns.CNAME, mdns.name(target, "local"))),
                          mdns.response(mdns.record(mdns.name("alias3", "local"), mdns.CNAME, host))])
    for target in (mdns.name(mdns.TYPE), mdns.name("a", mdns.TYPE)):
        mdns.send(enemy, [mdns.response(mdns.record(mdns.name(mdns.TYPE), mdns.CNAME, target))])
    finds_another(net, peer, "after")
    assert set(peer.known) == known | {"after"}


def test_answers_from_elsewhere_are_ignored(net):
    victim, enemy = net.machine("ours"), net.machine("enemy")
    peer = victim.peer()
    peer.announce("ours", 4711)
    lan.ip("-n", enemy.namespace, "address", "add", "192.0.2.7/32", "dev", "eth0")

    def say(name, **how):
        mdns.send(enemy, [mdns.response(*mdns.service(name, 1, enemy.address))], **how)

    finds_another(net, peer, "before")
    say("routed", ttl=254)                                     # a router has passed it on
    say("off-link", source="192.0.2.7", to=victim.address)     # RFC 6762 §11: not our link
    say("honest")
    peer.finds("honest")
    finds_another(net, peer, "after")
    assert not {"routed", "off-link"} & set(peer.known)


def test_others_cannot_say_goodbye_for_ours(net):
    victim, enemy = net.machine("ours"), net.machine("enemy")
    peer, other = victim.peer(), net.machine("other").peer()
    peer.announce("ours", 4711)
    other.finds("ours")
    mdns.send(enemy, [mdns.response(mdns.pointer("ours", ttl=0))])
    finds_another(net, peer, "after")
    other.finds("ours")
    peer.end()
