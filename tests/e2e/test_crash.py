# SPDX-License-Identifier: MIT
"""kill -9 in the middle of a thousand writes: what was acknowledged is on both machines."""
import json
import threading

import pytest

from harness import wait_until
from ipc import Caller

WRITES = 1000


class Writer(threading.Thread):
    """Sets one variable after another, each acknowledged before the next, until the daemon is gone."""

    def __init__(self, node):
        super().__init__()
        self.node = node
        self.acknowledged = []

    def run(self):
        try:
            with Caller(self.node) as caller:
                for number in range(WRITES):
                    items = [{"key": f"W_{number}", "value": f"value {number}"}]
                    reply = caller.ask(id=number + 1, call="set", items=items)
                    if reply is None or "error" in reply:
                        return
                    self.acknowledged.append(number)
        except OSError:
            pass


@pytest.mark.parametrize("victim", ["a", "b", "server"])
def test_every_acknowledged_write_survives_a_kill(playground, victim):
    server = playground.server()
    a = playground.first(server)
    b = playground.joined(a)
    nodes = {"a": a, "b": b, "server": server}
    writer = Writer(a)
    after = 300
    writer.start()
    wait_until(lambda: len(writer.acknowledged) >= after or not writer.is_alive(), "writes are made")
    nodes[victim].kill()
    writer.join()
    if victim != "a":
        assert len(writer.acknowledged) == WRITES, "others do not hinder local writes"
    else:
        assert len(writer.acknowledged) >= after

    nodes[victim].start()
    if victim != "server":
        nodes[victim].unlock()
    a.sync()
    b.sync()
    for node in (a, b):
        wait_until(lambda: missing(node, writer.acknowledged) == [], f"all is on {node.name}")
    assert a.status()["pending"] == 0
    assert a.status()["undecryptable"] == b.status()["undecryptable"] == 0
    for node in (a, b):
        assert node.status()["conflicts"] == 0


def missing(node, numbers):
    listed = json.loads(node.ok("list", "--json", "--values"))
    values = {variable["key"]: variable["value"] for variable in listed}
    return [number for number in numbers if values.get(f"W_{number}") != f"value {number}"]
