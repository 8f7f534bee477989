# shellcheck shell=bash
# Shared by the run.sh of the studies: named trainings, and tables to which every finished training
# adds its rows. A study that was stopped is continued by the same command: a training whose rows are
# in results.csv is skipped, an interrupted one is resumed.
#
# A name holds a training's options. made.csv holds what else its rows come from: train.toml, SMALLER,
# EPISODES, and the program's version. Where the first three are not those of now, the study stops: its
# table would mix two things. Rows of another version stand, and are counted.
#
#   JOBS=2             two trainings at a time (each of one thread: more would change no bit of them)
#   ONLY='rssm-*'      only these trainings
#   BIN, RUNS, TABLES  where the programs are, where runs go, where tables and plots go
#   SMALLER, EPISODES  to try a script out: options for train that override train.toml, and the
#                      number of episodes measured
#
# A study's folder holds train.toml, the options of all its trainings (without it, the tasks' defaults);
# run.sh defines `one`, which runs one training and adds its rows, and calls `study` with the names of
# all trainings.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[1]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
name=$(basename "$here")
bin=${BIN:-$root/build/release/bin}
work=${RUNS:-$root/runs/studies}/$name
tables=${TABLES:-$here}
mkdir -p "$work" "$tables"

# study "$@" -- NAME...: runs all trainings, or only the one given as the script's own argument.
study() {
  if [ "$1" != -- ]; then
    one "$1"
    exit
  fi
  shift
  local left=() other=0 training
  for training in "$@"; do
    # shellcheck disable=SC2053  # a pattern is what is wanted
    if [[ $training == ${ONLY:-*} ]]; then
      if ! stands "$training"; then left+=("$training")
      elif ! grep -q "^$training,.*,\"$version\"" "$tables/made.csv" 2>/dev/null; then
        other=$((other + 1))
      fi
    fi
  done
  echo "$name: $(($# - ${#left[@]})) of $# trainings are finished or not selected, ${#left[@]} to go"
  [ $other = 0 ] || echo "$name: $other of those that stand were not made by $version"
  if [ ${#left[@]} -gt 0 ]; then
    printf '%s\n' "${left[@]}" | xargs -P "${JOBS:-1}" -I{} bash "$here/run.sh" {}
  fi
}

version=$("$bin/eval" --version | sed -n '1s/^eval //p')
# What rows come from besides their name and the version, as the first columns of made.csv.
settings() {
  local toml=none
  [ ! -e "$here/train.toml" ] || toml=$(cksum <"$here/train.toml" | cut -d' ' -f1)
  echo "$toml,\"${SMALLER:-}\",${EPISODES:-}"
}

# has_rows NAME: has results.csv the rows of this training?
has_rows() { [ -e "$tables/results.csv" ] && grep -q "^$1," "$tables/results.csv"; }

# stands NAME: are there its rows, made with the settings of now?
stands() {
  has_rows "$1" || return 1
  local made
  made=$(grep "^$1," "$tables/made.csv" 2>/dev/null) || return 0 # before made.csv was written
  [[ $made == "$1,$(settings),"* ]] || {
    echo "$name: the rows of $1 were made with other settings ($made), not with $(settings);" \
      "give another TABLES, or delete them from the tables and from made.csv" >&2
    exit 2
  }
}

# made NAME: what its rows come from.
made() {
  {
    echo "run,train_toml,smaller,episodes,version"
    {
      if [ -e "$tables/made.csv" ]; then tail -n +2 "$tables/made.csv" | grep -v "^$1," || true; fi
      echo "$1,$(settings),\"$version\""
    } | sort -s -t, -k1,1V
  } >"$tables/.made.new"
  mv "$tables/.made.new" "$tables/made.csv"
}

# oracle FILE OPTIONS...: eval --oracle into FILE. Episodes that this very program played stand.
oracle() {
  if [ -e "$1" ] && ! grep -qF "$version" "$1"; then rm "$1"; fi
  "$bin/eval" --oracle --csv "$@" >/dev/null
}

# learn NAME OPTIONS...: trains to the end, from the start or from where it was interrupted.
learn() {
  local run=$work/$1 said
  shift
  echo "$name: $(basename "$run")"
  # shellcheck disable=SC2086  # SMALLER is several words
  if [ -e "$run/config.toml" ]; then set -- --resume "$run"
  else
    set -- "$@" ${SMALLER:-} --logdir "$run"
    [ ! -e "$here/train.toml" ] || set -- --config "$here/train.toml" "$@"
  fi
  said=$("$bin/train" "$@" --threads "${threads:-1}" --progress none 2>&1 >/dev/null) || {
    local status=$?
    echo "$name: $(basename "$run") did not finish (status $status). $said" >&2
    return 1
  }
}

# add TABLE NAME FILE: adds the rows of FILE, whose first column is NAME, to the table, all or none,
# sorted by name; they replace older rows of NAME.
add() {
  (
    flock 9
    {
      head -n 1 "$3"
      {
        if [ -e "$tables/$1" ]; then tail -n +2 "$tables/$1" | grep -v "^$2," || true; fi
        tail -n +2 "$3"
      } | sort -s -t, -k1,1V
    } >"$tables/.$1.new"
    mv "$tables/.$1.new" "$tables/$1"
    [ "$1" != results.csv ] || made "$2"
  ) 9>"$work/lock"
}

# played MODEL EPISODES OPTIONS...: lines seed,return of the episodes that eval plays.
played() {
  local csv
  csv=$(mktemp "$work/played-XXXXXX")
  "$bin/eval" "$1" --episodes "$2" --threads 1 --csv "$csv" "${@:3}" >/dev/null
  tail -n +2 "$csv"
  rm "$csv"
}

# tasks: every task as an object of JSON, one per line (play --list-envs --json).
tasks() { "$bin/play" --list-envs --json; }
# value KEY: of the JSON objects on stdin, one per line.
value() { sed -n '/"'"$1"'":/ { s/.*"'"$1"'": *"\{0,1\}\([^",}]*\).*/\1/; s/^null$//; p; }'; }

# plot FILE OPTIONS...: results.csv as FILE.svg, by the program of this name.
plot() {
  local file=$1
  shift
  "$bin/plot" "$tables/results.csv" "$@" --svg "$tables/$file.svg"
}

# table OPTIONS...: the means of results.csv as table.md, which is shown.
table() {
  "$bin/plot" "$tables/results.csv" "$@" --table "$tables/table.md"
  cat "$tables/table.md"
}
