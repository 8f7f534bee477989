#!/usr/bin/env bash
# The full matrix: every preset with g++ and with clang++, warnings are errors, every test. As tests/run.sh does,
# it compiles several sources as one, but for debug, which compiles each alone: that finds a missing include. The tests
# that compute for minutes are left out where they would take a quarter of an hour or time out.
#
#   bash tests/matrix.sh                      all ten (hours on two cores)
#   bash tests/matrix.sh scalar debug         these presets
#   COMPILERS=clang++ bash tests/matrix.sh    this compiler
# Builds stand in build/matrix/PRESET-COMPILER and are kept. Exit status 1 if anything failed.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/apps/setup.sh"
read -ra compilers <<<"${COMPILERS:-g++ clang++}"
all=(release portable scalar debug asan-ubsan)
presets=("$@")
[ ${#presets[@]} -gt 0 ] || presets=("${all[@]}")

for preset in "${presets[@]}"; do
  if [[ " ${all[*]} " != *" $preset "* ]]; then
    say "There is no preset '$preset'; there are: ${all[*]}"
    exit 2
  fi
done
for compiler in "${compilers[@]}"; do
  if ! command -v "$compiler" >/dev/null; then
    say "$compiler is missing. Install it: apt-get install ${compiler/clang++/clang libomp-dev}"
    exit 2
  fi
done

ensure_packages
failures=()
export LSAN_OPTIONS=suppressions=$root/tests/leaks.supp:print_suppressions=0

# cell PRESET COMPILER: configure, build, test; one line on how it went.
cell() {
  local name=$1-$2 dir=$root/build/matrix/$1-$2 start=$SECONDS result
  local log=$dir.log unity=ON without=()
  case $1 in
    scalar) without=(-E "committed models are small") ;;
    debug) unity=OFF without=(-E "own_world: from|committed models are small") ;;
    asan-ubsan)
      without=(-E "own_world: from|the page's losses|print can be pasted|bench races|committed models are small")
      ;;
  esac
  mkdir -p "$root/build/matrix"
  if ! configure "$1" "$dir" "$log" -DCMAKE_CXX_COMPILER="$2" -DCMAKE_UNITY_BUILD=$unity \
    -DPLANET_WERROR=ON ||
    ! compile "$name" "$dir" "$log" all; then
    grep -v '^\[' "$log" | grep -E 'error|Error|missing' | head -10
    failures+=("$name: the build, see $log")
    return
  fi
  (cd "$dir" && ctest --parallel "$jobs" --output-on-failure --no-tests=error "${without[@]}") >>"$log" 2>&1 ||
    failures+=("$name: tests, see $log")
  grep -E '^\s+[0-9]+ - .*\(.*\)$' "$log" | head -20
  result=$(grep -E '^[0-9]+% tests passed' "$log" | tail -1)
  say "$name: ${result:-ctest did not finish}, $((SECONDS - start)) s"
}

for preset in "${presets[@]}"; do
  for compiler in "${compilers[@]}"; do cell "$preset" "$compiler"; done
done

for line in ${failures+"${failures[@]}"}; do say "FAILED    $line"; done
say "matrix: $((${#presets[@]} * ${#compilers[@]})) builds, ${#failures[@]} failed, $SECONDS s"
[ ${#failures[@]} -eq 0 ]
