#!/usr/bin/env bash
# The returns of planners that model randomness differently, in the tasks with several futures: CEM in
# the true simulator at the registered budget (H 12, I 6, J 300, K 30), 20 episodes from seed 1000, and
# 200 of random actions and of none. Only the treatment of the future differs (--future).
#
#   bash apps/studies/honesty/run.sh
#
# returns/TASK-FUTURE.csv has a row for each episode; rows that this very program played are kept, so
# this can be stopped and gone on with. honesty.csv is made of them: mean and standard deviation over
# episodes. About ten minutes on one core, which is all it uses.
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
mkdir -p "$tables/returns"
table="$tables/honesty.csv.part"
echo "task,future,mean,std,episodes" > "$table"

measure() {  # measure TASK NAME EPISODES OPTIONS...: one row of the table
  local csv="$tables/returns/$1-$2.csv"
  oracle "$csv" --threads 1 --env "$1" --episodes "$3" "${@:4}"
  awk -F, -v row="$1,$2" -v n="$3" '
    NR > 1 && NR <= n + 1 { x[NR] = $2; sum += $2 }
    END {
      for (i in x) squares += (x[i] - sum / n) ^ 2
      printf "%s,%.3f,%.3f,%d\n", row, sum / n, sqrt(squares / (n - 1)), n
    }' "$csv" >> "$table"
  tail -n 1 "$table"
}

for task in peg_catch peg_memory peg_cued peg_dodge duel; do
  measure $task random 200 --policy random
  measure $task none 200 --policy zero
  for future in average one shared true; do measure $task $future 20 --future $future; done
  case $task in peg_memory | peg_cued) measure $task forgetful 20 --future forgetful ;; esac
done
mv "$table" "$tables/honesty.csv"
