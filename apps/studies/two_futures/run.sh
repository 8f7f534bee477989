#!/usr/bin/env bash
# Two futures: a ball falls on a peg and bounces left or right. Does a model that has seen it up to the
# peg foresee both, or the mean of them? Shares of 64 imagined futures and their energy score, three
# models, three seeds.
#
#   JOBS=2 bash apps/studies/two_futures/run.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

one() { # MODEL-SEED
  learn "$1" --model "${1%-*}" --seed "${1#*-}"
  "$bin/futures" "$work/$1" --threads 1 --csv "$work/$1.csv" >/dev/null
  add results.csv "$1" "$work/$1.csv"
}
study "$@" -- {rnn,ssm,rssm}-{1,2,3}

"$bin/plot" "$tables/results.csv" --x model --y left --y right --y blurred --y none \
  --svg "$tables/shares.svg" --title "peg_catch: shares of 64 imagined futures"
"$bin/plot" "$tables/results.csv" --x model --y energy --level 0.5="a perfect forecast" \
  --level 1="the blur" --svg "$tables/energy.svg" --title "peg_catch: energy score, in units of a"
"$bin/plot" "$tables/results.csv" --by model --y left --y right --y blurred --y none --y energy \
  --table "$tables/table.md"
cat "$tables/table.md"
shown=("$work"/*-1/checkpoints)
if [ -e "${shown[0]}" ]; then
  "$bin/futures" "${shown[@]%/checkpoints}" --threads 1 --episodes 1 --sheet "$tables/futures.png" >/dev/null
fi
