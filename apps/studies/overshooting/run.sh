#!/usr/bin/env bash
# Overshooting: does a model that was trained to agree with itself over D steps predict farther? Error
# of open-loop predictions by horizon on the same ten held-out episodes; D = 1 (none), 4, 12, SSM and
# RSSM, three seeds.
#
#   JOBS=2 bash apps/studies/overshooting/run.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

one() { # MODEL-D-SEED, and with its own --overshooting-scale MODEL-D-SEED-SCALE
  local model distance seed scale
  IFS=- read -r model distance seed scale <<<"$1"
  learn "$1" --model "$model" --overshooting-distance "$distance" --overshooting-scale "${scale:-1}" \
    --seed "$seed"
  "$bin/compare" "$work/$1" --policy random --episode-count "${EPISODES:-10}" --samples 4 --threads 1 \
    --out "$work/$1/compare" >/dev/null
  awk -F, -v OFS=, -v run="$1" -v scale="${scale:+ x$scale}" '
    NR > 1 { $1 = run; $2 = $2 scale }
    { print }
  ' "$work/$1/compare/runs.csv" >"$work/$1.csv"
  awk -F, -v OFS=, -v run="$1" -v scale="${scale:+ x$scale}" '
    NR == 1 { print "run", "model", "measure", "horizon", "error" }
    # still: the last frame seen, repeated
    NR > 1 && $4 != "" { print run, $1 == "still" ? $1 : $1 scale, $2, $4, $6 }
  ' "$work/$1/compare/error.csv" >"$work/$1-horizons.csv"
  add horizons.csv "$1" "$work/$1-horizons.csv"
  add results.csv "$1" "$work/$1.csv"
}
trainings=()
for seed in 1 2 3; do trainings+=({ssm,rssm}-{1,4,12}-"$seed"); done
# Does the SSM keep its memory when the long distances weigh less?
trainings+=(ssm-4-1-{0.1,0.01})
study "$@" -- "${trainings[@]}"

for measure in image reward; do
  "$bin/plot" "$tables/horizons.csv" --where "measure=$measure" --by model --x horizon --y error \
    --title "pendulum_swingup: open-loop error of the $measure" --x-label "steps imagined" --y-range 0, \
    --svg "$tables/$measure.svg"
done

# Means over the seeds at five horizons, one row per model and measure.
awk -F, '
  NR > 1 {
    if (!(($2, $3) in seen)) { seen[$2, $3] = 1; rows[++n] = $2 SUBSEP $3 }
    sum[$2, $3, $4] += $5; count[$2, $3, $4]++
  }
  END {
    horizons = split("1 5 10 20 40", horizon, " ")
    print "| model | measure | 1 step | 5 | 10 | 20 | 40 steps |\n|---|---|---|---|---|---|---|"
    for (i = 1; i <= n; ++i) {
      split(rows[i], key, SUBSEP)
      line = "| " key[1] " | " key[2]
      for (k = 1; k <= horizons; ++k) {
        at = rows[i] SUBSEP horizon[k]
        line = line sprintf(" | %.3g", count[at] ? sum[at] / count[at] : "nan")
      }
      print line " |"
    }
  }' "$tables/horizons.csv" | (sed -u 2q; sort) >"$tables/horizons.md"
table --by model --y image --y reward --y kl --y parameters
