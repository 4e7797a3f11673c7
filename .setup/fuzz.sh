#!/usr/bin/env bash
# Fuzzes the readers of foreign bytes, guided by coverage: fuzz.sh [SECONDS_PER_TARGET] [TARGET…], by default 60 s for each.
# Inputs that reach new code are kept in target/fuzz/TARGET/corpus for the next run; what made a reader fail is in
# target/fuzz/TARGET/failures, and is tried first from then on.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=${1:-60}
case "$seconds" in
  '' | 0 | *[!0-9]*) echo "vesalius: fuzz.sh [SECONDS_PER_TARGET] [TARGET…], but the first word is \`$seconds\`" >&2; exit 2 ;;
esac
shift || true
platform=x86_64-unknown-linux-gnu
folder=$(mkdir -p "${CARGO_TARGET_DIR:-target}/fuzz" && cd "${CARGO_TARGET_DIR:-target}/fuzz" && pwd)
# The passes of LLVM that tell libFuzzer which code was reached and what was compared: they are in every rustc.
flags=(-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
  -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing)
# For a named platform, so that the flags are not for build scripts too.
if ! RUSTFLAGS="${flags[*]}" CARGO_TARGET_DIR="$folder/build" cargo build --quiet --locked --release \
  --target "$platform" --manifest-path nodes/formats/fuzz/Cargo.toml; then
  echo "vesalius: the fuzz targets cannot be built; if their Cargo.lock is old, nodes/formats/fuzz/Cargo.toml says how it becomes new" >&2
  exit 1
fi
program=$folder/build/$platform/release/formats-fuzz
known=$("$program" 2>/dev/null) || exit 1
targets=("$@")
[ "${#targets[@]}" -gt 0 ] || mapfile -t targets <<<"$known"

run() { # seconds, and folders of which the first takes new inputs
  local time=$1
  shift
  FUZZ_TARGET=$target "$program" "$@" "$here/seeds" "$here/failures" -dict="$here/words.dict" \
    -artifact_prefix="$here/failures/" -max_total_time="$time" -max_len=16384 -timeout=30 -rss_limit_mb=1024 \
    -print_final_stats=1 >>"$here/log" 2>&1
}

status=0 summary=()
for target in "${targets[@]}"; do
  if ! grep -qx "$target" <<<"$known"; then
    echo "vesalius: there is no fuzz target \`$target\`; there are: ${known//$'\n'/ }" >&2
    exit 2
  fi
  here=$folder/$target
  rm -rf "$here/seeds"
  mkdir -p "$here/corpus" "$here/failures"
  FUZZ_TARGET=$target FUZZ_SEEDS=$here "$program" 2>/dev/null || exit 1
  echo "vesalius: fuzzing $target for $seconds s"
  # Half of the time from the seeds alone: a small corpus goes where a large one, spread over all that is known, rarely does.
  rm -rf "$here/anew"
  mkdir "$here/anew"
  : >"$here/log"
  run $(((seconds + 1) / 2)) "$here/anew"
  code=$?
  if [ "$code" = 0 ] && [ "$seconds" -gt 1 ]; then
    run $((seconds / 2)) "$here/corpus" "$here/anew"
    code=$?
  fi
  # What is kept is the smallest set that reaches all that both reached.
  rm -rf "$here/kept"
  mkdir "$here/kept"
  if FUZZ_TARGET=$target "$program" -merge=1 -artifact_prefix="$here/failures/" \
    "$here/kept" "$here/corpus" "$here/anew" >/dev/null 2>&1; then
    rm -rf "$here/corpus" "$here/anew"
    mv "$here/kept" "$here/corpus"
  fi
  runs=$(awk '/^stat::number_of_executed_units/ { runs += $2 } END { print runs + 0 }' "$here/log")
  reached=$(awk '{ for (i = 1; i < NF; i++) if ($i == "cov:" && $(i + 1) > most) most = $(i + 1) } END { print most + 0 }' "$here/log")
  line="$target: $runs runs, $reached places reached, $(find "$here/corpus" -type f | wc -l) inputs kept"
  if [ "$code" != 0 ]; then
    status=1
    failure=$(sed -n 's/.*Test unit written to //p' "$here/log" | tail -1)
    line="$target FAILED: $(grep -m 1 -A 1 -E '^thread .* panicked|^==[0-9]+== ?ERROR' "$here/log" | tr '\n' ' ')"
    line+=$'\n'"  again with: FUZZ_TARGET=$target $program ${failure:-(no input was written: see $here/log)}"
  fi
  summary+=("$line")
done
printf '%s\n' "${summary[@]}"
exit "$status"
