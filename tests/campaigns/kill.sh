#!/usr/bin/env bash
# kill.sh [COUNT [SIGNAL]]: stops small trainings at COUNT (1000) random moments by SIGNAL: KILL (the
# default), TERM or HUP. Each is resumed until it is done, stopped again and again on the way, and then
# compared byte for byte with a run that was never stopped: parameters, moments, episodes, pictures,
# metrics, counters.
#
# Ends with status 1 at the first run that differs, that cannot be resumed, or that is not stopped by
# SIGNAL in order. SEED=7 chooses other moments.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
usage "$@"
count=${1:-1000} signal=${2:-KILL}
whole_number COUNT "$count"
case $signal in
  KILL | TERM | HUP) ;;
  *) wrong "the signal is '$signal'; there are KILL, TERM and HUP" ;;
esac
ignored=$(sed -n 's/^SigIgn:\s*//p' /proc/$$/status)
[ $((0x$ignored >> ($(kill -l "$signal") - 1) & 1)) -eq 0 ] ||
  wrong "SIG$signal is ignored here, as under nohup, and train would go on ignoring it"
mkdir -p "$work"
RANDOM=${SEED:-1}
runs=$(mktemp -d -p "${TMPDIR:-/dev/shm}")
trap 'rm -rf "$runs"' EXIT
own_program "$runs"

new_run "$runs/whole"
"${train[@]}" >/dev/null 2>&1
stopped=0 finished=0 before=0 process=0
# How long a process lives at most, in ms: longer after one that was stopped, the time of a whole one after
# one that came to the end. So the moments go on being spread over all of a run when the machine is busy.
longest=300
while ((stopped < count)); do
  rm -rf "$runs/run"
  for ((done = 0; !done; )); do
    resumed "$runs/run"
    start=$(milliseconds)
    "${train[@]}" >"$runs/out" 2>"$runs/err" &
    process=$!
    delay=$(below $longest)
    sleep "$((delay / 1000)).$(printf %03d $((delay % 1000)))"
    kill "-$signal" $process 2>/dev/null || true
    status=0
    wait $process 2>/dev/null || status=$?
    case $signal-$status in
      *-0)
        done=1
        longest=$(($(milliseconds) - start + 100))
        ;;
      KILL-137 | TERM-130 | HUP-130) ((++stopped)) ;;
      TERM-143 | HUP-129) ((++stopped, ++before)) ;;  # before the signals are caught: nothing was begun
      *)
        say "kill: train ended with status $status: $(tail -1 "$runs/err")"
        exit 1
        ;;
    esac
    ((done)) || longest=$((longest + longest / 20))
    if ((!done && stopped % 100 == 0)); then
      say "kill      $signal: $stopped stops, $finished runs compared"
    fi
  done
  compare_runs "$runs/whole" "$runs/run"
  ((++finished))
done
row "SIG$signal: $stopped stops in $finished runs ($before of them before signals are caught)," \
  "every run the same bytes"
