#!/usr/bin/env bash
# setup.sh [bench|test|interop]: installs the Debian packages that are missing; does nothing when
# none is. With a word, also what only the benchmarks, the tests, or the tests with other torrent
# programs need; of those programs, only what the system's packages have.
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
case ${1:-} in
  bench) need wrk command -v wrk ;;
  test | interop) need python3-libtorrent /usr/bin/python3 -c 'import libtorrent' ;;
esac
if [[ ${1:-} == interop ]]; then
  need aria2 command -v aria2c
  need transmission-daemon command -v transmission-daemon
  need rtorrent command -v rtorrent
  need qbittorrent-nox command -v qbittorrent-nox
  need opentracker command -v opentracker
fi

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
available=()
for package in "${missing[@]}"; do
  case $package in
    python3-libtorrent | aria2 | transmission-daemon | rtorrent | qbittorrent-nox | opentracker)
      apt-cache show "$package" >/dev/null 2>&1 || {
        echo "setup: there is no package $package here: tests with it will be skipped" >&2
        continue
      }
      ;;
  esac
  available+=("$package")
done
((${#available[@]})) || exit 0
"${as_root[@]}" apt-get install -q -y --no-install-recommends "${available[@]}"
# Some packages start what they bring; the tests start their own.
for service in transmission-daemon opentracker; do
  [[ " ${available[*]} " == *" $service "* ]] || continue
  if [[ -d /run/systemd/system ]]; then
    "${as_root[@]}" systemctl disable --now "$service" || true
  elif [[ -x /etc/init.d/$service ]]; then
    "${as_root[@]}" "/etc/init.d/$service" stop || true
  fi
done
