#!/usr/bin/env bash
# Learns pendulum swing-up from pixels within a time limit, once for each seed, and collects the
# curves in a folder named after the limit: scores.csv (the final evaluation of each), curves.csv,
# curves.svg, reconstructions.png. Finished runs in runs/study-pendulum-LIMIT are not repeated.
#
#   bash apps/studies/pendulum/run.sh 60s 1 2 3 4 5
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
bin=$root/build/release/bin
limit=${1:-60s}
shift || true
seeds=("${@:-1}")
work=$root/runs/study-pendulum-$limit
results=$here/$limit
mkdir -p "$results"
runs=()
for seed in "${seeds[@]}"; do
  run=$work/seed$seed
  [ -e "$run" ] || "$bin/train" --env pendulum_swingup --time-limit "$limit" --seed "$seed" \
    --logdir "$run" --progress plain
  runs+=("$run")
done

echo "seed,score,return_mean,return_std,wall_clock_s,updates,episodes" >"$results/scores.csv"
for seed in "${seeds[@]}"; do
  awk -F, -v seed="$seed" '
    NR == 1 { for (i = 1; i <= NF; ++i) column[$i] = i }
    { last = $0 }
    END {
      split(last, c, ",")
      print seed "," c[column["eval/score"]] "," c[column["eval/return_mean"]] "," \
        c[column["eval/return_std"]] "," c[column["time/elapsed"]] "," \
        c[column["counter/updates"]] "," c[column["counter/episodes"]]
    }' "$work/seed$seed/metrics.csv" >>"$results/scores.csv"
done
"$bin/curves" "${runs[@]}" --metric train/return --metric eval/score --csv "$results/curves.csv" \
  --svg "$results/curves.svg" --title "pendulum_swingup from pixels, --time-limit $limit: training return"
cp "$(ls "${runs[0]}"/pictures/*.png | tail -1)" "$results/reconstructions.png"
cat "$results/scores.csv"
