#!/usr/bin/env bash
# fuzz.sh [EXECUTIONS [READER...]]: coverage-guided fuzzing of every reader of the project, or of
# READER (the folders of tests/fuzz/corpus), with clang's libFuzzer and its address and undefined
# behaviour sanitizers, for 1,000,000 executions each.
#
# A reader may accept its bytes or refuse them with a sentence of one line; all else ends the
# campaign, with the bytes in build/campaigns/fuzz. What was found on the way is kept there, too, and
# the next campaign begins with it. CXX chooses the compiler. Needs clang and libclang-rt-dev.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
usage "$@"
executions=${1:-1000000}
whole_number EXECUTIONS "$executions"
readers=("${@:2}")
corpus=$root/tests/fuzz/corpus
[ ${#readers[@]} -gt 0 ] || mapfile -t readers < <(ls "$corpus")
for reader in "${readers[@]}"; do
  [ -d "$corpus/$reader" ] || wrong "there is no reader '$reader'; there are $(ls -x -w 0 "$corpus")"
done

# Without a record of every allocation's callers it is more than twice as fast.
export ASAN_OPTIONS=malloc_context_size=2:quarantine_size_mb=8:detect_stack_use_after_return=0
compiler=${CXX:-$(command -v clang++-19 || command -v clang++ || true)}
program='extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }'
if [ -z "$compiler" ] ||
  ! "$compiler" -fsanitize=fuzzer,address,undefined -x c++ -o /dev/null - <<<"$program" 2>/dev/null; then
  say "skipped   fuzz: no clang++ with libFuzzer (apt-get install clang-19 libclang-rt-19-dev)"
  exit 0
fi

mkdir -p "$work"
configure asan-ubsan "$work/build" "$work/build.log" -DCMAKE_UNITY_BUILD=ON -DCMAKE_CXX_COMPILER="$compiler" \
  -DCMAKE_CXX_FLAGS="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all" \
  -DPLANET_SIMD=OFF -DPLANET_OPENMP=OFF
compile fuzz "$work/build" "$work/build.log" fuzz_readers || wrong "the build failed, see $work/build.log"

for reader in "${readers[@]}"; do
  mkdir -p "$work/$reader"
  TARGET=$reader "$work/build/bin/fuzz_readers" -runs="$executions" -seed=1 -timeout=10 -rss_limit_mb=2048 \
    -max_len=4096 -artifact_prefix="$work/$reader-" -print_final_stats=1 "$work/$reader" "$corpus/$reader" \
    >"$work/$reader.log" 2>&1 || {
    say "fuzz      $reader: FAILED, see $work/$reader.log"
    grep -E 'fuzz target|ERROR|runtime error|Test unit written' "$work/$reader.log" | head -5
    exit 1
  }
  done=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/$reader.log")
  edges=$(grep -oE 'cov: [0-9]+' "$work/$reader.log" | tail -1)
  inputs=$(find "$work/$reader" -type f | wc -l)
  say "fuzz      $reader: $done executions, ${edges#cov: } edges, $inputs inputs"
  total=$((${total:-0} + done))
done
row "${#readers[@]} readers, $total executions, no fault: $("$compiler" --version | head -1)"
