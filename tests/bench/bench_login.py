# SPDX-License-Identifier: MIT
"""What the login costs: start to unlocked, lock to wiped, and another machine's change to the user manager.

Needs root (memory is read back, a user manager is made) and gnome-keyring.
"""
import os
import statistics
import time

import harness
import keyring
import user_manager
from test_inject import InjectingMachine
from test_login import LOGIN, LoginNode
from test_secrecy import memory_holds

ROUNDS = 10


def until(condition, seconds=60):
    """Milliseconds until it holds."""
    begin = time.perf_counter()
    while not condition():
        if time.perf_counter() - begin > seconds:
            raise AssertionError("it did not happen")
        time.sleep(0.001)
    return (time.perf_counter() - begin) * 1000


def told(name, figures, note=""):
    print(f"{name:<58} p50 {statistics.median(figures):7.1f} ms, worst {max(figures):7.1f} ms {note}")


def unlocked_in(node):
    """From the process's start to the first answer `unlocked`."""
    begin = time.perf_counter()
    node.start(wait=False)
    until(lambda: " ready " in node.log())
    ready = (time.perf_counter() - begin) * 1000
    until(lambda: node.status().get("state") == "unlocked")
    return ready, (time.perf_counter() - begin) * 1000


def resident_mib(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


def bench_keychain(ground, login, name):
    node = LoginNode(ground.folder / name.replace(" ", ""), "a")
    node.login = login
    ground.nodes.append(node)
    node.start()
    node.ok("init", "--name", "a", "--password-file", str(node.password_file))
    canary = "canary-" + os.urandom(12).hex()
    node.set("CANARY", canary)
    node.enable()
    starts, opens, locks = [], [], []
    for _ in range(ROUNDS):
        assert node.terminate() == 0
        ready, opened = unlocked_in(node)
        starts.append(ready)
        opens.append(opened)
        node.ok("export", "--shell", "sh")
        begin = time.perf_counter()
        node.ok("lock")
        answered = (time.perf_counter() - begin) * 1000
        assert memory_holds(node.process.pid, canary.encode()) == 0, "wiped when `lock` returns"
        locks.append(answered)
        node.ok("unlock")
    told(f"start of the daemon to ready ({name})", starts)
    told(f"start of the daemon to unlocked ({name})", opens)
    told(f"`lock` to wiped, the command's start included ({name})", locks)
    print(f"resident, unlocked and idle: {resident_mib(node.process.pid):.1f} MiB")
    node.ok("keychain", "disable")


def bench_injection(ground):
    manager = user_manager.start()
    try:
        machine = InjectingMachine(manager)
        machine.password = machine.home / "password"
        manager.run("sh", "-c", f"printf %s '{harness.PASSWORD}' > {machine.password}")
        machine.folder(".config/envmesh")
        manager.run("sh", "-c", f"printf '[client]\\nenable_lan = false\\n' > {machine.home}/.config/envmesh/config.toml")
        machine.ok("daemon", "install")
        server = ground.server("bench-server")
        other = ground.first(server, "other")
        inviting, code = harness.invite(other)
        joining = manager.popen(machine.program, "join", "--json", "--yes", "--name", "here", "--password-file",
                                machine.password, stdin=-1, stdout=-1, text=True)
        joining.stdin.write(code + "\n")
        joining.stdin.flush()
        inviting.event("joiner")
        inviting.say("yes")
        assert joining.wait(timeout=60) == 0 and inviting.finish() == 0
        other.ok("set", "FOLLOWED=0", "--inject")
        until(lambda: machine.environment().get("FOLLOWED") == "0")
        one_look = statistics.median(until(machine.environment) for _ in range(5))
        figures = []
        for number in range(1, ROUNDS + 1):
            begin = time.perf_counter()
            other.set("FOLLOWED", str(number))
            until(lambda: machine.environment().get("FOLLOWED") == str(number))
            figures.append((time.perf_counter() - begin) * 1000)
        told("`set` elsewhere to the user manager's environment", figures,
             f"(one look at it takes {one_look:.0f} ms; what follows within 100 ms is gathered)")
        machine.ok("daemon", "uninstall")
    finally:
        manager.close()


def main():
    ground = harness.Playground()
    login = keyring.Session()
    try:
        bench_keychain(ground, login, "kernel keyring")
        login.gnome_keyring(LOGIN)
        bench_keychain(ground, login, "Secret Service")
        bench_injection(ground)
    finally:
        ground.close()
        login.close()


if __name__ == "__main__":
    main()
