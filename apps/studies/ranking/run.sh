#!/usr/bin/env bash
# Does a model rank plans as the world does? The correlation of imagined and true returns of 64 plans, at
# moments of the agent's own episodes, beside the simulator started from a state that is a little wrong.
#
#   bash apps/studies/ranking/run.sh NAME=RUN...      of any models; a row of a name is replaced
#   bash apps/studies/ranking/run.sh                  of the committed ones
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
[ $# -gt 0 ] || for model in "$root"/apps/pretrained/*/; do set -- "$@" "$(basename "$model")=$model"; done
for pair in "$@"; do
  "$bin/ranking" "${pair#*=}" --episodes "${EPISODES:-3}" --threads 1 --csv "$work/ranking.csv" >/dev/null
  awk -F, -v OFS=, -v run="${pair%%=*}" 'NR > 1 { $1 = run } { print }' "$work/ranking.csv" >"$work/row.csv"
  add results.csv "${pair%%=*}" "$work/row.csv"
done
cat "$tables/results.csv"
