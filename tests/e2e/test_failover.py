# SPDX-License-Identifier: MIT
"""The cloud goes and comes back: machines on one network go on among themselves, and lose nothing."""
import pytest

import lan
from harness import wait_until
from network import MACHINE, Network

REASON = lan.reason_to_skip()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))


@pytest.fixture
def network():
    network = Network(MACHINE, MACHINE, MACHINE)
    yield network
    network.close()


def test_the_cloud_dies_the_elected_server_dies_and_all_come_back(network):
    network.cloud.kill()
    network.all_change("WITHOUT_CLOUD")
    assert network.servers(), "somebody serves"
    assert {one.status()["tier"] for one in network.machines} <= {"lan", "serving"}
    assert all(one.status()["pending"] == 0 for one in network.machines)

    lost = network.servers()[0]
    lost.kill()
    alive = [one for one in network.machines if one is not lost]
    alive[0].set("WITHOUT_SERVER", "yes")
    alive[1].sees("WITHOUT_SERVER", "yes")
    lost.start()
    lost.unlock()
    lost.sees("WITHOUT_SERVER", "yes")
    network.all_change("ALL_BACK")

    network.cloud.start()
    for one in network.machines:
        one.sync()
    network.all_change("CLOUD_BACK")
    for one in network.machines:  # not at once: it must have been steady
        wait_until(lambda: one.status()["tier"] == "cloud", f"{one.name} is back", patience=100)


def test_a_cloud_that_answers_no_more_is_noticed(network):
    network.lan.move(network.cloud.machine, None)
    network.machines[0].set("INTO_A_BLACK_HOLE", "yes")
    for one in network.machines[1:]:
        wait_until(lambda: one.get("INTO_A_BLACK_HOLE") == b"yes", "it goes another way", patience=90)


def test_whoever_reaches_the_cloud_carries_for_whoever_does_not(network):
    cut = network.machines[2]
    address = network.cloud.machine.address
    lan.ip("-n", cut.machine.namespace, "route", "add", "unreachable", f"{address}/32")
    cut.set("FROM_THE_CUT", "yes")
    wait_until(lambda: network.machines[0].get("FROM_THE_CUT") == b"yes", "it comes over the network",
               patience=90)
    network.all_change("ACROSS")
    assert network.machines[0].status()["tier"] == "cloud"
    assert cut.status()["tier"] in ("lan", "serving")


def test_two_halves_go_on_and_become_one_again(network):
    network.cloud.kill()
    network.all_change("BEFORE")
    for one in network.machines[1:]:
        network.lan.move(one.machine, "lan1")
    network.machines[0].set("LEFT", "1")
    network.machines[1].set("RIGHT", "2")
    wait_until(lambda: network.machines[2].get("RIGHT") == b"2", "the right half goes on", patience=90)
    assert network.machines[1].get("LEFT") is None
    for one in network.machines[1:]:
        network.lan.move(one.machine, "lan0")
    for one in network.machines:
        for key, value in (("LEFT", b"1"), ("RIGHT", b"2")):
            wait_until(lambda: one.get(key) == value, f"{key} is at {one.name}", patience=90)
