#!/usr/bin/env bash
# The two ends of every task's score, measured again: ten episodes of the planner in the true simulator
# with the registered budget, and a hundred of uniformly random actions. Each mean is compared with the
# registered return (within 3 combined standard errors or 1 % of the largest return); the exit status
# is 1 if one differs. Each row of TASK.csv or TASK-random.csv is an episode; existing rows are kept, so
# the script can be stopped at any time and continued. Episodes are planned two at a time.
#
#   bash apps/studies/true_simulator/run.sh                            every task: hours, if none is done
#   bash apps/studies/true_simulator/run.sh point_mass_easy reacher_easy
#   EPISODES=2 bash apps/studies/true_simulator/run.sh cheetah_run     fewer episodes of an expensive one
#
# table.md has one row per measured task (envs/README.md shows it).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=${BIN:-$(cd "$here/../../.." && pwd)/build/release/bin}
tables=${TABLES:-$here}
mkdir -p "$tables"

# All tasks that have a score, in the registry's order.
all() { "$bin/play" --list-envs --json | sed -n '/"oracle_return": null/d; s/^{"name": "\([^"]*\)".*/\1/p'; }

rows() { if [ -e "$1" ]; then tail -n +2 "$1" | wc -l; else echo 0; fi; }

# measure TASK POLICY FILE EPISODES: those that are missing, and the row of the table.
differ=()
measure() {
  local status=0
  "$bin/eval" --oracle --env "$1" --policy "$2" --episodes "$4" --at-once 2 --csv "$3" --check --row ||
    status=$?
  [ "$status" -le 1 ] || exit "$status"
  [ "$status" -eq 0 ] || differ+=("$1 ($2)")
}

tasks=("$@")
if [ ${#tasks[@]} -eq 0 ]; then
  # shellcheck disable=SC2207  # names without blanks
  tasks=($(all))
  # The budget of the test in tests/apps/simulator.cpp, whose bound comes from these episodes.
  "$bin/eval" --oracle --env cartpole_swingup --candidates 200 --iterations 4 --elites 20 --episodes 16 \
    --csv "$tables/cartpole_swingup_small_budget.csv" --row
fi
for task in "${tasks[@]}"; do
  measure "$task" random "$tables/$task-random.csv" "${RANDOM_EPISODES:-100}"
  measure "$task" oracle "$tables/$task.csv" "${EPISODES:-10}"
done

# One row per measured task, not only for those of this call.
{
  echo "| task | policy | J/I/K | episodes | measured | registered | apart, and may be |"
  echo "|---|---|---|---|---|---|---|"
  for task in $(all); do
    for policy in random oracle; do
      file=$tables/$task.csv
      [ "$policy" = oracle ] || file=$tables/$task-random.csv
      n=$(rows "$file")
      [ "$n" -eq 0 ] ||
        "$bin/eval" --oracle --env "$task" --policy "$policy" --episodes "$n" --csv "$file" --row
    done
  done
} >"$tables/.table.md.new"
mv "$tables/.table.md.new" "$tables/table.md"
cat "$tables/table.md"
if [ ${#differ[@]} -gt 0 ]; then
  echo "differs from the registered return: ${differ[*]}" >&2
  exit 1
fi
