# SPDX-License-Identifier: MIT
"""Figures on real daemons and programs, each as a ratio to its floor measured in the same run."""
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import threading
import time

import harness
import ipc
from measure import fill

SETS = 1000
FIRST_SYNC = 10_000


def floor():
    lines = subprocess.run([harness.program("envmesh_bench")], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    return {name: float(value) for name, value in (line.split() for line in lines)}


def bench_set(a, b, floors):
    times = []
    with ipc.Caller(a) as setter, ipc.Caller(b) as watcher:
        assert watcher.ask(id=1, call="watch").get("ok")
        for i in range(SETS):
            begin = time.perf_counter()
            setter.send(ipc.frame({"id": i, "call": "set",
                                   "items": [{"key": "TRAVELS", "value": f"number {i}"}]}))
            while "TRAVELS" not in watcher.receive().get("names", []):
                pass
            times.append((time.perf_counter() - begin) * 1000)
            assert setter.receive().get("ok")
    times.sort()
    p50, p99 = times[SETS // 2], times[SETS * 99 // 100]
    commits = 3 * floors["commit_p50"]
    print(f"set to visible on the other machine  p50 {p50:.2f} ms, p99 {p99:.2f} ms of {SETS}; "
          f"p50 {p50 / commits:.2f} x three lone durable commits ({commits:.2f} ms)   (aim: 3 x)")


def bench_first_sync(playground, a, b, floors):
    with ipc.Caller(a) as caller:
        fill(caller, "FIRST", FIRST_SYNC)
    a.sync()
    b.sync()  # or it would receive them while the newcomer does
    newcomer = playground.node("c")
    begun = []
    watcher = threading.Thread(target=watch_first(newcomer, begun))
    watcher.start()
    harness.join(a, newcomer)
    taken = time.perf_counter() - begun[0]
    watcher.join()
    least = (floors["check_and_open"] + floors["insert"]) / 1000
    print(f"first sync of {FIRST_SYNC:,} variables       {taken:.2f} s; {taken / least:.2f} x its floor "
          f"(check and open {floors['check_and_open']:.0f} ms + insert {floors['insert']:.0f} ms)"
          f"   (aim: 1.5 x)")


def watch_first(node, begun):
    def watch():
        end = time.monotonic() + harness.PATIENCE
        while not (node.home / "vault.keys").exists() and time.monotonic() < end:
            time.sleep(0.001)
        begun.append(time.perf_counter())
    return watch


def bench_size(playground):
    node = playground.node("idle")
    node.ok("init", "--name", "idle", "--password-file", str(node.password_file))
    with ipc.Caller(node) as caller:
        fill(caller, "IDLE", 500)
    node.restart()
    node.ok("export", "--shell", "sh")
    time.sleep(1)
    status = pathlib.Path(f"/proc/{node.process.pid}/status").read_text()
    resident = int(next(l for l in status.splitlines() if l.startswith("VmRSS")).split()[1])
    print(f"idle daemon with 500 variables       {resident / 1024:.1f} MiB resident   (aim: 20 MiB)")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("envmesh-daemon", "envmesh-cli"):
            stripped = os.path.join(folder, name)
            shutil.copy(harness.program(name), stripped)
            subprocess.run(["strip", stripped], check=True)
            print(f"{name + ', stripped':36} {os.path.getsize(stripped) / 1048576:.2f} MiB")


def main():
    playground = harness.Playground()
    try:
        floors = floor()
        server = playground.server()
        a = playground.first(server)
        b = playground.joined(a)
        bench_set(a, b, floors)
        bench_first_sync(playground, a, b, floors)
        bench_size(playground)
    finally:
        playground.close()


main()
