#!/usr/bin/env bash
# One or several futures per candidate: a candidate imagined once may have been lucky, and the elites
# are those that were. Returns of 20 episodes in duel and in peg_dodge, planned with one and with
# sixteen sampled futures per candidate, in the same learned RSSM; three seeds.
#
#   JOBS=2 bash apps/studies/honest_agents/run.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

one() { # ENV-SEED
  local env seed samples
  IFS=- read -r env seed <<<"$1"
  learn "$1" --env "$env" --seed "$seed"
  for samples in 1 16; do
    played "$work/$1" "${EPISODES:-20}" --samples-per-candidate "$samples" >"$work/$1-$samples.csv"
  done
  paste -d, "$work/$1-1.csv" "$work/$1-16.csv" |
    awk -F, -v OFS=, -v run="$1" -v env="$env" -v seed="$seed" '
      BEGIN { print "run", "env", "seed", "env_seed", "one", "sixteen", "gain" }
      { print run, env, seed, $1, $2, $4, $4 - $2 }
    ' >"$work/$1.csv"
  add results.csv "$1" "$work/$1.csv"
}

trainings=()
for seed in 1 2 3; do trainings+=({duel,peg_dodge}-"$seed"); done
study "$@" -- "${trainings[@]}"

for env in duel peg_dodge; do
  grep -q ",$env," "$tables/results.csv" || continue
  plot "$env" --where "env=$env" --x run --y one --y sixteen --title "$env: return of 20 episodes" \
    --x-label "training" --y-label "return, by samples per candidate"
done
table --by env --y one --y sixteen --y gain
