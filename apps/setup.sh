# Sourced by apps/quickstart.sh and tests/run.sh: packages, configure, build. Needs $root.
#
# On Debian 12 and 13 and Ubuntu 24.04 everything comes from the distribution. Nothing else is ever
# downloaded, and nothing is downloaded when the packages are there.

packages=(g++ cmake make libxsimd-dev doctest-dev libstb-dev libcli11-dev)
jobs=$(nproc)

say() { printf '%s\n' "$*"; }

# Installs what is missing; without root, prints the line to run and leaves with status 2.
ensure_packages() {
  if ! command -v dpkg-query >/dev/null; then
    say "packages  this is no Debian; I expect these to be there: ${packages[*]}"
    return
  fi
  local missing=() p
  for p in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
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
    say "Run this line, then me again:"
    say "  sudo apt-get install -y --no-install-recommends ${missing[*]}"
    exit 2
  fi
}

# build PRESET TARGET...: configures when needed and builds; the compiler's words go to a file that
# is shown when something fails.
build() {
  local preset=$1
  shift
  local dir=$root/build/$preset log=$root/build/$preset.log start=$SECONDS
  mkdir -p "$root/build"
  : >"$log"
  if ! { [ -f "$dir/CMakeCache.txt" ] || (cd "$root" && cmake --preset "$preset") >>"$log" 2>&1; } ||
    ! cmake --build "$dir" --parallel "$jobs" --target "$@" >>"$log" 2>&1; then
    grep -E 'error|Error|missing' "$log" | head -20
    say "build     $preset failed; all of it is in $log"
    return 1
  fi
  say "build     $preset: $((SECONDS - start)) s"
}
