#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# `./dev bench [lan]`: the figures of one machine, or of a local network, on the release build. Prints one table.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export PYTHONPATH="$root/tests/e2e" PYTHONDONTWRITEBYTECODE=1
if [[ ${1:-} == lan ]]; then
    exec /usr/bin/python3 "$root/tests/bench/bench_lan.py" "${@:2}"
fi
cmake --build --preset release --target envmesh_bench >/dev/null
exec /usr/bin/python3 "$root/tests/bench/bench.py" "$@"
