#!/usr/bin/env bash
# Two futures: a ball falls on a peg and bounces left or right. Does a model that has seen it up to the
# peg foresee both, or the mean of them? Shares of 64 imagined futures and their energy score, three
# models, three seeds.
#
#   JOBS=2 bash apps/studies/two_futures/run.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

one() { # MODEL-SEED
  learn "$1" --model "${1%-*}" --seed "${1#*-}"
  "$bin/futures" "$work/$1" --episodes "${EPISODES:-20}" --threads 1 --csv "$work/$1.csv" >/dev/null
  add results.csv "$1" "$work/$1.csv"
}
trainings=()
for seed in 1 2 3; do trainings+=({rnn,ssm,rssm}-"$seed"); done
study "$@" -- "${trainings[@]}"

plot shares --x model --y left --y right --y blurred --y none --y-label "share of 64 futures" \
  --title "peg_catch: where the imagined ball is"
plot energy --x model --y energy --level 0.5="perfect" --level 1="the mean" \
  --title "peg_catch: energy score, in units of a"
table --by model --y left --y right --y blurred --y none --y energy
if [ -d "$work/rnn-1" ] && [ -d "$work/ssm-1" ] && [ -d "$work/rssm-1" ]; then
  "$bin/futures" "$work"/{rnn,ssm,rssm}-1 --threads 1 --episodes 1 --sheet "$tables/futures.png" >/dev/null
fi
