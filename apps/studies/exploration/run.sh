#!/usr/bin/env bash
# What limits learning: pilots of 100 episodes, each the task's own recipe with the changes that its name
# lists; walker is walker_walk, walker_r4 walker_walk_r4. A row holds the mean return of the twenty collected
# episodes up to 50 and 100, with exploration noise, and of the ten final ones without.
#
#   JOBS=2 bash apps/studies/exploration/run.sh                 all of them, one thread each
#   ONLY='walker-*' JOBS=2 bash apps/studies/exploration/run.sh
#   bash apps/studies/exploration/run.sh walker-R4-C300-B32     any other combination of changes
#
# The rows with -correlation0.7, -best0.3 and -recent0.3 are of options that did not stay (commit 9475519):
# noise correlated from decision to decision, and windows from the best or the newest tenth of the episodes.
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

# A change of a name as options of train, in the letters of the paper and of --help.
change() {
  local value=${1#"${1%%[0-9]*}"}
  case $1 in
    R*) echo --action-repeat "$value" ;;
    C*) echo --updates-per-episode "$value" ;;
    B*) echo --batch-size "$value" ;;
    L*) echo --batch-length "$value" ;;
    S*) echo --seed-episodes "$value" ;;
    H*) echo --horizon "$value" ;;
    D*) echo --overshooting-distance "$value" ;;
    noise*) echo --action-noise "$value" ;;
    std*) echo --init-std "$value" ;;
    kl*) echo --kl-scale "$value" ;;
    balance*) echo --kl-balance "$value" ;;
    nats*) echo --free-nats "$value" ;;
    lr*) echo --learning-rate "$value" ;;
    I*) echo --iterations "$value" ;;
    J*) echo --candidates "$value" --elites $((value / 10)) ;;
    futures*) echo --samples-per-candidate "$value" ;;
    average*) echo --average-decay "$value" ;;
    pixels*) echo --image-size "$value" ;;
    small) echo --preset small ;;
    wide) echo --deter-size 200 --hidden-size 200 --stoch-size 30 ;;
    *)
      echo "$name: '$1' is no change; R4, C300, B64, kl1, noise0.6, average0.999 and small are some" >&2
      exit 2
      ;;
  esac
}

one() { # TASK-CHANGE-CHANGE...
  local task part options=()
  case $1 in
    walker_r4*) task=walker_walk_r4 ;;
    walker*) task=walker_walk ;;
    finger*) task=finger_spin ;;
    cheetah*) task=cheetah_run ;;
    *) echo "$name: '$1' begins with none of walker, walker_r4, finger, cheetah" >&2 && exit 2 ;;
  esac
  for part in $(cut -s -d- -f2- <<<"$1" | tr - ' '); do
    read -ra part <<<"$(change "$part")"
    options+=("${part[@]}")
  done
  learn "$1" --env "$task" "${options[@]}"
  awk -F, -v OFS=, -v run="$1" -v task="$task" '
    NR == 1 { for (i = 1; i <= NF; ++i) column[$i] = i; next }
    $column["train/return"] != "" {
      episode = $column["counter/episodes"]
      for (at = 50; at <= 100; at += 50)
        if (episode > at - 20 && episode <= at) sum[at] += $column["train/return"] / 20
      kl = $column["loss/kl"]
    }
    $column["eval/return_mean"] != "" { mean = $column["eval/return_mean"]; std = $column["eval/return_std"] }
    { updates = $column["counter/updates"]; seconds = $column["time/elapsed"] }
    END {
      print "run", "task", "return_50", "return_100", "final_mean", "final_std", "kl", "updates", \
        "seconds"
      print run, task, sum[50], sum[100], mean, std, kl, updates, seconds
    }' "$work/$1/metrics.csv" >"$work/$1.csv"
  add results.csv "$1" "$work/$1.csv"
}
study "$@" -- walker walker-R4{,-S40,-H20,-D4,-L50,-noise0.6,-kl1-balance0,-nats0} walker_r4-C200{,-kl1} finger{,-std1}

table --by run --y return_50 --y return_100 --y final_mean --y kl
