#!/usr/bin/env bash
# Does a model learn as well from products of bfloat16 numbers? The same trainings in f32 and in bf16,
# by counts of episodes and updates: the losses of the last ten rounds, and the returns of ten episodes
# with the final parameters. Before that gradients.csv: how far a whole step's gradient and the terms
# of its loss are from double.
#
#   JOBS=2 bash apps/studies/precision/run.sh     hours of a core; without AMX bf16 is emulated
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

one() { # ENV-PRECISION-SEED
  local env precision seed episodes=()
  IFS=- read -r env precision seed <<<"$1"
  case ${SMALLER:-}$env in
    pendulum_swingup) episodes=(--total-episodes 30) ;; # learned by then
    cartpole_swingup | cheetah_run) episodes=(--total-episodes 60) ;;
  esac
  learn "$1" --env "$env" --precision "$precision" --seed "$seed" "${episodes[@]}"
  played "$work/$1" "${EPISODES:-10}" |
    awk -F, -v setting="$1" -v env="$env" -v precision="$precision" -v seed="$seed" -v OFS=, '
      NR == FNR {
        if (FNR == 1) { for (i = 1; i <= NF; ++i) at[$i] = i; next }
        if ($at["loss/total"] != "") { ++n; image[n] = $at["loss/image"]; reward[n] = $at["loss/reward"]; kl[n] = $at["loss/kl"] }
        next
      }
      FNR == 1 {
        print "setting", "env", "precision", "seed", "env_seed", "return", "image", "reward", "kl"
        last = n < 10 ? n : 10
        for (i = n - last + 1; i <= n; ++i) { a += image[i] / last; b += reward[i] / last; c += kl[i] / last }
      }
      { print setting, env, precision, seed, $1, $2, a, b, c }
    ' "$work/$1/metrics.csv" - >"$work/$1.csv"
  add results.csv "$1" "$work/$1.csv"
}

if [ $# = 0 ] && [ -z "${ONLY:-}" ]; then
  for preset in tiny small; do
    "$bin/gradcheck" --model --rounding --preset "$preset" --batch-size 8 --batch-length 16 --csv "$work/$preset.csv" >/dev/null
    awk -v preset="$preset" 'NR == 1 { print "preset," $0; next } { print preset "," $0 }' "$work/$preset.csv"
  done | awk 'NR == 1 || !/^preset,/' >"$tables/gradients.csv"
fi
study "$@" -- pendulum_swingup-{f32,bf16}-{1,2,3,4,5} {cartpole_swingup,cheetah_run}-{f32,bf16}-{1,2}
[ -e "$tables/results.csv" ] || exit 0
table --by env --by precision --by seed --y return --y image --y reward --y kl
