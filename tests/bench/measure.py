# SPDX-License-Identifier: MIT
"""What the benches share."""
import os
import statistics
import time

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


def fill(caller, prefix, count):
    for first in range(0, count, 500):
        items = [{"key": f"{prefix}_{i}", "value": f"value of a usual length, number {i:06}"}
                 for i in range(first, min(count, first + 500))]
        answer = caller.ask(id=1, call="set", items=items)
        assert answer.get("ok"), answer
