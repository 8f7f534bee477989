#!/usr/bin/env bash
# Other systems than this one, one after the other:
#
#   bash tests/systems.sh trixie bookworm        releases of Debian: unpacked below build/systems, and there the
#                                                two commands of the README on a copy of the tree (as root);
#                                                with SHORT=1 a minute's quickstart and `here`
#   bash tests/systems.sh here                   kernels and gradient checks on this system
#   XSIMD=FOLDER bash tests/systems.sh headers   kernels and gradient checks with FOLDER/xsimd/xsimd.hpp, for
#                                                plain x86-64, for AVX2 and for this machine
#   bash tests/systems.sh arm64                  kernels and gradient checks for 64-bit ARM in emulation, scalar
#                                                and with NEON
#
# Ends with a line for each system. Exit status 1 if something failed, 2 if something that is needed is
# missing or could not be fetched. What was unpacked and built is kept; remove build/systems to begin anew.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/apps/setup.sh"
work=$root/build/systems results=() failed=0
mkdir -p "$work"

stop() {
  say "systems   $*"
  exit 2
}

# need PROGRAM PACKAGE
need() { command -v "$1" >/dev/null || stop "$1 is missing. Install it: apt-get install $2"; }

# result NAME STATUS LOG: remembers how it went, with the log's last line.
result() {
  local how=passed
  [ "$2" -eq 0 ] || how="FAILED, see ${3#"$root/"}" failed=1
  results+=("$1: $how: $(tail -1 "$3")")
  say "systems   ${results[-1]}"
}

# mounted TYPE FOLDER
mounted() { mountpoint -q "$2" || mount -t "$1" "$1" "$2" || stop "$1 cannot be mounted on $2"; }

# debian RELEASE
debian() {
  local release=$1 system=$work/$1 log=$work/$1.log command commands
  if [ -n "${SHORT:-}" ]; then
    commands=$'bash apps/quickstart.sh 60s\nbash tests/systems.sh here'
  else
    commands=$(grep -m2 '^bash ' "$root/README.md" | sed 's/ *#.*//')
  fi
  [ "$(id -u)" -eq 0 ] || stop "to unpack $release needs root"
  need debootstrap debootstrap
  if [ ! -e "$system/etc/os-release" ]; then
    rm -rf "$system"
    debootstrap --variant=minbase "$release" "$system" >"$log" 2>&1 ||
      stop "$release could not be fetched: $(tail -1 "$log")"
  fi
  mounted proc "$system/proc"
  mounted devpts "$system/dev/pts" # pseudo-terminals
  rm -rf "$system/planet"
  mkdir "$system/planet"
  tar -C "$root" --exclude=./build --exclude=./runs --exclude=./.git -c . | tar -C "$system/planet" -x
  while read -r command; do
    say "systems   $release: $command"
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
      chroot "$system" bash -c "cd /planet && $command" 2>&1 </dev/null | tee "$log" | sed 's/^/  /'
    result "$release, $command" "${PIPESTATUS[0]}" "$log"
  done <<<"$commands"
  umount "$system/proc" "$system/dev/pts"
}

# kernels NAME RUNNER CMAKE_ARGUMENT...: builds the tests of kernels and autograd without what is
# particular to this machine, and runs each by RUNNER ("" on this machine).
kernels() {
  local name=$1 runner=$2 dir=$work/$1 log=$work/$1.log test status
  shift 2
  if ! configure scalar "$dir" "$log" -DPLANET_WERROR=ON -DCMAKE_UNITY_BUILD=ON "$@" ||
    ! compile "$name" "$dir" "$log" test_kernels test_autograd; then
    grep -E 'error|Error|missing' "$log" | head -10
    result "$name, build" 1 "$log"
    return
  fi
  for test in test_kernels test_autograd; do
    OMP_WAIT_POLICY=passive $runner "$dir/bin/$test" --no-version >"$dir/$test.log" 2>&1
    status=$?
    sed -i '/^\[doctest\] Status/d' "$dir/$test.log"  # the counts become the last line
    result "$name, $test" "$status" "$dir/$test.log"
  done
}

here() { kernels here "" -DPLANET_SIMD=ON -DPLANET_OPENMP=ON -DPLANET_NATIVE=ON; }

headers() {
  local version simd=(-DPLANET_SIMD=ON -DPLANET_OPENMP=ON)
  [ -f "${XSIMD:-}/xsimd/xsimd.hpp" ] ||
    stop "headers needs XSIMD=FOLDER, a folder that holds xsimd/xsimd.hpp"
  simd+=(-DPLANET_XSIMD_INCLUDE="$(realpath "$XSIMD")")
  version=$(sed -nE 's/^#define XSIMD_VERSION_(MAJOR|MINOR|PATCH) ([0-9]+)$/\2/p' \
    "$XSIMD/xsimd/config/xsimd_config.hpp" | paste -sd.)
  kernels "xsimd-$version-x86-64" "" "${simd[@]}"
  kernels "xsimd-$version-avx2" "" "${simd[@]}" -DPLANET_ARCH=x86-64-v3
  kernels "xsimd-$version-native" "" "${simd[@]}" -DPLANET_NATIVE=ON
}

arm64() {
  need aarch64-linux-gnu-g++ g++-aarch64-linux-gnu
  need qemu-aarch64-static qemu-user-static
  # The packages that are headers alone, apart from this machine's own headers.
  local sysroot=$work/arm64-packages run="qemu-aarch64-static -L /usr/aarch64-linux-gnu" cross
  mkdir -p "$sysroot"
  dpkg -L doctest-dev libxsimd-dev | grep -E '/(include|cmake)/' |
    tar -C / --no-recursion -T - -c 2>/dev/null | tar -C "$sysroot" -x
  cross=(-DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64
    -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ -DCMAKE_CROSSCOMPILING_EMULATOR="${run// /;}"
    -DCMAKE_FIND_ROOT_PATH="$sysroot"
    -DPLANET_XSIMD_INCLUDE="$sysroot/usr/include" -DPLANET_BUILD_APPS=OFF -DPLANET_OPENMP=ON)
  kernels arm64-scalar "$run" "${cross[@]}"
  kernels arm64-neon "$run" "${cross[@]}" -DPLANET_SIMD=ON
}

ensure_packages
[ $# -gt 0 ] || stop "names of systems are expected: trixie, bookworm, here, headers, arm64"
for system in "$@"; do
  case $system in
    here) here ;;
    headers) headers ;;
    arm64) arm64 ;;
    trixie | bookworm) debian "$system" ;;
    *) stop "there is no system '$system'; there are trixie, bookworm, here, headers, arm64" ;;
  esac
done

say
for line in "${results[@]}"; do say "$line"; done
exit $failed
