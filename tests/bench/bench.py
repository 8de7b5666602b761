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

SETS = 1000
FIRST_SYNC = 10_000
RUNS = 300


def spawn_ms(arguments, environment):
    """Whole-process time, output to /dev/null."""
    silence = [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]
    begin = time.perf_counter()
    pid = os.posix_spawn(arguments[0], arguments, environment, file_actions=silence)
    os.waitpid(pid, 0)
    return (time.perf_counter() - begin) * 1000


def paired(commands, environment):
    """Medians; the commands take turns, so that a slow moment meets all of them."""
    times = {name: [] for name in commands}
    for run in range(RUNS + 20):
        for name, arguments in commands.items():
            taken = spawn_ms(arguments, environment)
            if run >= 20:
                times[name].append(taken)
    return {name: statistics.median(taken) for name, taken in times.items()}


def floor():
    lines = subprocess.run([harness.program("envmesh_bench")], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    return {name: float(value) for name, value in (line.split() for line in lines)}


def fill(caller, prefix, count):
    for first in range(0, count, 500):
        items = [{"key": f"{prefix}_{i}", "value": f"value of a usual length, number {i:06}"}
                 for i in range(first, min(count, first + 500))]
        answer = caller.ask(id=1, call="set", items=items)
        assert answer.get("ok"), answer


def bench_export(node):
    with ipc.Caller(node) as caller:
        fill(caller, "EXPORTED", 100)
    text = node.ok("export", "--shell", "bash")
    file = node.home / "export.txt"
    file.write_bytes(text)
    found = paired({"true": ["/bin/true"], "cat": ["/bin/cat", str(file)],
                    "export": [harness.cli_program(), "export", "--shell", "bash"]},
                   node.environment())
    print(f"export of 100 variables, warm        {found['export']:.2f} ms whole process; "
          f"{found['export'] / found['cat']:.2f} x cat of the same bytes, "
          f"{found['export'] / found['true']:.2f} x /bin/true   (aim: 2 x cat)")


# Per round in microseconds: what the hook adds to a prompt, and reading one line of a file.
PROMPT_LOOPS = {
    "bash": (["--norc", "-i"], """eval "$(envmesh-cli hook bash)"; _envmesh_hook; read -r file <<<"$1"
        now() { echo $((${EPOCHREALTIME/./})); }; a=$(now); for ((i = 0; i < 2000; i++)); do _envmesh_hook; done
        b=$(now); for ((i = 0; i < 2000; i++)); do { IFS= read -r line <"$file"; } 2>/dev/null; done
        c=$(now); echo $(((b - a) / 2000)) $(((c - b) / 2000))"""),
    "zsh": (["-f", "-i"], """zmodload zsh/datetime; eval "$(envmesh-cli hook zsh)"; _envmesh_hook; file=$1
        now() { echo $(( int(rint(EPOCHREALTIME * 1000000)) )) }; zmodload zsh/mathfunc
        a=$(now); for ((i = 0; i < 2000; i++)); do _envmesh_hook; done
        b=$(now); for ((i = 0; i < 2000; i++)); do { IFS= read -r line <$file } 2>/dev/null; done
        c=$(now); echo $(((b - a) / 2000)) $(((c - b) / 2000))"""),
    "fish": (["-N", "-i"], """envmesh-cli hook fish | source; _envmesh_hook; set file $argv[1]
        function now; date +%s%6N; end
        set a (now); for i in (seq 2000); _envmesh_hook; end
        set b (now); for i in (seq 2000); read -l line <$file; end
        set c (now); math -s0 "($b - $a) / 2000"; math -s0 "($c - $b) / 2000" """),
}


def bench_prompt(node):
    generation = node.home / "generation"
    if not generation.exists():
        generation.write_text("1\n")
    for shell, (options, loop) in PROMPT_LOOPS.items():
        if not shutil.which(shell):
            continue
        before = [] if shell == "fish" else [shell]
        done = subprocess.run([shell, *options, "-c", loop, *before, str(generation)], check=True,
                              env=node.environment(), capture_output=True, text=True,
                              stdin=subprocess.DEVNULL)
        hook, read = (int(number) for number in done.stdout.split())
        print(f"idle prompt in {shell:5}                 {hook} us more; {hook / max(read, 1):.1f} x reading "
              f"one line of a file ({read} us)   (aim: no process, 3 ms)")


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
        bench_export(a)
        bench_prompt(a)
        bench_set(a, b, floors)
        bench_first_sync(playground, a, b, floors)
        bench_size(playground)
    finally:
        playground.close()


main()
