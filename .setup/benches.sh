#!/usr/bin/env bash
# Benchmarks; figures are to be read on an idle machine. `benches.sh stages` times each stage of a procedure alone;
# without a word those run that compare with a peer in the same run, whose figures are ratios, and those of sessions with faults.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
benches=(
  "runtime one_way" "recordings recording" "formats openigtlink" "imaging reconstruct_peers" "simulation image" "system-tests detection"
  "system-tests tracker_latency" "system-tests device_faults"
)
if [ "${1:-}" = stages ]; then
  benches=(
    "models forward" "segmentation around_the_network" "segmentation vessel_tree" "segmentation surface_net"
    "imaging reconstruct" "fusion reslice" "registration register" "fusion navigate" "fusion overlay" "recordings recording"
  )
fi
for bench in "${benches[@]}"; do
  set -- $bench
  echo "vesalius: benchmark $2 of $1"
  # Of the whole workspace: with one package alone others would be built again with fewer features.
  cargo bench --locked --profile dev --quiet --workspace --bench "$2" || echo "vesalius: benchmark $2 failed"
done
