#!/usr/bin/env bash
# Learns a task from pixels within its wall-clock budget, once per seed, by the task's own recipe
# (`train --env TASK` without more): 30 seconds for pendulum_swingup, 2 minutes for point_mass_easy, 10
# for reacher_shaped, 30 for any other. The clock is part of the result, so the runs follow one another
# and each has all cores.
#
#   bash apps/studies/learning/run.sh point_mass_easy 1 2 3
#   bash apps/studies/learning/run.sh cartpole_swingup 1 2 3
#   LIMIT=60s bash apps/studies/learning/run.sh pendulum_swingup 1      another budget
#
# A finished run is a CSV in results/: ten episodes of its final checkpoint without noise. A run whose
# CSV exists is skipped, an interrupted one is resumed. Written from all finished runs: results.csv,
# table.md, and for tasks whose run folders still exist TASK-LIMIT.svg, the returns during training as
# means over the seeds, and TASK-LIMIT.png, true frames above reconstructions.
#
#   SMALLER='--preset tiny'    to try something else; then give TABLES and RUNS of its own
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
threads=0 # all of them
results=$tables/results
mkdir -p "$results"

budget() {
  case $1 in
    pendulum_swingup) echo 30s ;;
    point_mass_easy) echo 2m ;;
    reacher_shaped) echo 10m ;;
    *) echo 30m ;;
  esac
}

# Here it is the run's own file.
has_rows() { [ -e "$results/$1.csv" ]; }

one() { # TASK-LIMIT-sSEED
  local task limit seed
  IFS=- read -r task limit seed <<<"$1"
  learn "$1" --env "$task" --seed "${seed#s}" --time-limit "$limit"
  measure "$1" "$task" "${seed#s}" "$limit"
}

# The last row of the metrics is the final evaluation's.
measure() {
  local task ends
  task=$(tasks | grep '"name": "'"$2"'",')
  ends=$(value random_return <<<"$task"),$(value oracle_return <<<"$task")
  awk -F, -v OFS=, -v head="$1,$2,$3,$4" -v ends="$ends" '
    NR == 1 { for (i = 1; i <= NF; ++i) column[$i] = i }
    { n = split($0, row) }
    END {
      if (row[column["eval/return_mean"]] == "") exit 1
      print "run,task,seed,limit,score,return_mean,return_std,wall_clock_s,updates,episodes,random,oracle"
      print head, row[column["eval/score"]], row[column["eval/return_mean"]], \
        row[column["eval/return_std"]], row[column["time/elapsed"]], row[column["counter/updates"]], \
        row[column["counter/episodes"]], ends
    }' "$work/$1/metrics.csv" >"$results/.$1.new" || {
    echo "$name: the last row of $1/metrics.csv is no evaluation" >&2
    return 1
  }
  mv "$results/.$1.new" "$results/$1.csv"
  (
    flock 9
    made "$1"
  ) 9>"$work/lock"
}

# All finished runs by task, limit and seed; after a task's runs the median of their scores.
collect() {
  local files=("$results"/*.csv)
  {
    head -q -n 1 "${files[0]}"
    tail -q -n +2 "${files[@]}" | sort -t, -k2,2 -k4,4 -k3,3n
  } >"$tables/results.csv"
  awk -F, '
    function median(  i, j, x) { # of score[1..n], sorted by insertion
      for (i = 2; i <= n; ++i) {
        x = score[i]
        for (j = i - 1; j > 0 && score[j] > x; --j) score[j + 1] = score[j]
        score[j + 1] = x
      }
      return (score[int((n + 1) / 2)] + score[int(n / 2) + 1]) / 2
    }
    function close_task() {
      if (n > 1) printf "| `%s` | %s | median | **%.3f** | | | | | | |\n", task, limit, median()
      n = 0
    }
    NR == 1 {
      print "| task | limit | seed | score | return | seconds | updates | episodes | random | oracle |"
      print "|---|---|---|---|---|---|---|---|---|---|"
      next
    }
    $2 != task || $4 != limit { close_task(); task = $2; limit = $4 }
    {
      score[++n] = $5
      printf "| `%s` | %s | %s | %.3f | %.1f ± %.1f | %.0f | %s | %s | %s | %s |\n", task, limit, $3, $5, \
        $6, $7, $8, $9, $10, $11, $12
    }
    END { close_task() }' "$tables/results.csv" >"$tables/table.md"
  cat "$tables/table.md"
}

draw() { # TASK-LIMIT SEED...
  local what=$1 task=${1%-*} seed ends runs=()
  shift
  for seed in "$@"; do
    [ ! -e "$work/$what-s$seed/metrics.csv" ] || runs+=("$work/$what-s$seed")
  done
  [ ${#runs[@]} -gt 0 ] || return 0
  "$bin/plot" "${runs[@]}" --y train/return --y eval/return_mean --csv "$tables/$what-curves.csv"
  ends=$(tasks | grep '"name": "'"$task"'",')
  "$bin/plot" "$tables/$what-curves.csv" --x time/elapsed --y train/return --bins 20 --svg "$tables/$what.svg" \
    --level "$(value random_return <<<"$ends")=random" --level "$(value oracle_return <<<"$ends")=oracle" \
    --title "$task from pixels, --time-limit ${what#*-}: return while training" \
    --x-label "wall-clock time (s)" --y-label "return: mean of the seeds, 95 % interval"
  cp "$(find "${runs[0]}/pictures" -name 'eval-*.png' | sort | tail -n 1)" "$tables/$what.png"
}

if [ $# -eq 1 ] && [[ $1 == *-*-s[0-9]* ]]; then # as study calls it
  one "$1"
  exit
fi
[ $# -ge 2 ] || {
  echo "usage: bash apps/studies/learning/run.sh TASK SEED..." >&2
  exit 2
}
task=$1
what=$task-${LIMIT:-$(budget "$task")}
shift
study -- "${@/#/$what-s}"
collect
draw "$what" "$@"
