#!/usr/bin/env bash
# The benchmarks that compare with a peer in the same run; figures are ratios, to be read on an idle machine.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
for bench in "runtime one_way" "recordings recording" "imaging reconstruct" "simulation image" "system-tests detection"; do
  set -- $bench
  echo "vesalius: benchmark $2 of $1"
  cargo bench --locked --profile dev --quiet -p "$1" --bench "$2" || echo "vesalius: benchmark $2 failed"
done
