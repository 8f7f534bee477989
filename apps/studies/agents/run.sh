#!/usr/bin/env bash
# The three models as agents: what do RNN, SSM and RSSM return after the same time on the same machine?
# Two minutes of pendulum (three seeds) and fifteen of cart-pole (two), each training on one core.
# Results depend on the machine's speed, unlike those of the other studies: as many at a time as there
# are cores, and nothing beside them.
#
#   JOBS=2 bash apps/studies/agents/run.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

one() { # ENV-MODEL-SEED
  local env model seed limit=2m
  IFS=- read -r env model seed <<<"$1"
  [ "$env" = pendulum_swingup ] || limit=15m
  learn "$1" --env "$env" --model "$model" --seed "$seed" --time-limit "$limit"
  awk -F, -v OFS=, -v run="$1" -v env="$env" -v model="$model" -v seed="$seed" '
    NR == 1 { for (i = 1; i <= NF; ++i) column[$i] = i }
    END {
      print "run", "env", "model", "seed", "score", "return", "updates", "episodes", "seconds"
      print run, env, model, seed, $column["eval/score"], $column["eval/return_mean"], \
        $column["counter/updates"], $column["counter/episodes"], $column["time/elapsed"]
    }' "$work/$1/metrics.csv" >"$work/$1.csv"
  # the returns of the episodes that were collected: means of ten
  awk -F, -v OFS=, -v run="$1" -v env="$env" -v model="$model" -v seed="$seed" '
    NR == 1 {
      for (i = 1; i <= NF; ++i) column[$i] = i
      print "run", "env", "model", "seed", "episodes", "seconds", "return"
      next
    }
    $column["train/return"] != "" { sum += $column["train/return"]; ++n }
    n == 10 {
      print run, env, model, seed, $column["counter/episodes"], $column["time/elapsed"], sum / n
      n = sum = 0
    }' "$work/$1/metrics.csv" >"$work/$1-curve.csv"
  add curves.csv "$1" "$work/$1-curve.csv"
  add results.csv "$1" "$work/$1.csv"
}
trainings=()
for seed in 1 2 3; do trainings+=(pendulum_swingup-{rnn,ssm,rssm}-"$seed"); done
for seed in 1 2; do trainings+=(cartpole_swingup-{rnn,ssm,rssm}-"$seed"); done
study "$@" -- "${trainings[@]}"

for env in pendulum_swingup cartpole_swingup; do
  grep -q ",$env," "$tables/results.csv" || continue
  plot "$env" --where "env=$env" --x model --y return --title "$env: return after the same time"
  "$bin/plot" "$tables/curves.csv" --where "env=$env" --by model --by seed --x episodes --y return \
    --title "$env: return while training, means of ten episodes" --svg "$tables/$env-curves.svg"
done
table --by env --by model --y score --y return --y updates --y episodes --y seconds
