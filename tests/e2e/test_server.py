# SPDX-License-Identifier: MIT
"""A blind server: many meshes that know nothing of each other, each within its quota."""
import json

from harness import wait_until


def test_a_server_is_stopped_and_started_and_changes_flow_again(playground):
    server = playground.server()
    a = playground.first(server)
    b = playground.joined(a)
    for lap in range(3):
        assert server.terminate() == 0
        wait_until(lambda: a.status()["tier"] == "offline", "the loss is noticed")
        a.set("LAP", f"lap {lap}")
        server.start()
        b.sees("LAP", f"lap {lap}")  # by itself: nobody asks for a sync
        wait_until(lambda: a.status()["pending"] == 0, "everything was sent")
    status = a.status()
    assert (status["tier"], status["server"]) == ("cloud", server.url)
    assert status["last_contact"].endswith("Z") and status["reason"] == ""


def test_meshes_on_one_server_stay_apart(playground):
    server = playground.server()
    one = playground.first(server, "one")
    two = playground.first(server, "two")
    one.set("SHARED_NAME", "of mesh one")
    one.set("ONLY_ONE", "secret")
    two.set("SHARED_NAME", "of mesh two")
    one.sync()
    two.sync()
    assert two.get("ONLY_ONE") is None
    assert one.get("SHARED_NAME") == b"of mesh one"
    assert two.get("SHARED_NAME") == b"of mesh two"
    assert one.status()["mesh"] != two.status()["mesh"]
    assert [len(json.loads(node.ok("peers", "--json"))) for node in (one, two)] == [1, 1]
    three = playground.joined(two, "three")
    assert three.get("SHARED_NAME") == b"of mesh two"
    assert three.get("ONLY_ONE") is None
    server.restart()
    one.set("AFTER", "1")
    one.sync()
    two.sync()
    assert two.get("AFTER") is None and three.get("AFTER") is None


def test_a_server_is_blind_and_says_so(mesh):
    mesh.a.set("UNSEEN", "value")
    mesh.a.sync()
    for arguments in (["get", "UNSEEN"], ["set", "UNSEEN=x"], ["list"], ["invite"],
                      ["init", "--name", "x", "--password-file", str(mesh.a.password_file)]):
        done = mesh.server.cli(*arguments)
        assert done.returncode == 6, (arguments, done.stderr)
        assert b"value" not in done.stdout
    status = mesh.server.status()
    assert (status["state"], status["tier"], status["serves"]) == ("unlocked", "serving", True)
    peers = json.loads(mesh.server.ok("peers", "--json"))
    assert {peer["device"] for peer in peers} >= {mesh.a.status()["device"], mesh.b.status()["device"]}
    assert all(peer["name"] == "" for peer in peers), "names are sealed"
    assert b"UNSEEN" not in mesh.server.ok("peers", "--json")


def test_over_its_quota_a_mesh_loses_nothing(playground):
    server = playground.server(extra="quota_cells = 5")
    a = playground.first(server)
    other = playground.first(server, "other")
    for number in range(5):
        a.set(f"FITS_{number}", "x")
    a.sync()
    for number in range(3):
        a.set(f"OVER_{number}", f"kept {number}")
    done = a.cli("sync", "--wait", "3s")
    assert done.returncode == 7, done.stdout
    assert b"quota" in done.stderr
    assert a.status()["pending"] > 0
    for number in range(3):
        assert a.get(f"OVER_{number}") == f"kept {number}".encode()
    other.set("MINE", "unaffected")
    other.sync()
    a.restart()
    assert a.status()["pending"] > 0
    assert a.get("OVER_2") == b"kept 2"

    # More room, and everything arrives.
    server.extra = "quota_cells = 100"
    server.restart()
    a.sync()
    assert a.status()["pending"] == 0
    b = playground.joined(a)
    assert b.get("OVER_2") == b"kept 2"


def test_a_change_of_what_is_there_fits_into_a_full_quota(playground):
    server = playground.server(extra="quota_cells = 2")
    a = playground.first(server)
    a.set("X", "1")
    a.set("Y", "1")
    a.sync()
    a.set("X", "2")
    a.sync()
    assert a.status()["pending"] == 0


def test_a_server_on_the_open_network_asks_new_meshes_for_its_token(playground):
    server = playground.server(extra='new_meshes = "token"')
    node = playground.node("a")
    given = ["--server", server.url, "--server-key", server.key,
             "--password-file", str(node.password_file)]
    node.ok("init", "--name", "a", *given)
    wait_until(lambda: node.status()["reason"], "the refusal is told")
    assert node.status()["tier"] == "offline"
    token = server.home / "server.token"
    assert token.stat().st_mode & 0o777 == 0o600
    other = playground.node("b")
    other.ok("init", "--name", "b", *given, "--server-token-file", str(token))
    other.sync()
    assert other.status()["tier"] == "cloud"


def test_a_server_put_back_to_yesterday_is_filled_again_by_its_members(playground):
    server = playground.server()
    a = playground.first(server)
    b = playground.joined(a)
    assert server.terminate() == 0
    yesterday = {path.name: path.read_bytes() for path in server.home.glob("envmesh.db*")}
    server.start()
    a.set("X", "survives")
    b.sees("X", "survives")
    assert server.terminate() == 0
    for path in server.home.glob("envmesh.db*"):
        path.unlink()
    for name, contents in yesterday.items():
        (server.home / name).write_bytes(contents)
    server.start()
    a.sync()
    b.sync()
    c = playground.joined(a, "c")
    assert c.get("X") == b"survives"


def test_a_server_with_another_identity_is_refused_by_its_members(playground):
    server = playground.server()
    a = playground.first(server)
    assert server.terminate() == 0
    impostor = playground.server("impostor", port=server.port)
    assert impostor.key != server.key
    a.set("X", "not for you")
    wait_until(lambda: "key" in a.status()["reason"], "the other key is told")
    assert a.status()["tier"] == "offline" and a.status()["pending"] == 1
    assert impostor.status()["devices"] == 0
