#!/usr/bin/env bash
# All tests: packages, build, then
#   release      everything; several ranks, where Open MPI is installed
#   portable     kernels and gradient checks, AVX2
#   scalar       kernels and gradient checks, without SIMD and OpenMP
#   asan-ubsan   what reads files and walks memory, under sanitizers
# The full matrix with every preset and clang++ is tests/matrix.sh. Ends with "N passed, N failed".
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/apps/setup.sh"

passed=0 failed=0 skipped=0 failures=()

# said REPORT: the last 40 lines of what each of the first three failing tests printed.
said() {
  awk 'function show(  i) { for (i = n > 40 ? n - 39 : 1; i <= n; ++i) print "  | " line[i]; n = 0 }
    /^ *[0-9]+\/[0-9]+ Test +#/ { show(); failing = /\*\*\*/ && ++failed <= 3; if (failing) print; next }
    /^[0-9]+% tests passed/ { show(); exit }
    failing && !/^$|^ +Start +[0-9]+: / { line[++n] = $0 }' "$1"
}

# tests PRESET [CTEST ARGUMENTS]: runs CTest and adds up what it says.
tests() {
  local preset=$1 start=$SECONDS dir=$root/build/$1 report
  shift
  report=$dir/ctest.log
  # One more than there are CPUs: tests also wait, for a disk, a signal or a time limit.
  (cd "$dir" && ctest --parallel $((jobs + 1)) --output-on-failure --no-tests=error \
    --output-junit "$dir/junit.xml" "$@") >"$report" 2>&1
  local line total bad
  line=$(grep -E '^[0-9]+% tests passed' "$report" | tail -1)
  if [ -z "$line" ]; then
    tail -20 "$report"
    failed=$((failed + 1))
    failures+=("$preset: ctest did not finish, see $report")
    return
  fi
  bad=$(sed -E 's/.*, ([0-9]+) tests failed out of.*/\1/' <<<"$line")
  total=$(sed -E 's/.*out of ([0-9]+).*/\1/' <<<"$line")
  passed=$((passed + total - bad))
  failed=$((failed + bad))
  say "tests     $preset: $((total - bad)) passed, $bad failed, $((SECONDS - start)) s"
  if [ "$bad" -gt 0 ]; then
    grep -E '^\s+[0-9]+ - .*\((Failed|Timeout|SEGFAULT|Not Run|.*Exception.*)\)' "$report" | head -30
    said "$report"
    failures+=("$preset: $bad, see $report")
  fi
}

# Test cases that a binary holds but would not run on its own.
count_skipped() {
  local binary all shown
  for binary in "$root"/build/release/bin/test_*; do
    [ -x "$binary" ] || continue
    all=$("$binary" --count --no-skip | grep -oE '[0-9]+' | tail -1)
    shown=$("$binary" --count | grep -oE '[0-9]+' | tail -1)
    skipped=$((skipped + ${all:-0} - ${shown:-0}))
  done
}

# gradient_check PRESET: every operation against central differences, by the program itself.
gradient_check() {
  local out=$root/build/$1/gradcheck.txt
  if "$root/build/$1/bin/gradcheck" --csv "$root/build/$1/gradcheck.csv" >"$out" 2>&1; then
    passed=$((passed + 1))
    say "gradients $1: $(tail -1 "$out")"
  else
    failed=$((failed + 1))
    failures+=("$1: gradcheck, see $out")
    tail -20 "$out"
  fi
}

# stage PRESET: what is built and run there.
stage() {
  local preset=$1
  shift
  build "$preset" "$@" && return 0
  failed=$((failed + 1))
  failures+=("$preset: the build")
  return 1
}

ensure_packages
if FIRST=250 stage release all; then
  tests release
  count_skipped
  gradient_check release
  [ -x "$root/build/release/bin/test_mpi" ] ||
    say "mpi       skipped: no Open MPI here (libopenmpi-dev, openmpi-bin)"
fi
for preset in portable scalar; do
  if FIRST=45 stage "$preset" test_kernels test_autograd; then  # test_autograd checks every operation's gradient
    tests "$preset" -L '^(kernels|autograd)$'
  fi
done
if FIRST=200 stage asan-ubsan test_base test_kernels test_nn test_envs test_files test_fuzz; then
  # Every environment is walked by check_env's rules; a thousand random episodes walk it no further.
  tests asan-ubsan -L '^(base|kernels|nn|envs|files|fuzz)$' -E 'random policy returns'
fi

for line in ${failures+"${failures[@]}"}; do say "FAILED    $line"; done
say "skipped   $skipped"
say "time      $SECONDS s"
say "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
