#!/usr/bin/env bash
# Honest planning: a candidate that is imagined once may have been lucky; the elites are those that
# were. Returns of 20 episodes in duel and in peg_dodge, planned with one and with sixteen samples of
# the future a candidate, in the same learned RSSM; three seeds.
#
#   JOBS=2 bash apps/studies/honest_planning/run.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

one() { # ENV-SEED
  local env seed samples
  IFS=- read -r env seed <<<"$1"
  learn "$1" --env "$env" --seed "$seed"
  echo "training,env,seed,samples,env_seed,return" >"$work/$1.csv"
  for samples in 1 16; do
    "$bin/eval" "$work/$1" --episodes "${EPISODES:-20}" --samples-per-candidate "$samples" --threads 1 \
      --json >"$work/$1.json"
    returns "$work/$1.json" | awk -v OFS=, -v training="$1" -v env="$env" -v seed="$seed" \
      -v samples="$samples" '{ print training, env, seed, samples, 999 + NR, $1 }' >>"$work/$1.csv"
  done
  add results.csv "$1" "$work/$1.csv"
}

# The episodes' returns in what eval --json printed, a line each.
returns() { tr -d ' \n' <"$1" | sed 's/.*"returns":\[\([^]]*\)\].*/\1\n/' | tr ',' '\n'; }

trainings=()
for seed in 1 2 3; do trainings+=({duel,peg_dodge}-"$seed"); done
study "$@" -- "${trainings[@]}"

for env in duel peg_dodge; do
  grep -q ",$env," "$tables/results.csv" || continue
  plot "$env" --where "env=$env" --by seed --x samples --y return --title "$env: return of 20 episodes" \
    --x-label "samples a candidate"
done
table --by env --by seed --x samples --y return
