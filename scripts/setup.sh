#!/usr/bin/env bash
# setup.sh [bench]: installs the Debian packages that are missing; does nothing when none is.
# With `bench`, also what only the benchmarks need.
set -euo pipefail

command -v swift >/dev/null || {
  echo "setup: there is no swift in PATH; install Swift 6.3 from https://swift.org/install" >&2
  exit 1
}

missing=()
# need PACKAGE TEST…: the package is missing unless the test succeeds.
need() {
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || missing+=("$package")
}
compiles() { echo "#include <$1>" | cc -fsyntax-only -x c -; }

need pkg-config command -v pkg-config
need libsecp256k1-dev pkg-config --exists libsecp256k1
need libleveldb-dev compiles leveldb/c.h
need python3 command -v python3
need python3-venv python3 -c 'import ensurepip, venv'
need curl command -v curl
if [[ ${1:-} == bench ]]; then need wrk command -v wrk; fi

((${#missing[@]})) || exit 0
echo "setup: installing ${missing[*]}"
as_root=()
if ((EUID != 0)); then
  command -v sudo >/dev/null || {
    echo "setup: need root to install ${missing[*]}: run apt-get install ${missing[*]}" >&2
    exit 1
  }
  as_root=(sudo)
fi
command -v apt-get >/dev/null || {
  echo "setup: no apt-get here: install what corresponds to ${missing[*]}" >&2
  exit 1
}
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -q
"${as_root[@]}" apt-get install -q -y --no-install-recommends "${missing[@]}"
