#!/usr/bin/env bash
# Overshooting: does a model that was trained to agree with itself over D steps predict farther? Error
# of open-loop predictions by horizon on the same ten held-out episodes; D = 1 (none), 4, 12, SSM and
# RSSM, three seeds.
#
#   JOBS=2 bash apps/studies/overshooting/run.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

one() { # MODEL-D-SEED
  local model distance seed
  IFS=- read -r model distance seed <<<"$1"
  learn "$1" --model "$model" --overshooting-distance "$distance" --seed "$seed"
  "$bin/compare" "$work/$1" --policy random --episode-count "${EPISODES:-10}" --samples 4 --threads 1 \
    --out "$work/$1/compare" >/dev/null
  awk -F, -v OFS=, -v run="$1" 'NR > 1 { $1 = run } { print }' "$work/$1/compare/runs.csv" >"$work/$1.csv"
  awk -F, -v OFS=, -v run="$1" '
    NR == 1 { print "run", "model", "measure", "horizon", "error" }
    NR > 1 && $1 != "still" && $4 != "" { print run, $1, $2, $4, $6 }
  ' "$work/$1/compare/error.csv" >"$work/$1-horizons.csv"
  add horizons.csv "$1" "$work/$1-horizons.csv"
  add results.csv "$1" "$work/$1.csv"
}
trainings=()
for seed in 1 2 3; do trainings+=({ssm,rssm}-{1,4,12}-"$seed"); done
study "$@" -- "${trainings[@]}"

for measure in image reward; do
  "$bin/plot" "$tables/horizons.csv" --where "measure=$measure" --by model --x horizon --y error \
    --title "pendulum_swingup: open-loop error of the $measure" --x-label "steps imagined" \
    --svg "$tables/$measure.svg"
done
table --by model --y image --y reward --y kl --y parameters
