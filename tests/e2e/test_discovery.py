# SPDX-License-Identifier: MIT
"""Servers of ours find each other on the local network, among other responders and strangers."""
import ipaddress
import os
import pathlib
import random
import signal
import subprocess
import time

import pytest

import lan
from harness import wait_until

REASON = lan.reason_to_skip("avahi-daemon", "avahi-browse", "dbus-daemon")
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))
TYPE = "_envmesh._tcp"


@pytest.fixture
def net():
    net = lan.Lan()
    yield net
    net.close()


def test_two_of_ours_find_each_other_and_hear_the_goodbye(net):
    a, b = (net.machine(name).peer() for name in "ab")
    assert a.announce("one", 4711, v=1, t="00112233aabbccdd") == ""
    assert b.announce("two", 4712) == ""
    found = b.finds("one", port=4711, text={"v": "1", "t": "00112233aabbccdd"})
    a.finds("two", port=4712, text={})

    both = wait_until(lambda: [x for x in b.known["one"]["addresses"] if len(b.known["one"]["addresses"]) == 2],
                      "both protocols are known")
    four, six = sorted(both, key=len)
    assert ipaddress.ip_address(four) in ipaddress.ip_network("10.70.0.0/24")
    assert six.startswith("fe80::") and six.endswith("%eth0")
    assert found["instance"] == "one" and set(b.known) == {"one"} and set(a.known) == {"two"}
    state = a.state()
    assert state["responder"] == "built in" and state["services"] == 1
    assert state["interfaces"] == [{"name": "eth0", "ipv4": True, "ipv6": True, "state": "in use"}]

    a.say("withdraw")
    b.loses("one")
    a.announce("three", 4713)
    b.finds("three")
    a.announce("three", 4714, v=2)  # the same name, other news
    b.finds("three", port=4714, text={"v": "2"})
    a.end()  # a goodbye, not a timeout: records live for minutes
    b.loses("three")
    b.end()


def test_both_links_of_a_machine_are_used(net):
    middle = net.machine("middle", links=("lan0", "lan1"))
    sides = [net.machine(f"side{number}", links=(f"lan{number}",)).peer() for number in range(2)]
    peer = middle.peer()
    peer.announce("middle", 4711)
    for number, side in enumerate(sides):
        side.announce(f"side{number}", 4712)
        four = f"10.7{number}.0."
        wait_until(lambda: any(x.startswith(four) for x in side.finds("middle")["addresses"]),
                   "the address on this link is known")
        assert not any(x.startswith(f"10.7{1 - number}.") for x in side.known["middle"]["addresses"])
        wait_until(lambda: any(x.endswith(f"%eth{number}") for x in peer.finds(f"side{number}")["addresses"]),
                   "a link-local address has its interface")


def browsed(machine):
    """What avahi-browse resolves: name to (protocols, text)."""
    found = {}
    for line in machine.run("avahi-browse", "-rtp", TYPE).splitlines():
        kind, _, protocol, *rest = line.split(";")
        if kind == "=":
            found.setdefault(rest[0], []).append((protocol, rest[5], rest[6]))
    return found


def test_avahi_sees_ours_and_we_see_what_it_publishes(net):
    ours, other = net.machine("ours"), net.machine("other")
    other.start_bus()
    other.start_avahi()
    peer = ours.peer()
    peer.announce("ours", 4711, v=1, n="abc")
    seen = wait_until(lambda: browsed(other).get("ours"), "avahi-browse finds ours")
    assert {protocol for protocol, _, _ in seen} <= {"IPv4", "IPv6"}
    assert all(port == "4711" and '"v=1"' in text and '"n=abc"' in text for _, port, text in seen)
    publisher = other.start("avahi-publish", "-s", "theirs", TYPE, "4712", "v=1", "T=upper")
    peer.finds("theirs", port=4712, text={"v": "1", "t": "upper"})
    publisher.terminate()
    peer.loses("theirs")
    peer.end()
    wait_until(lambda: "ours" not in browsed(other), "avahi-browse hears the goodbye")


def test_our_host_has_a_name_of_its_own(net):
    ours, other = net.machine("ours"), net.machine("other")
    other.start_bus()
    other.start_avahi()
    ours.peer().announce("ours", 4711)
    hosts = wait_until(lambda: [line.split(";")[6] for line in other.run("avahi-browse", "-rtp", TYPE).splitlines()
                                if line.startswith("=")], "avahi-browse resolves ours")
    assert all(len(host) == len("envmesh-01234567.local") and host.startswith("envmesh-") for host in hosts)
    everything = other.run("avahi-browse", "-atp")
    assert "_workstation" not in everything and f"{os.uname().nodename}.local" not in everything


def has_zeroconf():
    return subprocess.run(["/usr/bin/python3", "-c", "import zeroconf"], capture_output=True).returncode == 0


@pytest.mark.skipif(not has_zeroconf(), reason="needs python3-zeroconf")
def test_python_zeroconf_and_ours_find_each_other(net):
    ours, other = net.machine("ours"), net.machine("other")
    log = other.folder / "zeroconf"
    with open(log, "wb") as file:
        zeroconf = other.start("/usr/bin/python3", pathlib.Path(__file__).parent / "zeroconf_peer.py",
                               other.address, "snake", 4712, stdin=subprocess.PIPE, stdout=file)
    peer = ours.peer()
    peer.announce("ours", 4711, v=1, n="abc")
    peer.finds("snake", port=4712, text={"v": "1", "n": "zeroconf"}, addresses=[other.address])
    wait_until(lambda: b'"ours._envmesh._tcp.local.", "port": 4711, "text": {"v": "1", "n": "abc"}'
               in log.read_bytes() or b'"ours._envmesh._tcp.local.", "port": 4711, "text": {"n": "abc", "v": "1"}'
               in log.read_bytes(), "zeroconf finds ours")
    peer.say("withdraw")
    wait_until(lambda: b'{"lost": "ours._envmesh._tcp.local."}' in log.read_bytes(), "zeroconf hears the goodbye")
    zeroconf.communicate()
    peer.loses("snake")


def test_avahi_daemon_is_used_while_it_runs(net):
    ours, other = net.machine("ours"), net.machine("other").peer()
    bus = ours.start_bus()
    daemon = ours.start_avahi()
    peer = ours.peer()
    peer.uses("avahi-daemon")
    peer.announce("ours", 4711, v=1)
    other.announce("theirs", 4712, v=1)
    other.finds("ours", port=4711, text={"v": "1"})
    peer.finds("theirs", port=4712, text={"v": "1"})
    assert "ours" not in peer.known

    daemon.send_signal(signal.SIGKILL)
    peer.uses("built in")
    other.announce("more", 4713)
    peer.finds("more")
    peer.loses("theirs")
    peer.say("withdraw")
    other.loses("ours")
    peer.announce("again", 4714)
    other.finds("again")

    daemon = ours.start_avahi()
    peer.uses("avahi-daemon")
    other.finds("again")
    wait_until(lambda: "again" in browsed(ours), "the daemon announces it")
    peer.finds("more")
    bus.kill()
    peer.uses("built in")
    other.announce("last", 4715)
    peer.finds("last")
    bus.wait()
    ours.bus.unlink()
    daemon.kill()
    ours.start_bus()
    ours.start_avahi()
    peer.uses("avahi-daemon")
    other.finds("again")
    peer.end()
    other.loses("again")


@pytest.mark.parametrize("with_daemon", [False, True])
def test_a_taken_name_is_left_to_the_other(net, with_daemon):
    machine, other = net.machine("ours"), net.machine("other").peer()
    if with_daemon:
        machine.start_bus()
        machine.start_avahi()
    ours = machine.peer()
    ours.uses("avahi-daemon" if with_daemon else "built in")
    other.announce("same", 4712)
    ours.finds("same", port=4712)
    ours.announce("same", 4711)
    names = wait_until(lambda: {peer.state()["announced"] for peer in (ours, other)} - {"same"},
                       "one of them takes another name")
    assert all(name.startswith("same-") for name in names)
    wait_until(lambda: set(ours.known) == {other.state()["announced"]}, "ours knows the other alone")
    wait_until(lambda: set(other.known) == {ours.state()["announced"]}, "the other knows ours alone")
    other.finds(ours.state()["announced"], port=4711)
    ours.finds(other.state()["announced"], port=4712)


def test_the_port_is_shared_with_others(net):
    machine, other = net.machine("ours"), net.machine("other").peer()
    machine.start_avahi(dbus="no")  # another responder, of which we hear nothing on a bus
    first, second = machine.peer(), machine.peer()
    first.announce("first", 1001)
    second.announce("second", 1002)
    other.announce("other", 1003)
    other.finds("first")
    other.finds("second")
    first.finds("other")
    second.finds("other")


def test_an_address_that_comes_later_is_announced(net):
    machine, other = net.machine("ours"), net.machine("other").peer()
    machine.peer().announce("ours", 4711)
    other.finds("ours")
    lan.ip("-n", machine.namespace, "link", "set", "eth0", "down")
    lan.ip("-n", machine.namespace, "address", "flush", "dev", "eth0", "scope", "global")
    lan.ip("-n", machine.namespace, "address", "add", "10.70.0.99/24", "dev", "eth0")
    lan.ip("-n", machine.namespace, "link", "set", "eth0", "up")
    wait_until(lambda: "10.70.0.99" in other.finds("ours")["addresses"], "the other address is known")


def test_what_cannot_be_announced_is_refused(net):
    peer = net.machine("ours").peer()
    for words in (["x" * 64, 1], ["a", 0], ["a", 1, "toolongakey=1"], ["a", 1, "K=1"],
                  ["a", 1, "k=" + "v" * 254], ["a", 1, *(f"k{n}={'v' * 250}" for n in range(6))]):
        peer.say("announce", *words)
        assert peer._answers.get(timeout=10)["error"], words
    assert peer.state()["announced"] == ""


def test_interfaces_that_come_and_go_hide_nothing(net):
    machine, late = net.machine("ours"), net.machine("late")
    machine.peer().announce("ours", 4711)
    dice = random.Random(1)  # even gaps may fall between two looks
    for number in range(20):  # as programs do that begin and end containers
        lan.ip("-n", machine.namespace, "link", "add", "passing", "type", "bridge")
        lan.ip("-n", machine.namespace, "address", "add", f"172.18.{number}.1/24", "dev", "passing")
        lan.ip("-n", machine.namespace, "link", "set", "passing", "up")
        time.sleep(dice.uniform(0.2, 0.8))
        lan.ip("-n", machine.namespace, "link", "del", "passing")
        time.sleep(dice.uniform(0.2, 0.8))
    late.peer().finds("ours", port=4711)
