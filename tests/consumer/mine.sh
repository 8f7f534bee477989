#!/usr/bin/env bash
# mine.sh BINARY FOLDER: a binary with every program and a task of its own (boat) trains, evaluates, plays,
# dreams, plans, compares, reports and checks, in this task and in a built-in one, in FOLDER, which is
# emptied before.
set -euo pipefail
mine=$(realpath "$1") folder=$2

fail() {
  echo "mine: FAILED: $*"
  exit 1
}

# A training of a few updates of a model of a handful of numbers.
train() {
  local task=$1 name=$2
  shift 2
  "$mine" train --env "$task" --logdir "$name" --image-size 16 --seed-episodes 2 --batch-size 2 \
    --batch-length 4 --deter-size 8 --stoch-size 4 --hidden-size 8 --reward-units 8 --horizon 3 \
    --iterations 2 --candidates 10 --elites 2 --updates-per-episode 3 --eval-episodes 2 \
    --total-episodes 3 --threads 1 --progress none "$@" >/dev/null
}

rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"

# Into files: a grep that has found its line closes the pipe, and a program that still prints fails.
"$mine" --help >help.txt
grep -q '^  report ' help.txt || fail "--help does not list report"
"$mine" train --list-envs >envs.txt
grep -q '^boat ' envs.txt || fail "boat is not listed"
[ "$("$mine" check boat)" = "boat: keeps every rule" ] || fail "check of boat"
for task in boat pendulum_swingup; do
  train $task $task-1 --seed 1
  train $task $task-2 --seed 2
  "$mine" check $task >/dev/null
  "$mine" eval $task-1 --json >eval.json
  grep -q "\"env\": \"$task\"" eval.json || fail "eval of $task"
  "$mine" play $task-1 --video $task.png >/dev/null
  "$mine" dream $task-1 --episode-count 1 >/dev/null
  "$mine" plan $task-1 --decisions 2 >/dev/null
  "$mine" report $task-1 --out $task.html
  "$mine" compare $task-1 $task-2 --out $task-both --context 4 --length 8 >/dev/null
  for file in $task-1/report.html $task.html $task.png "$task"-1/dreams/*/dream.png \
    "$task"-1/plans/*/plan.png $task-both/report.html; do
    [ -s "$file" ] || fail "$file is missing"
  done
done
grep -q "the task has no score" boat-1/report.html || fail "the page of boat"
status=0
"$mine" train --env baot 2>error.txt || status=$?
[ $status -eq 2 ] || fail "a misspelt task has status $status"
grep -q "did you mean 'boat'" error.txt || fail "$(cat error.txt)"
echo "mine: all is well"
