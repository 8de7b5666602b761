# SPDX-License-Identifier: MIT
"""What EnvMesh costs a shell, as ratios to programs that were measured in the same run."""
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import time

import harness
import ipc
from measure import fill, paired

TERMINALS = 16
ROUNDS = 12


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
              f"one line of a file ({read} us)   (aim: no process, 100 us)")


def loaded(node, words, changed):
    """The environment of a shell that has evaluated what a tool has to say."""
    text = subprocess.run(words, env=changed, capture_output=True, check=True, text=True).stdout
    printed = subprocess.run(["bash", "-c", text + "\nenv -0"], env=changed, capture_output=True, check=True).stdout
    return dict(one.split("=", 1) for one in printed.decode().split("\0") if "=" in one)


def bench_again(node):
    """Asked again by a shell that has all of it already; direnv with the same 100 variables."""
    folder = node.home / "direnv"
    folder.mkdir()
    names = [f"EXPORTED_{i}" for i in range(100)]
    (folder / ".envrc").write_text("".join(f"export D{name}='value of a usual length'\n" for name in names))
    asked = {"true": ["/bin/true"], "hook": [harness.cli_program(), "export", "--hook", "--shell", "bash"]}
    environment = node.environment(PWD=str(folder))
    environment = loaded(node, asked["hook"], environment)
    direnv = shutil.which("direnv")
    os.chdir(folder)
    if direnv:
        subprocess.run([direnv, "allow"], env=environment, check=True, capture_output=True)
        asked["direnv"] = [direnv, "export", "bash"]
        environment = loaded(node, asked["direnv"], environment)
    found = paired(asked, environment)
    against = f", {found['hook'] / found['direnv']:.2f} x direnv export bash ({found['direnv']:.2f} ms)" if direnv else ""
    print(f"export --hook, nothing to do         {found['hook']:.2f} ms whole process; "
          f"{found['hook'] / found['true']:.2f} x /bin/true{against}")
    os.chdir("/")


def bench_run(node):
    found = paired({"env": ["/usr/bin/env", "true"], "run": [harness.cli_program(), "run", "--", "true"]},
                   node.environment())
    print(f"run -- true                          {found['run']:.2f} ms whole process; "
          f"{found['run'] / found['env']:.2f} x env true ({found['env']:.2f} ms)")


def slowest_ms(words, environment):
    """Of many that are started at once."""
    begin, left, worst = time.perf_counter(), set(), 0
    quiet = [(os.POSIX_SPAWN_OPEN, stream, "/dev/null", os.O_RDWR, 0) for stream in (0, 1, 2)]
    for _ in range(TERMINALS):
        left.add(os.posix_spawn(words[0], words, environment, file_actions=quiet))
    while left:
        left.discard(os.wait()[0])
        worst = time.perf_counter() - begin
    return worst * 1000


def bench_terminals(node):
    shells = {"bash": ["--rcfile", "{rc}", "-i", "-c", "exit"], "zsh": ["-i", "-c", "exit"],
              "fish": ["-i", "-c", "exit"]}
    lines = {"bash": 'eval "$(envmesh-cli export)"\neval "$(envmesh-cli hook bash)"\n',
             "zsh": 'eval "$(envmesh-cli export)"\neval "$(envmesh-cli hook zsh)"\n',
             "fish": "envmesh-cli export --shell fish | source\nenvmesh-cli hook fish | source\n"}
    for shell, words in shells.items():
        if not shutil.which(shell):
            continue
        times = {"": [], lines[shell]: []}
        for _ in range(ROUNDS):
            for text, taken in times.items():
                home = pathlib.Path(node.home) / ("with" if text else "without")
                rc = home / {"bash": ".bashrc", "zsh": ".zshrc", "fish": ".config/fish/config.fish"}[shell]
                rc.parent.mkdir(parents=True, exist_ok=True)
                rc.write_text(text)
                environment = {**node.environment(), "HOME": str(home), "ZDOTDIR": str(home)}
                environment.pop("XDG_CONFIG_HOME", None)
                started = [shutil.which(shell), *(word.format(rc=rc) for word in words)]
                taken.append(slowest_ms(started, environment))
        without, with_it = (statistics.median(taken) for taken in times.values())
        print(f"{TERMINALS} terminals at once, {shell:5}          slowest {with_it:.0f} ms with, "
              f"{without:.0f} ms without; {with_it / without:.2f} x")


def main():
    playground = harness.Playground()
    try:
        node = playground.node("shells")
        node.ok("init", "--name", "shells", "--password-file", str(node.password_file))
        bench_export(node)
        bench_prompt(node)
        bench_again(node)
        bench_run(node)
        bench_terminals(node)
    finally:
        playground.close()


main()
