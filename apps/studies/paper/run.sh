#!/usr/bin/env bash
# The paper's six tasks within its 1,000 episodes, the walker with actions held for four control steps in
# place of two: each by its own recipe (`train --env TASK`), by counts, one thread a run. Two rows of
# results.csv hold ten episodes each of the final checkpoint without noise (seeds 1000 to 1009; of
# reacher_easy, whose reward is all or nothing, a hundred): planned as while training, and in six iterations
# of 400 candidates with the same share of elites. A row of curves.csv holds the mean return of twenty
# collected episodes.
#
#   JOBS=2 bash apps/studies/paper/run.sh                   all of them: hours of a core per run
#   bash apps/studies/paper/run.sh cheetah_run-500-1        any other number of episodes: TASK-EPISODES-SEED
#   bash apps/studies/paper/run.sh walker_walk_r4-1000-1-refined
#     the walker's run, and 7,000 updates more on its own episodes with a KL weight of 1, twice as many windows
#     and a rate that falls from 1e-3; planned with eight decisions. Its rows count the updates and seconds of
#     the refinement alone.
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

one() { # TASK-EPISODES-SEED, or TASK-EPISODES-SEED-refined
  local task episodes seed refined n=10 ends I J K plan options=()
  IFS=- read -r task episodes seed refined <<<"$1"
  [[ -z $refined || $1 == walker_walk_r4-*-refined ]] || {
    echo "$name: '$1' is no run; TASK-EPISODES-SEED, or walker_walk_r4-EPISODES-SEED-refined" >&2
    exit 2
  }
  [ "$episodes" = 1000 ] || options=(--total-episodes "$episodes") # the default
  learn "${1%-refined}" --env "$task" --seed "$seed" "${options[@]}"
  if [ -n "$refined" ]; then
    learn "$1" --env "$task" --initial-model "$work/${1%-refined}" --episodes "$work/${1%-refined}/episodes" \
      --collect none --total-updates 7000 --kl-scale 1 --batch-size 32 --learning-rate 1e-3 \
      --learning-rate-drops '3000:5e-4 5000:2e-4 6500:5e-5' --horizon 8 --seed 10"$seed" \
      --checkpoint-every 1m
  fi
  [ "$task" != reacher_easy ] || n=100
  ends=$(tasks | grep '"name": "'"$task"'",')
  read -r I J K < <(sed -nE 's/^(iterations|candidates|elites) = ([0-9]+).*/\2/p' "$work/$1/config.toml" | xargs)
  for plan in "$I $J $K" "6 400 $((400 * K / J))"; do
    read -r I J K <<<"$plan"
    played "$work/$1" "${EPISODES:-$n}" --iterations "$I" --candidates "$J" --elites "$K" | sed "s/^/$plan,/"
  done | awk -F, -v OFS=, -v run="$1" -v task="$task" -v seed="$seed" \
    -v random="$(value random_return <<<"$ends")" -v oracle="$(value oracle_return <<<"$ends")" \
    -v curve="$work/$1-curve.csv" '
    NR == FNR && FNR == 1 {
      for (i = 1; i <= NF; ++i) column[$i] = i
      print "run", "task", "seed", "episodes", "return" >curve
      next
    }
    NR == FNR {
      episodes = $column["counter/episodes"]
      updates = $column["counter/updates"]
      seconds = int($column["time/elapsed"])
      if ($column["train/return"] == "") next
      collected += $column["train/return"] / 20
      if (++rows % 20) next
      print run, task, seed, episodes, collected >curve
      collected = 0
      next
    }
    $1 != plan { plan = plans[++last] = $1 }
    { ++n[plan]; sum[plan] += $3; squares[plan] += $3 * $3 }
    END {
      print "run", "task", "seed", "episodes", "updates", "seconds", "iterations", "candidates", "elites", "played", \
        "return", "std", "score"
      for (i = 1; i <= last; ++i) {
        plan = plans[i]
        mean = sum[plan] / n[plan]
        deviation = sqrt(squares[plan] / n[plan] - mean * mean)
        score = (mean - random) / (oracle - random)
        columns = plan
        gsub(" ", ",", columns)
        print run, task, seed, episodes, updates, seconds, columns, n[plan], mean, deviation, score
      }
    }' "$work/$1/metrics.csv" - >"$work/$1.csv"
  add curves.csv "$1" "$work/$1-curve.csv"
  add results.csv "$1" "$work/$1.csv"
}
study "$@" -- {cartpole_swingup,reacher_easy,cheetah_run,finger_spin,cup_catch,walker_walk_r4}-1000-{1,2,3}

declare -A paper=([cartpole_swingup]=821 [reacher_easy]=832 [cheetah_run]=662
  [finger_spin]=700 [cup_catch]=930 [walker_walk]=951 [walker_walk_r4]=951)
shares=$work/shares.csv # of the paper's figure, one picture for all tasks: each seed's longest run
echo task,seed,episodes,share >"$shares"
for task in $(tail -n +2 "$tables/curves.csv" | cut -d, -f2 | sort -u); do
  ends=$(tasks | grep '"name": "'"$task"'",')
  "$bin/plot" "$tables/curves.csv" --where "task=$task" --by run --x episodes --y return \
    --level "$(value random_return <<<"$ends")=random" --level "$(value oracle_return <<<"$ends")=oracle" \
    --level "${paper[$task]}=the paper, 1,000 episodes" --svg "$tables/$task.svg" \
    --title "$task from pixels: return while training, means of twenty episodes"
  awk -F, -v OFS=, -v task="$task" -v paper="${paper[$task]}" '
    $2 != task { next }
    NR == FNR { if ($4 > last[$3]) { last[$3] = $4; longest[$3] = $1 } next }
    $1 == longest[$3] { print task, $3, $4, $5 / paper }' "$tables/curves.csv" "$tables/curves.csv" >>"$shares"
done
[ "$(wc -l <"$shares")" = 1 ] || # fewer than twenty episodes
  "$bin/plot" "$shares" --by task --x episodes --y share --level "1=the paper, 1,000 episodes" --svg "$tables/all.svg" \
    --title "return while training, as a share of the paper's after 1,000 episodes"
table --by run --by iterations --by candidates --by elites --y return --y score --y episodes --y updates --y seconds
