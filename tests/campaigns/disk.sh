#!/usr/bin/env bash
# disk.sh [COUNT]: small trainings on a disk that becomes full COUNT (1000) times, at random sizes. Each
# time the run must end with status 2 and one sentence; then the disk gets a little more room, again at
# random, and the run is resumed, until it is done. It is compared byte for byte with one that always had
# room. SEED=7 chooses other sizes.
#
# The disk is a tmpfs of its own, mounted where nobody else sees it: as root, or in a user namespace.
# Where neither is allowed, no file may grow beyond the random size instead (ulimit -f).
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
usage "$@"
count=${1:-1000}
whole_number COUNT "$count"
if [ -z "${DISK:-}" ]; then
  mkdir -p "$work"
  for namespace in "unshare -m" "unshare -rm"; do
    # shellcheck disable=SC2086  # two words
    if $namespace mount -t tmpfs tmpfs "$work" 2>/dev/null; then
      # shellcheck disable=SC2086
      DISK=tmpfs exec $namespace bash "$0" "$count"
    fi
  done
  DISK='ulimit'
fi
RANDOM=${SEED:-1}
runs=$(mktemp -d -p "${TMPDIR:-/dev/shm}")
trap 'umount "$runs/disk" 2>/dev/null; rm -rf "$runs"' EXIT
own_program "$runs"
mkdir "$runs/disk"
[ "$DISK" != tmpfs ] || mount -t tmpfs -o size=1m tmpfs "$runs/disk"

# limited KIB COMMAND...
limited() {
  if [ "$DISK" = tmpfs ]; then
    mount -o "remount,size=${1}k" "$runs/disk"
    "${@:2}"
  else
    (ulimit -f "$1" && exec "${@:2}")
  fi
}

new_run "$runs/whole"
"${train[@]}" >/dev/null 2>&1
if [ "$DISK" = tmpfs ]; then most=$(du -sk "$runs/whole" | cut -f1); else most=360; fi
full=0 finished=0
while ((full < count)); do
  rm -rf "$runs/disk/run"
  size=$((4 + $(below "$most")))
  for ((done = 0; !done; )); do
    resumed "$runs/disk/run"
    status=0
    limited "$size" "${train[@]}" >"$runs/out" 2>"$runs/err" || status=$?
    case $status in
      0) done=1 ;;
      2)
        ((++full))
        if [ "$(wc -l <"$runs/err")" -ne 1 ] || ! grep -qE '^train: .*(disk|space)' "$runs/err"; then
          say "disk: not one sentence about the disk:"
          cat "$runs/err"
          exit 1
        fi
        cat "$runs/err" >>"$runs/sentences"
        size=$((size + 4 + $(below $((most / 4)))))
        ;;
      *)
        say "disk: train ended with status $status: $(tail -1 "$runs/err")"
        exit 1
        ;;
    esac
    if ((!done && full % 100 == 0)); then say "disk      $full times full, $finished runs compared"; fi
  done
  compare_runs "$runs/whole" "$runs/disk/run"
  ((++finished))
done
say "disk      sentences, with how often:"
sed -E "s|$runs/disk/run/?||; s/[0-9]+/N/g" "$runs/sentences" | sort | uniq -c | sort -rn | head -20
row "$DISK: $full times full in $finished runs, one sentence each, every run the same bytes"
