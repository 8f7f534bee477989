#!/usr/bin/env bash
# Ranks on two hosts that share neither name nor memory nor files: two sets of namespaces of this
# machine (network, host name, shared memory, mounts), joined by a veth pair. mpirun on the first starts
# its daemon on the second through an rsh agent, and the ranks speak TCP.
#
#   bash tests/campaigns/two_hosts.sh      as root, with train and exchanges in build/mpi/bin (or BIN)
#
# Every line of the table is a check: the bits are those of as many ranks on one host; the second host
# sees nothing of the run folder; a rank that is killed there and a cable that is pulled end the run with
# one sentence, and it goes on to the same bits. The rows stand in tests/README.md.
# shellcheck disable=SC2317  # functions that trap and expect call
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bin=${BIN:-$root/build/mpi/bin}
[ "$(id -u)" -eq 0 ] || { echo "two_hosts.sh needs root: it makes namespaces" >&2; exit 2; }
for program in "$bin/train" "$bin/exchanges"; do
  [ -x "$program" ] || { echo "$program is missing: cmake --build --preset mpi --target train exchanges" >&2; exit 2; }
done
work=$(mktemp -d)
hosts=()
leave() {
  [ ${#hosts[@]} -eq 0 ] || kill -9 "${hosts[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap leave EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_WAIT_POLICY=passive
export OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_rmaps_base_oversubscribe=1

# ---- the hosts ----
printf '127.0.0.1 localhost\n10.77.0.1 planet-a\n10.77.0.2 planet-b\n' >"$work/hosts"
mkdir "$work/runs"
for name in planet-a planet-b; do
  own=(--net --uts --ipc --mount)
  [ "$name" = planet-a ] || own+=(--pid --fork --mount-proc) # what is left there ends with its first process
  # shellcheck disable=SC2016  # $1 is the inner shell's
  unshare "${own[@]}" bash -c '
    hostname "$1"; mount --bind "$2/hosts" /etc/hosts; mount -t tmpfs none /dev/shm
    mount -t tmpfs none /var/tmp; [ "$1" = planet-a ] || mount -t tmpfs none "$2/runs"
    touch "$2/$1.up"; exec sleep infinity' sh "$name" "$work" &
  pid=$!
  until [ -e "$work/$name.up" ]; do sleep 0.05; done
  [ "$name" = planet-a ] || pid=$(pgrep -P "$pid")
  hosts+=("$pid")
  echo "$pid" >"$work/$name.pid"
done
ip link add planet-va netns "${hosts[0]}" type veth peer name planet-vb netns "${hosts[1]}"
on() { nsenter --target "$(cat "$work/$1.pid")" --net --uts --ipc --mount --pid "${@:2}"; }
for side in a:1 b:2; do
  on "planet-${side%:*}" sh -c "ip address add 10.77.0.${side#*:}/24 dev planet-v${side%:*}
    ip link set planet-v${side%:*} up; ip link set lo up"
done
# The rsh agent: HOST COMMAND..., run there.
cat >"$work/agent" <<AGENT
#!/bin/sh
pid=\$(cat "$work/\$1.pid")
shift
exec nsenter --target "\$pid" --net --uts --ipc --mount --pid sh -c "\$*"
AGENT
chmod +x "$work/agent"

# ranks PER_HOST PROGRAM ARGUMENTS...: on both hosts. locally N PROGRAM ...: on this one, by shared memory.
ranks() {
  local each=$1
  shift
  on planet-a env TMPDIR=/var/tmp mpirun -n $((2 * each)) --host "planet-a:$each,planet-b:$each" \
    --mca plm_rsh_agent "$work/agent" --mca btl tcp,self --mca btl_tcp_if_include 10.77.0.0/24 \
    --mca oob_tcp_if_include 10.77.0.0/24 "$@"
}
locally() { mpirun -n "$1" "${@:2}"; }

# ---- the runs ----
small=(--env pendulum_swingup --image-size 16 --seed-episodes 2 --batch-size 6 --batch-length 8
  --deter-size 16 --stoch-size 8 --hidden-size 16 --reward-units 16 --horizon 4 --iterations 2
  --candidates 20 --elites 4 --updates-per-episode 6 --eval-episodes 2 --total-episodes 34
  --checkpoint-every 8 --threads 1 --env-option time_limit=40 --progress none)
failed=0
row() { printf '| %s | %s |\n' "$1" "$2"; }
expect() { # WHAT COMMAND...
  local what=$1
  shift
  if "$@" >/dev/null 2>&1; then row "$what" yes; else row "$what" NO; failed=1; fi
}
tensors() { tail -c +$((9 + $(od -An -t u8 -N 8 "$1"))) "$1"; }
same() { # RUN RUN
  local newest
  newest=$(cat "$1/checkpoints/latest")
  [ "$newest" = "$(cat "$2/checkpoints/latest")" ] || return 1
  for file in model optimizer; do
    cmp <(tensors "$1/checkpoints/$newest/$file.safetensors") \
      <(tensors "$2/checkpoints/$newest/$file.safetensors") || return 1
  done
}
said_once() { [ "$(grep -c '^train: .* did not answer' "$work/said-then")" -eq 1 ]; }
# broken RUN COMMAND...: a run of two ranks, one a host, that COMMAND on the second host breaks in its middle.
broken() {
  local path=$1
  shift
  ranks 1 "$bin/train" "${small[@]}" --rank-timeout 5s --logdir "$path" >/dev/null 2>"$work/said" &
  local run=$!
  until [ "$(grep -c . "$path/metrics.csv" 2>/dev/null || true)" -gt 15 ] 2>/dev/null; do
    kill -0 "$run" || return 1
    sleep 0.02
  done
  on planet-b "$@"
  until grep -q 'did not answer' "$work/said" || ! kill -0 "$run" 2>/dev/null; do sleep 0.1; done
  sleep 1
  cp "$work/said" "$work/said-then" # behind a pulled cable the other side says its own sentence
  on planet-b ip link set planet-vb up # mpirun itself would wait until TCP gives up
  wait "$run" || true
}

echo '| two hosts | |'
echo '|---|---|'
locally 2 "$bin/train" "${small[@]}" --logdir "$work/runs/local" >/dev/null 2>&1
ranks 1 "$bin/train" "${small[@]}" --logdir "$work/runs/two" >/dev/null 2>"$work/said"
expect 'two ranks, one a host: the bits of two ranks on one host' same "$work/runs/local" "$work/runs/two"
expect 'the second host has nothing of the run' on planet-b sh -c "[ -z \"\$(ls $work/runs)\" ]"
locally 4 "$bin/train" "${small[@]}" --logdir "$work/runs/local4" >/dev/null 2>&1
ranks 2 "$bin/train" "${small[@]}" --logdir "$work/runs/four" >/dev/null 2>&1
expect 'four ranks, two a host: the bits of four ranks on one host' same "$work/runs/local4" "$work/runs/four"
broken "$work/runs/killed" pkill -9 -x train
expect 'a rank killed on the second host: one sentence' said_once
ranks 1 "$bin/train" --resume "$work/runs/killed" >/dev/null 2>&1
expect 'and the run goes on to the same bits' same "$work/runs/local" "$work/runs/killed"
broken "$work/runs/pulled" ip link set planet-vb down
expect 'the cable pulled: one sentence' said_once
ranks 1 "$bin/train" --resume "$work/runs/pulled" >/dev/null 2>&1
expect 'and the run goes on to the same bits' same "$work/runs/local" "$work/runs/pulled"
for numbers in 200000 2000000; do
  row "a sum of $numbers numbers: shared memory, TCP between the hosts" \
    "$(locally 2 "$bin/exchanges" time "$numbers" | cut -d, -f3) ms, $(ranks 1 "$bin/exchanges" time "$numbers" | cut -d, -f3) ms"
done
exit "$failed"
