#!/usr/bin/env bash
# Do two builds compute the same bits?
#
#   bash tests/bits.sh OLD NEW          two folders with the programs, such as build/release/bin
#   ONLY='ssm*' bash tests/bits.sh ...  some of the trainings alone
#
# Each training below is run by both builds, with one thread and with two, for ten rounds of a few
# updates. Its parameters, Adam's moments, episodes, and all metrics but the times must agree bit for
# bit. Then the new build resumes what the old one left, and both evaluate the committed models.
# Prints "same" (status 0), or the first difference (status 1).
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: bash tests/bits.sh OLD NEW (two folders with the programs)" >&2; exit 2; }
# shellcheck disable=SC2034  # read by name below
old=$(cd "$1" && pwd) new=$(cd "$2" && pwd)
pretrained=$(cd "$(dirname "${BASH_SOURCE[0]}")/../apps/pretrained" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMP_WAIT_POLICY=passive

small="--seed 3 --env-option time_limit=88 --batch-size 8 --batch-length 10 --updates-per-episode 6
  --total-episodes 15 --horizon 6 --iterations 3 --candidates 40 --eval-every 10
  --eval-episodes 3 --progress none"
trainings=(
  "rssm --env pendulum_swingup --elites 8"
  "ssm-overshooting --env cartpole_swingup --model ssm --overshooting-distance 3
    --overshooting-reward-scale 0.5 --kl-scale 1 --kl-balance 0 --elites 8"
  "rnn --env pendulum_swingup --model rnn --elites 8"
  "continue-balanced --env point_mass_easy --continue-head true --kl-balance 0.8 --global-kl-scale 0.1
    --free-nats-after-mean true --elites 8"
  "icem --env reacher_easy --planner icem --elites 8 --samples-per-candidate 4"
  "cem-full --env pendulum_swingup --cem-covariance full --elites 8 --samples-per-candidate 4 --start-state per-candidate"
  "mppi --env cheetah_run --planner mppi --elites 8 --warm-start true"
  "random --env peg_catch --planner random"
)

differ() { echo "different: $*"; exit 1; }

# The bytes of all tensors: a safetensors file without its header, which names the program's version.
tensors() { tail -c +$((9 + $(od -An -t u8 -N 8 "$1"))) "$1"; }

# metrics.csv without the columns of time.
metrics() {
  awk -F, -v OFS=, 'NR == 1 { for (i = 1; i <= NF; ++i) if ($i !~ /^time\//) keep[++n] = i }
    { line = $keep[1]; for (k = 2; k <= n; ++k) line = line OFS $keep[k]; print line }' "$1/metrics.csv"
}

# compare WHAT RUN RUN
compare() {
  local file
  diff <(metrics "$2") <(metrics "$3") >"$work/diff" || differ "$1, metrics: $(sed -n 2p "$work/diff")"
  for file in $(cd "$2" && find checkpoints -name '*.safetensors' | sort); do
    cmp <(tensors "$2/$file") <(tensors "$3/$file") || differ "$1, $file"
  done
  episodes "$2" "$3" || differ "$1, episodes"
}

# Every array of every episode but its task's name, which earlier versions did not write.
episodes() {
  python3 - "$1/episodes" "$2/episodes" <<'EOF'
import os, sys, zipfile
def arrays(folder):
    for name in sorted(os.listdir(folder)):
        with zipfile.ZipFile(os.path.join(folder, name)) as file:
            for array in sorted(set(file.namelist()) - {"task.npy"}):
                yield name, array, file.read(array)
sys.exit(list(arrays(sys.argv[1])) != list(arrays(sys.argv[2])))
EOF
}

for training in "${trainings[@]}"; do
  read -r -a options <<<"$(tr '\n' ' ' <<<"$training $small")"
  name=${options[0]}
  # shellcheck disable=SC2053  # a pattern is what is wanted
  [[ $name == ${ONLY:-*} ]] || continue
  for threads in 1 2; do
    for build in old new; do
      "${!build}/train" "${options[@]:1}" --threads $threads --logdir "$work/$build-$threads" >/dev/null 2>"$work/err" ||
        differ "$name: ${!build}/train failed: $(tail -1 "$work/err")"
    done
    compare "$name, $threads threads" "$work/old-$threads" "$work/new-$threads"
  done
  compare "$name, one and two threads" "$work/new-1" "$work/new-2"
  # What the old build left goes on in the new one as it goes on in the old.
  for build in old new; do
    "${!build}/train" --resume "$work/old-$([ $build = old ] && echo 1 || echo 2)" --total-episodes 17 --threads 2 \
      --progress none >/dev/null 2>"$work/err" || differ "$name: ${!build} does not resume it: $(tail -1 "$work/err")"
  done
  compare "$name, resumed" "$work/old-1" "$work/old-2"
  rm -rf "$work"/{old,new}-{1,2}
  echo "$name: same" >&2
done

returns() { "$1/eval" "$2" --episodes 2 --json --threads 2 "${@:3}" | tr -d ' \n' | sed 's/.*"returns":\[\([^]]*\)\].*/\1/'; }
for model in "$pretrained"/*/; do
  # shellcheck disable=SC2053
  [[ $(basename "$model") == ${ONLY:-*} ]] || continue
  for build in old new; do returns "${!build}" "$model" >"$work/$build"; done
  cmp "$work/old" "$work/new" || differ "returns of $(basename "$model"): $(cat "$work/old") and $(cat "$work/new")"
  echo "$(basename "$model"): same" >&2
done
echo same
