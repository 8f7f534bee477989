#!/usr/bin/env bash
# Two futures: a ball falls on a peg and bounces left or right. Does a model that has seen it up to the
# peg predict both, or their mean? Shares of 64 imagined futures and their energy score, three models,
# three seeds.
#
#   JOBS=2 bash apps/studies/two_futures/run.sh
#   PEER=python3 bash apps/studies/two_futures/run.sh    the RSSM in PyTorch as well, on the same episodes
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

one() { # MODEL-SEED
  local model=${1%-*} seed=${1#*-} trained=$work/$1
  if [ "$model" = pytorch ]; then
    learn "rssm-$seed" --model rssm --seed "$seed"
    trained=$work/$1/model.safetensors
    [ -e "$trained" ] || "$PEER" "$root/apps/peer/train.py" "$work/rssm-$seed" "$trained" --seed "$seed"
  else
    learn "$1" --model "$model" --seed "$seed"
  fi
  "$bin/futures" "$trained" --episodes "${EPISODES:-20}" --threads 1 --csv "$work/$1-futures.csv" >/dev/null
  awk -F, -v OFS=, -v run="$1" -v model="$model" -v seed="$seed" '
    NR > 1 { $1 = run; $4 = model; $5 = seed }
    { print }' "$work/$1-futures.csv" >"$work/$1.csv"
  add results.csv "$1" "$work/$1.csv"
}
trainings=()
for seed in 1 2 3; do trainings+=({rnn,ssm,rssm}-"$seed"); done
[ -z "${PEER:-}" ] || trainings+=(pytorch-{1,2,3})
study "$@" -- "${trainings[@]}"

plot shares --x model --y left --y right --y blurred --y none --y-label "share of 64 futures" --y-range 0,1 \
  --title "peg_catch: where the imagined ball is"
plot energy --x model --y energy --level 0.5="perfect" --level 1="the mean" \
  --title "peg_catch: energy score, in units of a"
table --by model --y left --y right --y blurred --y none --y energy
if [ -d "$work/rnn-1" ] && [ -d "$work/ssm-1" ] && [ -d "$work/rssm-1" ]; then
  "$bin/futures" "$work"/{rnn,ssm,rssm}-1 --threads 1 --episodes 1 --sheet "$tables/futures.png" >/dev/null
fi
