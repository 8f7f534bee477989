#!/usr/bin/env bash
# From nothing to an agent that has learned pendulum swing-up from pixels: packages, build, an episode
# of a pretrained agent, training within a time limit, evaluation, pictures, and the build of the
# other programs. May be run again; a second run starts within seconds.
#
#   bash apps/quickstart.sh            a minute and a half of training
#   bash apps/quickstart.sh 60s        or as long as you like
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/apps/setup.sh"
limit=${1:-90s}

ensure_packages
FIRST=95 build release train eval play dream

# Commands that are printed can be pasted where this was started.
top=
[ "$PWD" -ef "$root" ] || top=$root/
cd "$root"
bin=${top}build/release/bin
mkdir -p runs
run=${top}runs/quickstart
for ((i = 2; ; ++i)); do
  [ -e "$run" ] || break
  run=${top}runs/quickstart-$i
done

# A pretrained agent first, so that there is something to see at once.
pretrained=${top}apps/pretrained/pendulum_swingup
if [ -e "$pretrained/model.safetensors" ]; then
  say
  say "show      a pretrained agent ($pretrained): an episode, and an imagined one"
  "$bin/play" "$pretrained" --seed 1000
  "$bin/dream" "$pretrained" --episode-count 1 --out "${top}runs/pretrained-dream"
fi

say
say "train     PlaNet on pendulum_swingup from pixels, for at most $limit of wall-clock time"
"$bin/train" --env pendulum_swingup --time-limit "$limit" --logdir "$run"

say
say "evaluate  once more, with a contact sheet"
"$bin/eval" "$run" --sheet "$run/pictures/sheet.png"

say
say "build     the other programs"
build release plan compare report check plot gradcheck bench futures

say
say "Look at in $root"
say "  $run/report.html      all of it as one page, for a browser"
say "  $run/pictures/        true frames above the model's reconstructions"
say "  $run/metrics.csv      every round: losses, returns, times"
say "  $run/checkpoints/     the model, as safetensors"
say "Next"
bin=$(printf %q "$bin") run=$(printf %q "$run")
say "  $bin/play $run                    # watch it in this terminal"
say "  $bin/play --policy keys             # try it yourself"
say "  $bin/train --resume $run --time-limit 10m"
