# SPDX-License-Identifier: MIT
"""One local network and no cloud: machines find each other by every way there is, let others in, and do
what their configuration says."""
import json
import re
import signal

import pytest

import harness
import lan
from harness import wait_until
from network import Host

REASON = lan.reason_to_skip()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))
LAN_ONLY = "[client]\nenable_cloud = false\n"


class Network:
    def __init__(self):
        self.lan = lan.Lan()
        self.nodes = []

    def machine(self, name, config=LAN_ONLY):
        node = Host(self.lan.machine(name), config)
        self.nodes.append(node)
        return node.start()

    def first(self, name="first", config=LAN_ONLY):
        node = self.machine(name, config)
        node.ok("init", "--name", name, "--password-file", str(node.password_file))
        wait_until(lambda: node.status()["tier"] == "serving", f"{name} serves")
        return node

    def joined(self, admin, name, config=LAN_ONLY):
        node = self.machine(name, config)
        harness.join(admin, node)
        return node

    def close(self):
        for node in reversed(self.nodes):
            node.close()
        self.lan.close()


@pytest.fixture
def network():
    network = Network()
    yield network
    network.close()


def in_step(one, other, label):
    one.set(label, "there")
    other.sees(label, "there")
    other.set(label, "and back")
    one.sees(label, "and back")


def without_multicast(node):
    lan.ip("-n", node.machine.namespace, "link", "set", "eth0", "multicast", "off")


def probe(node):
    return json.loads(node.ok("peers", "--probe", "--json"))


def test_a_mesh_is_made_and_joined_without_any_server(network):
    first = network.first()
    first.set("BEFORE", "1")
    second = network.joined(first, "second")
    assert second.get("BEFORE") == b"1"
    in_step(first, second, "BETWEEN")
    third = network.joined(first, "third")
    in_step(second, third, "AMONG_GUESTS")
    assert {one.status()["tier"] for one in (second, third)} == {"lan"}
    assert first.cli("sync").returncode == second.cli("sync").returncode == 0


def test_what_is_there_is_shown(network):
    first = network.first()
    second = network.joined(first, "second")
    peers = {peer["name"]: peer for peer in json.loads(second.ok("peers", "--json"))}
    assert peers["first"]["serves"] and peers["first"]["link"] == "lan"
    assert re.fullmatch(r".+:8765", peers["first"]["address"])  # IPv4 or IPv6
    assert isinstance(peers["first"]["rtt_ms"], int)
    guests = {peer["name"]: peer for peer in json.loads(first.ok("peers", "--json"))}
    assert re.fullmatch(r".+:\d+", guests["second"]["address"])
    assert guests["first"]["serves"]
    status = second.status()
    assert status["tier"] == "lan" and "first serves the local network" in status["tier_reason"]
    assert status["tier_since"] and status["election"] == "idle" and status["health"] == "down"
    found = probe(second)
    assert [one["name"] for one in found["interfaces"]] == ["eth0"]
    assert found["interfaces"][0]["mdns"] == "asked"
    assert found["interfaces"][0]["broadcast"].startswith("asked 10.")
    assert [(one["name"], one["state"]) for one in found["found"]] == [("first", "connected")]
    wait_until(lambda: probe(second)["found"][0]["way"] == "mdns, broadcast", "both ways find it")
    assert b"second" in first.ok("peers") and b"connected" in second.ok("peers", "--probe")


def test_where_multicast_is_blocked_broadcast_finds_it(network):
    first = network.first()
    second = network.machine("second")
    for one in (first, second):
        without_multicast(one)
    harness.join(first, second)
    in_step(first, second, "BY_BROADCAST")
    assert probe(second)["found"][0]["way"] == "broadcast"
    assert probe(second)["interfaces"][0]["mdns"] == "no multicast"


def test_where_both_are_blocked_an_address_in_the_configuration_finds_it(network):
    first = network.first()
    second = network.machine("second")
    for number, one in enumerate((first, second), start=1):
        without_multicast(one)
        lan.ip("-n", one.machine.namespace, "address", "flush", "dev", "eth0")
        lan.ip("-n", one.machine.namespace, "address", "add", f"10.99.0.{number}/32", "dev", "eth0")
        lan.ip("-n", one.machine.namespace, "route", "add", "10.99.0.0/24", "dev", "eth0")
    for one in (first, second):  # the same file on both: it names the one that reads it, too
        one.configure(LAN_ONLY + 'lan_servers = ["10.99.0.1:8765", "10.99.0.2:8765"]\n')
        one.ok("config", "reload")
    harness.join(first, second)
    in_step(first, second, "BY_ADDRESS")
    assert probe(second)["found"][0]["way"] == "configured"
    wait_until(lambda: "That is this machine itself." in [one["state"] for one in probe(first)["found"]],
               "it knows its own address")


@pytest.mark.skipif(lan.reason_to_skip("avahi-daemon", "dbus-daemon") is not None, reason="no avahi-daemon")
def test_a_responder_that_hangs_holds_nothing_up(network):
    first = network.machine("first")
    first.machine.start_bus()
    avahi = first.machine.start_avahi()
    first.ok("init", "--name", "first", "--password-file", str(first.password_file))
    wait_until(lambda: probe(first)["responder"] == "avahi-daemon", "avahi-daemon is used")
    second = network.joined(first, "second")
    avahi.send_signal(signal.SIGSTOP)
    without_multicast(second)  # a change of the network: it is asked again, and does not answer
    without_multicast(first)
    in_step(first, second, "BESIDE_IT")
    wait_until(lambda: probe(first)["responder"] == "avahi-daemon, which does not answer", "it is told")
    assert "asked 10." in probe(first)["interfaces"][0]["broadcast"]
    first.terminate()
    assert "stopped" in first.log()


def test_over_ipv6_alone(network):
    first = network.first()
    second = network.machine("second")
    for one in (first, second):
        lan.ip("-n", one.machine.namespace, "-4", "address", "flush", "dev", "eth0")
    harness.join(first, second)
    in_step(first, second, "BY_IPV6")


def test_another_configuration_applies_without_a_restart(network):
    first = network.first()
    second = network.joined(first, "second")
    first.configure('[server]\nmode = "client-only"\n' + LAN_ONLY)
    first.process.send_signal(signal.SIGHUP)
    wait_until(lambda: not first.status()["serves"], "it serves no more")
    wait_until(lambda: second.status()["serves"], "the other one does instead")
    in_step(first, second, "THE_OTHER_WAY")

    first.configure("[server]\nmode = 1\n")
    refused = first.cli("config", "reload")
    assert refused.returncode == 65 and b"config.toml:2" in refused.stderr
    first.process.send_signal(signal.SIGHUP)
    first.wait_log("config_not_reloaded")
    in_step(first, second, "AS_BEFORE")

    second.configure('[server]\nport = 9000\n' + LAN_ONLY)
    second.ok("config", "reload")
    wait_until(lambda: json.loads(first.ok("peers", "--json")) and
               any(peer["address"].endswith(":9000")
                   for peer in json.loads(first.ok("peers", "--json"))), "it serves on the new port")
    in_step(first, second, "ON_ANOTHER_PORT")

    second.configure("[client]\nenable_lan = false\n")
    second.ok("config", "reload")
    wait_until(lambda: second.status()["tier"] == "offline", "it has left the network")


def test_a_network_that_comes_back_is_used_at_once(network):
    first = network.first()
    second = network.joined(first, "second")
    link = second.machine.namespace
    lan.ip("-n", link, "link", "set", "eth0", "down")
    first.set("MEANWHILE", "1")
    lan.ip("-n", link, "link", "set", "eth0", "up")
    second.sees("MEANWHILE", "1")


def test_events_tell_each_change(network):
    node = network.machine("first")
    events = node.command("watch", "--json")
    node.ok("init", "--name", "first", "--password-file", str(node.password_file))
    seen = set()
    while not {("role", "serving"), ("link", "serving"), ("election", "serving")} <= seen:
        line = json.loads(events._lines.get(timeout=harness.PATIENCE))
        seen.add((line["event"], line["state"]))
    assert ("election", "standing") in seen
    node.configure('[server]\nmode = "client-only"\n' + LAN_ONLY)
    node.ok("config", "reload")
    while ("role", "client") not in seen or ("config", "reloaded") not in seen:
        line = json.loads(events._lines.get(timeout=harness.PATIENCE))
        seen.add((line["event"], line["state"]))
