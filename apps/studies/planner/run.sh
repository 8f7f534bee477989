#!/usr/bin/env bash
# Planners: how does the return depend on the budget? Returns by method and by the number of imagined
# sequences per decision, in two true simulators, without errors of a learned model, and in one
# learned pendulum; every method also with a warm start. Each row of results.csv is an episode.
#
#   JOBS=2 bash apps/studies/planner/run.sh
#   ONLY='[pc]*' bash apps/studies/planner/run.sh      # only the simulators
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

# CEM's I, J and K of a budget; the elites are a tenth, but at least four.
declare -A sizes=([00060]="3 20 4" [00200]="4 50 5" [00600]="6 100 10" [01200]="6 200 20"
  [04000]="10 400 40" [10000]="10 1000 100")

one() { # WORLD-PLANNER-START-BUDGET
  local world planner start budget I J K rollouts options
  IFS=- read -r world planner start budget <<<"$1"
  read -r I J K <<<"${sizes[$budget]}"
  rollouts=$((I * J))
  options=(--iterations "$I")
  case $planner in
    cem | mppi) options+=(--planner "$planner" --candidates "$J" --elites "$K") ;;
    full) options+=(--planner cem --cem-covariance full --candidates "$J" --elites "$K") ;;
    icem*) # as many rollouts in all, of which most are in the first rounds
      read -r J rollouts <<<"$(icem_candidates "$I" "$K" "$rollouts")"
      options+=(--planner icem --candidates "$J" --elites "$K")
      [ "$planner" = icem ] || options+=(--icem-beta "0.${planner#icem}") # icem25: a beta of 0.25
      ;;
    random) options+=(--planner random --candidates "$J") ;;
    shared) # the cost is sixteen times the candidates'
      rollouts=$((16 * rollouts))
      options+=(--planner cem --candidates "$J" --elites "$K" --samples-per-candidate 16)
      ;;
    fresh) options+=(--planner cem --candidates "$J" --elites "$K" --start-state per-candidate) ;;
  esac
  [ "$start" = cold ] || options+=(--warm-start=true)
  echo "$name: $1"
  returns "$world" "$1" "${options[@]}" | awk -F, -v OFS=, -v setting="$1" -v world="$world" \
    -v planner="$planner" -v start="$start" -v budget="${sizes[$budget]% *}" -v rollouts="$rollouts" '
    BEGIN { print "setting", "world", "planner", "start", "budget", "rollouts", "env_seed", "return" }
    { sub(" ", "x", budget); print setting, world, planner, start, budget, rollouts, $1, $2 }
  ' >"$work/$1.csv"
  add results.csv "$1" "$work/$1.csv"
}

# The largest J for which sum_i max(J / 1.25^i, 2 K) is at most the budget, and that sum.
icem_candidates() { # I K BUDGET
  awk -v I="$1" -v K="$2" -v budget="$3" 'BEGIN {
    for (J = budget; J >= K; --J) {
      sum = 0
      for (i = 0; i < I; ++i) {
        least = 2 * K < J ? 2 * K : J
        n = int(J / 1.25 ^ i)
        sum += n > least ? n : least
      }
      if (sum <= budget) { print J, sum; exit }
    }
  }'
}

# Lines seed,return of the episodes: ten, of cart-pole (twenty times the work) five.
returns() { # WORLD SETTING OPTIONS...
  local world=$1 setting=$2 episodes=10
  shift 2
  [ "$world" != cartpole_swingup ] || episodes=5
  if [ "$world" = learned ]; then
    played "$work/learned" "$episodes" "$@"
  else # an episode at a time: what is done stays done
    oracle "$work/$setting-episodes.csv" --env "$world" --episodes "$episodes" --at-once 1 --threads 1 "$@"
    tail -n +2 "$work/$setting-episodes.csv"
  fi
}

settings=()
settings+=(pendulum_swingup-{cem,full,icem,icem25,mppi,random}-{cold,warm}-{00060,00200,00600,01200,04000,10000})
settings+=(cartpole_swingup-{cem,full,icem,icem25,mppi,random}-{cold,warm}-{00060,00200,00600,01200})
settings+=(cartpole_swingup-{cem,full,icem,icem25,mppi,random}-{cold,warm}-04000)
settings+=(learned-{cem,full,icem,icem25,mppi,random,shared,fresh}-{cold,warm}-{00060,00200,00600,01200})
# The world model is trained once, before the plans that use it.
if [ $# = 0 ]; then
  for setting in "${settings[@]}"; do
    # shellcheck disable=SC2053  # a pattern is what is wanted
    if [[ $setting == learned-* && $setting == ${ONLY:-*} ]] && ! stands "$setting"; then
      learn learned
      break
    fi
  done
fi
study "$@" -- "${settings[@]}"

for world in pendulum_swingup cartpole_swingup learned; do
  for start in cold warm; do
    grep -q ",$world,[a-z0-9]*,$start," "$tables/results.csv" || continue
    plot "$world-$start" --where "world=$world" --where "start=$start" --by planner --x budget --y return \
      --title "$world, $start start: return by budget" --x-label "CEM's I x J; the others imagine as many"
  done
done
table --by world --by budget --by start --by planner --y rollouts --y return
