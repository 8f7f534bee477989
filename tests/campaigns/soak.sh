#!/usr/bin/env bash
# soak.sh [SECONDS [NAME...]]: trains for an hour (3600) as `tiny` and as `planet64`, or as NAME, at the
# same time and on one thread each, and reads resident memory and open descriptors every ten seconds into
# build/campaigns/soak/NAME.csv.
#
# The replay memory is full from the first collected episode on, so nothing has a reason to grow. The
# first quarter is warm-up. Of the rest, the first and the last tenth are compared:
#   memory        the median may not grow by more than 2 % and 2 MiB together
#   descriptors   the smallest number, which is when no file is being written, may not grow at all
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
usage "$@"
seconds=${1:-3600}
whole_number SECONDS "$seconds"
names=("${@:2}")
[ ${#names[@]} -gt 0 ] || names=(tiny planet64)

# options NAME: of train.
options() {
  case $1 in
    tiny) say --env walker_walk --env-option time_limit=200 --preset tiny --replay-memory 1500kB \
      --checkpoint-every 60s --eval-every 5 --eval-episodes 1 ;;
    planet64) say --env pendulum_swingup --env-option time_limit=100 --preset paper --replay-memory 4MB \
      --batch-size 10 --updates-per-episode 5 --iterations 5 --candidates 200 --checkpoint-every 60s \
      --eval-every 1 --eval-episodes 1 ;;
    *) wrong "there is no '$1'; there are tiny and planet64" ;;
  esac
}

# verdict CSV: prints what was found; status 1 for a leak.
verdict() {
  tail -n +2 "$1" | awk -F, '
    function median(first, last,   i, j, t, n) {
      for (n = 0; first + n <= last; ++n) sorted[n] = rss[first + n]
      for (i = 1; i < n; ++i)
        for (j = i; j > 0 && sorted[j - 1] > sorted[j]; --j) {
          t = sorted[j]; sorted[j] = sorted[j - 1]; sorted[j - 1] = t
        }
      return sorted[int((n - 1) / 2)]
    }
    function least(first, last,   i, m) {
      m = open[first]
      for (i = first; i <= last; ++i) if (open[i] < m) m = open[i]
      return m
    }
    { rss[NR] = $2; open[NR] = $3; updates = $4 }
    END {
      if (NR < 20) { print "too short to judge: " NR " samples"; exit 1 }
      first = int(NR / 4) + 1; tenth = int((NR - first + 1) / 10); if (tenth < 1) tenth = 1
      a = median(first, first + tenth - 1); b = median(NR - tenth + 1, NR)
      x = least(first, first + tenth - 1); y = least(NR - tenth + 1, NR)
      bad = b > a * 1.02 + 2048 || y > x
      printf "%d updates, %d samples, memory %.1f to %.1f MiB, descriptors %d to %d: %s\n",
        updates, NR, a / 1024, b / 1024, x, y, bad ? "GROWS" : "flat"
      exit bad
    }'
}

# sample NAME PROCESS: a line of its CSV.
sample() {
  local rss open updates
  rss=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$2/status" 2>/dev/null)
  open=(/proc/"$2"/fd/*)
  updates=$(tail -1 "$work/$1/metrics.csv" 2>/dev/null | grep -oE '^[0-9]+' || echo 0)
  [ -z "$rss" ] || say "$((SECONDS - start)),$rss,${#open[@]},$updates" >>"$work/$1.csv"
}

for name in "${names[@]}"; do options "$name" >/dev/null; done
mkdir -p "$work"
own_program "$work"
processes=() start=$SECONDS
trap 'kill "${processes[@]}" 2>/dev/null || true' EXIT
for name in "${names[@]}"; do
  rm -rf "${work:?}/$name"
  read -ra words <<<"$(options "$name")"
  "$program" --logdir "$work/$name" --threads 1 --total-episodes 0 --progress none \
    "${words[@]}" >"$work/$name.log" 2>&1 &
  processes+=($!)
  say seconds,rss_kib,descriptors,updates >"$work/$name.csv"
done
while ((SECONDS - start < seconds)); do
  sleep 10
  for i in "${!names[@]}"; do sample "${names[i]}" "${processes[i]}"; done
  if (((SECONDS - start) % 600 < 10)); then say "soak      $((SECONDS - start)) of $seconds s"; fi
done
trap - EXIT
status=0
for i in "${!names[@]}"; do
  name=${names[i]} ended=0
  kill -TERM "${processes[i]}" 2>/dev/null || true
  wait "${processes[i]}" || ended=$?
  if [ "$ended" -ne 130 ]; then
    say "soak      $name: train ended with status $ended, see $work/$name.log"
    status=1
  fi
  said=$(verdict "$work/$name.csv") || status=1
  row "$name, $seconds s: $said"
done
exit $status
