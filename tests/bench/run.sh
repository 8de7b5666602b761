#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# `./dev bench [lan|shells|login]`: the figures of one machine, of a local network, of its shells or of its login, on the release build.
# Prints one table.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export PYTHONPATH="$root/tests/e2e" PYTHONDONTWRITEBYTECODE=1
if [[ ${1:-} == lan ]]; then
    exec /usr/bin/python3 "$root/tests/bench/bench_lan.py" "${@:2}"
fi
if [[ ${1:-} == shells ]]; then
    exec /usr/bin/python3 "$root/tests/bench/bench_shells.py"
fi
if [[ ${1:-} == login ]]; then
    exec /usr/bin/python3 "$root/tests/bench/bench_login.py"
fi
cmake --build --preset release --target envmesh_bench >/dev/null
exec /usr/bin/python3 "$root/tests/bench/bench.py" "$@"
