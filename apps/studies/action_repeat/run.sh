#!/usr/bin/env bash
# The action repeat R: how long is each action held? The planner looks H = 12 decisions ahead, so R
# decides how far it looks as well as how finely it acts. Ten episodes each in the true simulators, by
# CEM with 4 x 100 candidates; the control steps per episode do not depend on R.
#
#   bash apps/studies/action_repeat/run.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

one() { # ENV-R
  local env R dt=0.05
  IFS=- read -r env R <<<"$1"
  R=$((10#$R))
  [ "$env" = pendulum_swingup ] || dt=0.01
  echo "$name: $1"
  oracle "$work/$1-episodes.csv" --env "$env" --env-option action_repeat="$R" --horizon 12 --iterations 4 \
    --candidates 100 --elites 10 --threads 1
  awk -F, -v OFS=, -v setting="$1" -v env="$env" -v R="$R" -v dt="$dt" '
    NR == 1 { print "setting", "env", "action_repeat", "seconds_ahead", "env_seed", "return"; next }
    { print setting, env, R, 12 * R * dt, $1, $2 }
  ' "$work/$1-episodes.csv" >"$work/$1.csv"
  add results.csv "$1" "$work/$1.csv"
}
study "$@" -- {cartpole_swingup,pendulum_swingup}-{01,02,04,08,20,40}

for env in cartpole_swingup pendulum_swingup; do
  grep -q ",$env," "$tables/results.csv" || continue
  plot "$env" --where "env=$env" --x action_repeat --y return --title "$env: return by action repeat" \
    --x-label "R, control steps per decision"
done
table --by env --by action_repeat --by seconds_ahead --y return
