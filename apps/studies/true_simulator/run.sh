#!/usr/bin/env bash
# The two ends of every task's score, measured again: the planner in the true simulator with the
# registered budget, ten episodes, and uniformly random actions, a hundred. Each is held against the
# registered return (within 3 combined standard errors or 1 % of the largest return); the status is 1
# where one differs. An episode is a row of TASK.csv or TASK-random.csv; rows that this very program
# played are kept, so this can be stopped at any time and gone on with, and those of another version are
# played again. Episodes are planned two at a time.
#
#   bash apps/studies/true_simulator/run.sh                            every task: hours
#   bash apps/studies/true_simulator/run.sh point_mass_easy reacher_easy
#   EPISODES=2 bash apps/studies/true_simulator/run.sh cheetah_run     fewer episodes of an expensive one
#
# table.md has a row for each task that has been measured (envs/README.md reads it).
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

# All tasks that have a score, in the registry's order.
all() { tasks | sed -n '/"oracle_return": null/d; s/^{"name": "\([^"]*\)".*/\1/p'; }

# measure TASK POLICY FILE EPISODES: those that are missing, and the row of the table.
declare -A measured
differ=()
measure() {
  local what=(--env "$1" --policy "$2" --episodes "$4")
  oracle "$3" "${what[@]}" --at-once 2
  measured[$1 $2]=$("$bin/eval" --oracle "${what[@]}" --csv "$3" --row)
  echo "${measured[$1 $2]}"
  [ "$("$bin/eval" --oracle "${what[@]}" --csv "$3" --json | value agrees)" = true ] || differ+=("$1 ($2)")
}

tasks=("$@")
if [ ${#tasks[@]} -eq 0 ]; then
  # shellcheck disable=SC2207  # names without blanks
  tasks=($(all))
  # The budget of the test in tests/apps/simulator.cpp, whose bound comes from these episodes.
  oracle "$tables/cartpole_swingup_small_budget.csv" --env cartpole_swingup --candidates 200 --iterations 4 \
    --elites 20 --episodes 16
fi
for task in "${tasks[@]}"; do
  measure "$task" random "$tables/$task-random.csv" "${RANDOM_EPISODES:-100}"
  measure "$task" oracle "$tables/$task.csv" "${EPISODES:-10}"
done

# The rows of now, and of the table that stands those of the other tasks.
{
  echo "| task | policy | J/I/K | episodes | measured | registered | apart, and may be |"
  echo "|---|---|---|---|---|---|---|"
  for task in $(all); do
    for policy in random oracle; do
      if [ -n "${measured[$task $policy]:-}" ]; then echo "${measured[$task $policy]}"
      elif [ -e "$tables/table.md" ]; then grep "^| .$task. | $policy " "$tables/table.md" || true
      fi
    done
  done
} >"$tables/.table.md.new"
mv "$tables/.table.md.new" "$tables/table.md"
cat "$tables/table.md"
if [ ${#differ[@]} -gt 0 ]; then
  echo "differs from the registered return: ${differ[*]}" >&2
  exit 1
fi
