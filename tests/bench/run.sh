#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# `./dev bench`: the figures of README.md in this folder, on the release build. Prints one table.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cmake --build --preset release --target envmesh_bench >/dev/null
export PYTHONPATH="$root/tests/e2e" PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 "$root/tests/bench/bench.py" "$@"
