#!/usr/bin/env bash
# What several ranks bring on one machine: the same work by 1 rank of 1 thread, 1 rank of 2 threads and
# 2 ranks of 1 thread, and the pieces of which apps/README.md makes its table for more cores.
#
#   bash apps/cluster/measure.sh [SIZE...] >results.csv     tiny and small; five minutes, on an idle machine
#   bash apps/cluster/measure.sh table <results.csv         both tables, in Markdown
#
# Build first: cmake --preset mpi && cmake --build build/mpi --target train exchanges.
# Columns: size, ranks, threads of each, updates per second, environment frames per second, share of the
# fitting that went into exchanges and waiting; then rows "share" (milliseconds of an update of so many
# windows on one core) and "sum" (milliseconds of a sum of the gradients by two ranks, and of an exchange
# of one number).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bin=$root/build/mpi/bin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# On paper: N ranks of one core, B windows, P parameters. An update takes
#   t(B / N) + (N - 1) (4 a + 8 P / (N w)),
# with t(b) measured, a the time of a message and w bytes per second: for 8 cores as measured between two
# ranks here, for more 25 us and 1.2 GB/s (a network of 10 Gbit/s). Ranks beyond B have no window; where
# each rank has two, the batch is 2 N.
if [ "${1:-}" = table ]; then
  awk -F, '
    function show(x) { return x < 100 ? sprintf("%.1f", x) : sprintf("%.0f", x) }
    function talk(N, a, w) { return (N - 1) * (4 * a + 8 * P[size] / (N * w)) }
    $1 == "share" { t[$2, $3] = $4 / 1e3; next }
    $1 == "sum" { P[$2] = $3; one[$2] = $5 / 1e3; rate[$2] = 4 * $3 / (($4 - 2 * $5) / 1e3); next }
    NR > 1 { ups[$1, $2, $3] = $4; fps[$1, $2, $3] = $5; part[$1, $2, $3] = $6; if (!seen[$1]++) order[++n] = $1 }
    END {
      print "| size | ranks x threads | updates/s | to one core | frames/s | to one core | exchanges and waiting |"
      print "|---|---|---|---|---|---|---|"
      for (i = 1; i <= n; ++i) for (k = 1; k <= 3; ++k) {
        size = order[i]; r = k == 3 ? 2 : 1; h = k == 2 ? 2 : 1
        printf "| %s | %d x %d | %s | %.2f | %s | %.2f | %.1f %% |\n", size, r, h, show(ups[size, r, h]),
          ups[size, r, h] / ups[size, 1, 1], show(fps[size, r, h]), fps[size, r, h] / fps[size, 1, 1], 100 * part[size, r, h]
      }
      print "\n| size | cores | ranks with windows | updates/s, the same batch | to one core | windows/s, two a rank | to one core | frames/s |"
      print "|---|---|---|---|---|---|---|---|"
      for (i = 1; i <= n; ++i) for (N = 8; N <= 512; N *= 8) {
        size = order[i]; B = size == "tiny" ? 16 : 32; R = N < B ? N : B
        a = N == 8 ? one[size] : 25e-6; w = N == 8 ? rate[size] : 1.2e9
        same = 1 / (t[size, B / R] + talk(R, a, w)); two = 2 * N / (t[size, 2] + talk(N, a, w))
        printf "| %s | %d | %d | %s | %.1f | %s | %.1f | %s |\n", size, N, R, show(same), same / ups[size, 1, 1],
          show(two), two / (B * ups[size, 1, 1]), show(N * fps[size, 1, 1])
      }
    }'
  exit
fi
[ $# -gt 0 ] || set -- tiny small

# learn RANKS THREADS OPTIONS...: a training into $work/run.
learn() {
  rm -rf "$work/run"
  mpirun -n "$1" --bind-to none "$bin/train" --env pendulum_swingup --logdir "$work/run" --threads "$2" \
    --seed-episodes 2 --episodes-per-round 2 --eval-episodes 2 --eval-every never \
    --checkpoint-every never --progress none "${@:3}" >/dev/null 2>&1
}
# of_metrics: updates and frames per second, and the seconds of fitting, of the run in $work/run.
of_metrics() {
  awk -F, 'NR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i; next }
    $at["train/return"] == "" { next }
    { fit += $at["time/fit"]; collect += $at["time/collect"]; updates = $at["counter/updates"]
      frames = $at["counter/env_frames"]; if (!first) first = frames / $at["counter/episodes"] }
    END { printf "%.2f,%.1f,%.3f\n", updates / fit, (frames - 2 * first) / collect, fit }' "$work/run/metrics.csv"
}
parameters() { sed -n 's/.* = \([0-9,]*\) parameters.*/\1/p; s/^ *\([0-9,]*\) parameters.*/\1/p' "$work/run/log.txt" | head -1 | tr -d ,; }

echo "size,ranks,threads,updates_per_second,frames_per_second,exchanging"
for size; do
  updates=100 batch=16
  [ "$size" = tiny ] || updates=25 batch=32
  for how in "1 1" "1 2" "2 1"; do
    read -r ranks threads <<<"$how"
    learn "$ranks" "$threads" --preset "$size" --updates-per-episode "$updates" --total-episodes 6
    IFS=, read -r ups fps fit <<<"$(of_metrics)"
    took=$(sed -n 's/.*waiting took \([0-9.]*\) s of fitting.*/\1/p' "$work/run/log.txt")
    echo "$size,$ranks,$threads,$ups,$fps,$(awk "BEGIN { printf \"%.3f\", ${took:-0} / $fit }")"
  done
  for windows in $(printf "%s\n" $((batch / 2)) $((batch / 4)) $((batch / 8)) 2 1 | sort -rnu); do
    learn 1 1 --preset "$size" --batch-size "$windows" --updates-per-episode "$updates" --total-episodes 4 \
      --iterations 1 --candidates 10 --elites 2 # only the fitting counts
    IFS=, read -r ups fps fit <<<"$(of_metrics)"
    echo "share,$size,$windows,$(awk "BEGIN { printf \"%.2f\", 1000 / $ups }"),,"
  done
  echo "sum,$size,$(mpirun -n 2 --bind-to none "$bin/exchanges" time "$(parameters)" | cut -d, -f2-),"
done
