# SPDX-License-Identifier: MIT
from types import SimpleNamespace

import pytest

import harness
from screen import Screen


@pytest.fixture
def playground():
    """For tests that break what they use."""
    ground = harness.Playground()
    yield ground
    ground.close()


@pytest.fixture(scope="session")
def shared_playground():
    ground = harness.Playground()
    yield ground
    ground.close()


@pytest.fixture(scope="session")
def mesh(shared_playground):
    """A server and two members, joined as people do it. Leave it as it was found."""
    server = shared_playground.server()
    a = shared_playground.first(server)
    b = shared_playground.joined(a)
    return SimpleNamespace(server=server, a=a, b=b, ground=shared_playground)


@pytest.fixture
def own_mesh(mesh):
    """The same, for tests of what is in it: made empty after each."""
    yield mesh
    for node in (mesh.a, mesh.b):
        node.resume()
        node.unlock()
        node.ok("profile", "use")
    for node in (mesh.b, mesh.a):
        node.sync()
        node.delete_everything()
    mesh.b.sync()


@pytest.fixture
def screens():
    """Opens shells in a terminal."""
    opened = []

    def open_screen(*arguments, **options):
        opened.append(Screen(*arguments, **options))
        return opened[-1]
    yield open_screen
    for screen in opened:
        screen.close()


def pytest_runtest_makereport(item, call):
    """A failure is told together with what the daemons said last."""
    if call.when != "call" or call.excinfo is None:
        return
    for name in ("playground", "shared_playground", "network"):
        ground = item.funcargs.get(name)
        for node in ground.nodes if ground else []:
            if node.log_file.exists():
                text = node.log_file.read_text(errors="replace")[-3000:]
                item.add_report_section("call", f"log of {node.name}", text)
