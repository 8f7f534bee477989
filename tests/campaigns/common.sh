# shellcheck shell=bash
# Sourced by the campaigns: help, a folder of their own, and the row of tests/README.md at the end.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/apps/setup.sh"
campaign=$(basename "$0" .sh)
commit=$(git -C "$root" rev-parse --short HEAD)
# shellcheck disable=SC2034  # for the script
work=$root/build/campaigns/$campaign

# usage "$@": the comment at the head of the script, for --help.
usage() {
  case ${1:-} in
    -h | --help)
      sed -n '2,/^[^#]/{/^#/!q;s/^# \{0,1\}//p}' "$0"
      exit 0
      ;;
  esac
}

# A sentence and status 2.
wrong() {
  say "$campaign: $*" >&2
  exit 2
}

# whole_number WHAT TEXT: refuses what is none.
whole_number() {
  [[ $2 =~ ^[1-9][0-9]*$ ]] || wrong "$1 is '$2'; it is a whole number from 1 on"
}

# row COUNTS: the result as a row of tests/README.md.
row() {
  local cpu
  cpu=$(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -1)
  say "| \`$campaign.sh\` | $(date +%F) | $commit |" \
    "${cpu:-$(uname -m)}, $(nproc) CPUs | $* |"
}

# ---- the smallest training that does everything: evaluations, pictures, checkpoints, best ------------
# own_program FOLDER: a copy of train, so that a build meanwhile changes nothing.
own_program() {
  build release train
  cp "$root/build/release/bin/train" "$1/train"
  program=$1/train
}

# new_run FOLDER: the words of its command, in the array `train`.
new_run() {
  # shellcheck disable=SC2034
  train=("$program" --logdir "$1" --env pendulum_swingup --env-option time_limit=20
    --image-size 16 --seed-episodes 2 --batch-size 2 --batch-length 4 --deter-size 8 --stoch-size 4
    --hidden-size 8 --reward-units 8 --horizon 3 --iterations 2 --candidates 10 --elites 2
    --updates-per-episode 20 --total-episodes 16 --checkpoint-every 1 --eval-every 3 --eval-episodes 2
    --threads 1 --progress none)
}

# resumed FOLDER: the same to go on with a run, or to begin it where nothing was saved.
resumed() {
  # shellcheck disable=SC2034
  if [ -f "$1/config.toml" ]; then
    train=("$program" --resume "$1" --threads 1 --progress none)
  else
    new_run "$1"
  fi
}

# results FOLDER: what a run has computed, as text: checksums of its episodes, and its metrics without times.
results() (
  cd "$1" || exit
  sha256sum episodes/*
  awk -F, -v OFS=, 'NR == 1 { for (i = 1; i <= NF; ++i) if ($i !~ /^time\//) keep[++n] = i }
    { line = $keep[1]; for (k = 2; k <= n; ++k) line = line OFS $keep[k]; print line }' metrics.csv
  sed 's/"time\/[a-z]*": *[^,}]*//g' metrics.jsonl
)

# fingerprint FOLDER: all that a run leaves but its clocks, its log, and the checkpoint before the last one,
# which is another where a stop has saved in the middle of a round.
fingerprint() (
  results "$1"
  cd "$1" || exit
  find . -name '*.tmp-*' -o -path './checkpoints/.*'  # what nobody cleared away
  sha256sum config.toml pictures/*
  for name in latest best; do
    folder=checkpoints/$(cat checkpoints/$name)
    sha256sum checkpoints/$name "$folder"/*.safetensors
    grep -vE '"(seconds|evaluated_seconds|evaluation_cost)"' "$folder/state.json"
  done
)

# compare_runs FOLDER FOLDER: the same? Else the first difference, and the second is kept.
compare_runs() {
  local kept
  diff <(fingerprint "$1") <(fingerprint "$2") >"$work/difference" && return
  kept=$(mktemp -d)
  cp -a "$2" "$kept"
  say "$campaign: a run that is not the one that was never stopped, kept in $kept:"
  head -5 "$work/difference"
  return 1
}

# below N: a whole number from 0 to N - 1.
below() { say $(((RANDOM * 32768 + RANDOM) % $1)); }

milliseconds() { say $((${EPOCHREALTIME/[.,]/} / 1000)); }
