#!/usr/bin/env bash
# tsan.sh: clang's ThreadSanitizer on the parallel loops (test_base), the kernels (test_kernels), the
# planner (test_planner), and a training of a few rounds with four threads and an evaluation, whose
# results must be those of one thread, bit for bit.
#
# ThreadSanitizer does not see how OpenMP's own threads wait for each other, so that the end of every
# loop looks like a race. Therefore the runtime is clang's, whose library Archer tells ThreadSanitizer of
# each fork, join and barrier; nothing is suppressed. First two small programs show that this works: a
# correct one, which is reported where Archer is missing, and one with a race.
# CXX chooses the compiler. Needs clang, libclang-rt-dev and libomp-dev.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
usage "$@"
compiler=${CXX:-$(command -v clang++-19 || command -v clang++ || true)}
archer=$([ -z "$compiler" ] || dirname "$("$compiler" -print-file-name=libarcher.so)")/libarcher.so
if [ ! -e "$archer" ]; then
  say "skipped   tsan: no clang++ with libarcher.so" \
    "(apt-get install clang-19 libclang-rt-19-dev libomp-19-dev)"
  exit 0
fi
export OMP_TOOL_LIBRARIES=$archer OMP_WAIT_POLICY=passive
export TSAN_OPTIONS="ignore_noninstrumented_modules=1 exitcode=66"
mkdir -p "$work"

# control NAME STATUS [FLAG]: a loop that adds with atomic additions, or (-DRACE) without.
control() {
  "$compiler" -O1 -g1 -fopenmp -fsanitize=thread "${@:3}" -x c++ -o "$work/$1" - <<'PROGRAM'
#include <unistd.h>
int main() {
  int sum = 0, part[64] = {};
#pragma omp parallel for schedule(dynamic, 1) num_threads(4)
  for (int i = 0; i < 64; ++i) {
#ifndef RACE
#pragma omp atomic
#endif
    ++sum;
    usleep(1000);  // every thread gets some
    part[i] = i;
  }
  for (int i = 0; i < 64; ++i) sum += part[i];
#pragma omp parallel for schedule(dynamic, 1) num_threads(4)
  for (int i = 0; i < 64; ++i) {
    usleep(1000);
    part[63 - i] += i;
  }
}
PROGRAM
  local status=0
  "$work/$1" >"$work/$1.log" 2>&1 || status=$?
  [ $status -eq "$2" ] || wrong "the control program '$1' ended with status $status, not $2, see $work/$1.log"
}
control correct 0
control race 66 -DRACE
OMP_TOOL=disabled control without-archer 66

configure asan-ubsan "$work/build" "$work/build.log" -DCMAKE_UNITY_BUILD=ON -DCMAKE_CXX_COMPILER="$compiler" \
  -DCMAKE_CXX_FLAGS="-fsanitize=thread"
compile tsan "$work/build" "$work/build.log" test_base test_kernels test_planner train ||
  wrong "the build failed, see $work/build.log"

# watched NAME COMMAND...: no report, status 0.
watched() {
  local start=$SECONDS
  "${@:2}" >"$work/$1.log" 2>&1 || {
    say "tsan      $1: FAILED, see $work/$1.log"
    grep -m 3 -A 12 'WARNING: ThreadSanitizer' "$work/$1.log" || tail -5 "$work/$1.log"
    exit 1
  }
  say "tsan      $1: $(grep -oE 'test cases: *[0-9]+' "$work/$1.log" || true) no race, $((SECONDS - start)) s"
}
cases=0
for suite in base kernels planner; do  # a child of fork() has no threads
  watched "$suite" "$work/build/bin/test_$suite" --no-version --test-case-exclude='*fork*'
  cases=$((cases + $(grep -oE 'test cases: *[0-9]+' "$work/$suite.log" | grep -oE '[0-9]+$')))
done
for threads in 1 4; do
  rm -rf "${work:?}/run-$threads"
  watched "train-$threads" "$work/build/bin/train" --logdir "$work/run-$threads" --threads "$threads" \
    --env pendulum_swingup --env-option time_limit=20 --seed-episodes 2 --batch-size 8 --batch-length 8 \
    --horizon 6 --iterations 2 --candidates 64 --updates-per-episode 4 --total-episodes 5 --eval-every 3 \
    --eval-episodes 2 --checkpoint-every 1 --progress none
done
diff <(results "$work/run-1") <(results "$work/run-4") || wrong "one thread and four give different results"
row "$cases test cases of base, kernels and planner, and a training on 4 threads: no race, nothing" \
  "suppressed: $("$compiler" --version | head -1)"
