#!/usr/bin/env bash
# The action repeat R: how long is one decision held? The planner sees H = 12 decisions ahead, so R is
# how far it sees as well as how finely it acts. Pendulum in the true simulator, ten episodes each, by
# CEM with 4 x 100 candidates; an episode has 200 control steps of 0.05 s whatever R is.
#
#   bash apps/studies/action_repeat/run.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

one() { # repeat-R
  local R=$((10#${1#repeat-}))
  echo "$name: $1"
  "$bin/oracle" --env pendulum_swingup --env-option action_repeat="$R" --horizon 12 --iterations 4 \
    --candidates 100 --elites 10 --threads 1 --csv "$work/$1-episodes.csv" >/dev/null
  awk -F, -v OFS=, -v setting="$1" -v R="$R" '
    NR == 1 { print "setting", "action_repeat", "seconds_ahead", "env_seed", "return"; next }
    { print setting, R, 12 * R * 0.05, $1, $2 }
  ' "$work/$1-episodes.csv" >"$work/$1.csv"
  add results.csv "$1" "$work/$1.csv"
}
study "$@" -- repeat-{01,02,04,08,10,20,40}

plot pendulum --x action_repeat --y return --title "pendulum_swingup: return by action repeat" \
  --x-label "R, control steps a decision" --level 125.3=random
table --by action_repeat --by seconds_ahead --y return
