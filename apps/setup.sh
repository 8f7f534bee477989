# shellcheck shell=bash
# Sourced by apps/quickstart.sh and the scripts of tests/: packages, configure, build. Needs $root.
#
# On Debian 12 and 13 and Ubuntu 24.04 everything comes from the distribution. Nothing else is ever
# downloaded, and nothing is downloaded when the packages are there.

: "${root:?the folder of the project}"
packages=(g++ cmake make libxsimd-dev doctest-dev libstb-dev libcli11-dev)
jobs=$(nproc)

say() { printf '%s\n' "$*"; }

# Installs what is missing; without root, prints the command to run and exits with status 2.
ensure_packages() {
  if ! command -v dpkg-query >/dev/null; then
    say "packages  Not Debian or Ubuntu; please install: ${packages[*]}"
    return
  fi
  local missing=() p
  for p in "${packages[@]}"; do
    [[ $(dpkg-query -W -f '${Status}' "$p" 2>/dev/null) == *'ok installed' ]] || missing+=("$p")
  done
  if [ ${#missing[@]} -eq 0 ]; then
    say "packages  ${packages[*]}: already there"
    return
  fi
  say "packages  missing: ${missing[*]}"
  local install=(apt-get install -y --no-install-recommends "${missing[@]}")
  if [ "$(id -u)" -eq 0 ]; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive "${install[@]}"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    sudo apt-get update -qq && sudo DEBIAN_FRONTEND=noninteractive "${install[@]}"
  else
    say "Install them, then run this script again:"
    say "  sudo apt-get install -y --no-install-recommends ${missing[*]}"
    exit 2
  fi
}

# configure PRESET FOLDER LOG [CMAKE ARGUMENTS]: makes the build folder, for Ninja if it is there. A
# folder that was made for another tree (this one was copied or moved) is made anew.
configure() {
  local preset=$1 dir=$2 log=$3 made_for
  shift 3
  : >"$log"
  if [ -f "$dir/CMakeCache.txt" ]; then
    made_for=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$dir/CMakeCache.txt")
    if [ ! "$made_for" -ef "$root" ]; then
      say "build     ${dir#"$root/"} was made for the sources in $made_for; it is made anew"
    elif [ -f "$dir/build.ninja" ] || [ -f "$dir/Makefile" ]; then
      return
    fi
    rm -rf "$dir"
  fi
  if [ -z "${CMAKE_GENERATOR:-}" ] && command -v ninja >/dev/null; then set -- -G Ninja "$@"; fi
  (cd "$root" && cmake --preset "$preset" -B "$dir" "$@") >>"$log" 2>&1
}

# compile NAME FOLDER LOG TARGET...: the compiler's own lines go to the log, the reader sees a
# percentage: on a terminal one line that is rewritten, elsewhere a line every 20 seconds.
compile() {
  local name=$1 dir=$2 log=$3
  shift 3
  NINJA_STATUS='[%p] ' cmake --build "$dir" --parallel "$jobs" --target "$@" 2>&1 |
    tee -a "$log" | progress "$name"
  [ "${PIPESTATUS[0]}" -eq 0 ]
}

progress() {
  local start=$SECONDS next=20 line seconds shown
  while IFS= read -r line; do
    [[ $line =~ ^\[\ *([0-9]+)%\] ]] || continue
    seconds=$((SECONDS - start))
    shown="build     $1: ${BASH_REMATCH[1]} %, $seconds s"
    if [ -t 1 ]; then
      printf '\r%s\033[K' "$shown"
    elif ((seconds >= next)); then
      next=$((seconds + 20))
      say "$shown"
    fi
  done
  if [ -t 1 ]; then printf '\r\033[K'; fi
}

# build PRESET TARGET...: in build/PRESET, several sources compiled as one (a unity build), which takes
# half the time, and shows the compiler's warnings. With FIRST=90 it says beforehand that a first build
# of these targets takes about 90 seconds of two cores.
build() {
  local preset=$1 dir=$root/build/$1 log=$root/build/$1.log start=$SECONDS
  shift
  mkdir -p "$root/build"
  [ -z "${FIRST:-}" ] || [ -d "$dir" ] ||
    say "build     $preset: the first time takes about $(((FIRST * 2 / jobs + 9) / 10 * 10)) s"
  if configure "$preset" "$dir" "$log" -DCMAKE_UNITY_BUILD=ON && compile "$preset" "$dir" "$log" "$@"; then
    sed -n '/ warning: /p' "$log" | sort -u
    say "build     $preset: $((SECONDS - start)) s"
  else
    grep -v '^\[' "$log" | grep -E 'error|Error|missing' | head -20
    say "build     $preset failed; all of it is in $log"
    return 1
  fi
}
