# SPDX-License-Identifier: MIT
"""A stranger on the local network says and serves what it likes; members find each other and tell it nothing."""
import os
import struct

import pytest

import broadcast
import lan
import mdns
from harness import is_sanitized, wait_until
from network import GUEST, MACHINE, PORT, Network
from trap import Trap
from wire import Wire

REASON = lan.reason_to_skip()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))
WATCHED = GUEST + '[log]\nlevel = "debug"\n'
PATIENCE = 120  # some wait their turn among the stranger's


@pytest.fixture
def network():
    """Without a cloud any more; only the first may serve."""
    network = Network(MACHINE, WATCHED, WATCHED)
    network.stranger = network.lan.machine("stranger")
    network.observer = network.lan.machine("observer").peer()
    network.cloud.kill()
    wait_until(lambda: are_guests(network), "the first serves the others")
    yield network
    network.close()


def are_guests(network):
    return all(one.status()["tier"] == "lan" for one in network.machines[1:])


def beacon(network, host):
    """What this host announces, and the name that it does so by."""
    found = wait_until(lambda: next((one for one in list(network.observer.known.values())
                                     if host.machine.address in one["addresses"]), None),
                       f"{host.name} is announced")
    return found["instance"], [f"{key}={value}".encode() for key, value in found["text"].items()]


def announce(network, *services):
    mdns.send(network.stranger, [mdns.response(*mdns.service(*one)) for one in services])


def broadcast_too(network, *services):
    broadcast.send(network.stranger, [broadcast.packet(broadcast.HERE, name, port, text)
                                      for name, port, _, text in services])


def go_on(network):
    """A change on each reaches the others."""
    for one in network.machines:
        key = f"FROM_{one.name}_{os.urandom(3).hex()}"
        one.set(key, "here")
        for other in network.machines:
            wait_until(lambda: other.get(key) == b"here", f"{key} at {other.name}", PATIENCE)


def is_client_hello(data):
    kind, _, length = struct.unpack(">BHH", data[:5])  # one TLS record and nothing after it
    return kind == 22 and data[5] == 1 and len(data) == 5 + length


def tells_nothing(network, data):
    for one in network.machines:
        status = one.status()
        for secret in (status["mesh"], status["device"]):
            if secret.encode() in data or bytes.fromhex(secret) in data:
                return False
        if one.name.encode() in data:
            return False
    return True


@pytest.mark.parametrize("count", [1, 20])
def test_who_copies_an_announcement_and_never_answers(network, count):
    server, *guests = network.machines
    _, text = beacon(network, server)
    server.terminate()
    ports = range(PORT, PORT + count)
    trap = Trap(network.stranger, *ports)
    copies = [(f"copy{port}", port, network.stranger.address, text) for port in ports]
    announce(network, *copies)
    broadcast_too(network, *copies)
    addresses = {one.machine.address for one in guests}
    wait_until(lambda: addresses <= {address for address, _ in trap.connections()}, "both go and see")
    server.start()
    server.unlock()
    go_on(network)
    told = [data for _, data in trap.connections() if data]
    assert told
    assert all(is_client_hello(data) and tells_nothing(network, data) for data in told)


def test_an_address_that_is_not_of_this_network_is_not_tried(network):
    server, *guests = network.machines
    _, text = beacon(network, server)
    away = "10.99.9.9"
    lan.ip("-n", network.stranger.namespace, "address", "add", f"{away}/32", "dev", "eth0")
    elsewhere, here = Trap(network.stranger, PORT + 1), Trap(network.stranger, PORT)
    announce(network, ("elsewhere", PORT + 1, away, text))
    announce(network, ("here", PORT, network.stranger.address, text))
    addresses = {one.machine.address for one in guests}
    wait_until(lambda: addresses <= {address for address, _ in here.connections()}, "they go and see")
    assert not elsewhere.connections()


def flood(network):
    """A thousand announcements with a copied tag, and as many with one of nobody."""
    _, copied = beacon(network, network.machines[0])
    noise = [b"v=1", b"n=0123456789abcdef", b"t=fedcba9876543210"]
    for kind, text in (("copy", copied), ("noise", noise)):
        fakes = [(f"{kind}{number}", PORT, network.stranger.address, text) for number in range(1000)]
        announce(network, *fakes)
        broadcast_too(network, *fakes[:300])  # more than are kept
    for guest in network.machines[1:]:
        guest.wait_log(network.stranger.address)  # they try them


def test_a_flood_of_announcements_fills_no_memory_and_ends_no_link(network):
    server, *guests = network.machines
    before = [one.machine.memory(one.process) for one in network.machines]
    known = [one.log() for one in guests]
    flood(network)
    go_on(network)
    grown = [one.machine.memory(one.process) - size for one, size in zip(network.machines, before)]
    assert is_sanitized() or max(grown) < 16 << 20
    for guest, log in zip(guests, known):
        assert f"The connection to {server.machine.address}" not in guest.log()[len(log):]


def test_a_server_that_comes_after_a_flood_is_found(network):
    server = network.machines[0]
    flood(network)
    server.terminate()
    server.start()  # under another name
    server.unlock()
    go_on(network)


def test_another_mesh_on_the_same_network(network):
    ours = network.machines
    network.cloud.start()
    theirs = network.mesh("other", MACHINE, GUEST)
    wire = Wire(network.lan)
    network.cloud.kill()
    wait_until(lambda: theirs[0].status()["serves"], "they have a server too")
    beacon(network, theirs[0])
    for member in (ours[0], theirs[0]):  # anew, with all announcements on the network
        member.terminate()
        member.start()
        member.unlock()
    go_on(network)
    theirs[0].set("THEIRS", "yes")
    theirs[1].sees("THEIRS", "yes")
    assert ours[0].get("THEIRS") is None
    assert wire.between(ours, ours) and wire.between(theirs, theirs), "the wire is seen"
    assert not wire.between(ours, theirs) and not wire.between(theirs, ours)


def test_another_mesh_behind_a_copied_announcement(network):
    server, *guests = network.machines
    network.cloud.start()
    foreign, = network.mesh("foreign", MACHINE)
    network.cloud.kill()
    wait_until(lambda: foreign.status()["serves"], "it serves")
    _, text = beacon(network, server)
    announce(network, ("replayed", PORT, foreign.machine.address, text))
    for guest in guests:
        guest.wait_log("another key than expected")
    go_on(network)
    devices = {one.status()["device"][:8] for one in network.machines}
    assert not any(device in foreign.log() for device in devices)
    assert foreign.status()["variables"] == 0


def test_a_forged_goodbye_ends_no_link(network):
    server, *guests = network.machines
    stranger, observer = network.stranger, network.observer
    instance, text = beacon(network, server)
    known = [one.log() for one in guests]
    broadcast.send(stranger, [broadcast.packet(broadcast.LEAVING, instance, PORT, text)])
    goodbye = [mdns.response(mdns.pointer(instance, ttl=0))]

    def is_believed():  # unless its owner has just repeated itself
        for victim in (*(one.machine for one in guests), observer.machine):
            mdns.send(stranger, goodbye, to=victim.address)
            mdns.send(stranger, goodbye, stranger.link_local(), victim.link_local())
        return {"event": "lost", "instance": instance} in observer.events

    wait_until(is_believed, "the server is said to be gone", pause=2)
    mdns.send(stranger, goodbye)  # to all: its owner contradicts that
    observer.finds(instance)
    go_on(network)
    for guest, before in zip(guests, known):
        assert server.machine.address not in guest.log()[len(before):]
