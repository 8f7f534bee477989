#!/usr/bin/env bash
# The horizon H: how many decisions ahead must a plan look? Cart-pole by CEM with 6 x 100 candidates
# from the last plan on, in the true simulator and in the committed model that has learned it.
#
#   JOBS=2 bash apps/studies/horizon/run.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

one() { # WORLD-H
  local world H
  IFS=- read -r world H <<<"$1"
  H=$((10#$H))
  echo "$name: $1"
  returns "$world" "$1" --horizon "$H" --iterations 6 --candidates 100 --elites 10 --warm-start=true |
    awk -F, -v OFS=, -v setting="$1" -v world="$world" -v H="$H" '
      BEGIN { print "setting", "world", "horizon", "env_seed", "return" }
      { print setting, world, H, $1, $2 }
    ' >"$work/$1.csv"
  add results.csv "$1" "$work/$1.csv"
}

returns() { # WORLD SETTING OPTIONS...
  local world=$1 setting=$2 episodes=${EPISODES:-10}
  shift 2
  if [ "$world" = learned ]; then played "$root/apps/pretrained/cartpole_swingup" "$episodes" "$@"
  else
    oracle "$work/$setting-episodes.csv" --env cartpole_swingup --episodes "$episodes" --at-once 1 --threads 1 "$@"
    tail -n +2 "$work/$setting-episodes.csv"
  fi
}
study "$@" -- {learned,simulator}-{04,08,12,16,20,24,30}

plot horizon --by world --x horizon --y return --title "cart-pole: return by horizon" \
  --x-label "H, decisions of 0.08 s that a plan looks ahead"
table --by world --by horizon --y return
