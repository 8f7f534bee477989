#!/usr/bin/env bash
# Memory: a ball passes behind a screen. How often does a model that saw its side imagine it coming out
# on that side, the longer the screen? In peg_memory a sliver of the ball shows the side just before
# the screen, in peg_cued a lamp at the start of the drop. 64 futures from every drop of 20 held-out
# episodes; SSM and RSSM, screens of 8, 16 and 32 steps, three seeds.
#
#   JOBS=2 bash apps/studies/memory/run.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

one() { # ENV-HIDDEN-MODEL-SEED
  local env hidden model seed
  IFS=- read -r env hidden model seed <<<"$1"
  learn "$1" --env "$env" --env-option "hidden=$hidden" --model "$model" --seed "$seed"
  "$bin/futures" "$work/$1" --episodes "${EPISODES:-20}" --threads 1 --csv "$work/$1.csv" >/dev/null
  add results.csv "$1" "$work/$1.csv"
}
trainings=()
for seed in 1 2 3; do trainings+=({peg_memory,peg_cued}-{8,16,32}-{ssm,rssm}-"$seed"); done
study "$@" -- "${trainings[@]}"

plot true_side --by env --by model --x hidden --y true_side --level 0.5="by chance" --y-range 0,1 \
  --title "where the ball comes out" --x-label "steps behind the screen" \
  --y-label "share of futures on the true side"
table --by env --by model --x hidden --y true_side --y blurred --y none
