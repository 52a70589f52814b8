#!/usr/bin/env bash
# Runs the integration tests against the built `btt`: ./run.sh [pytest arguments].
# BTT_BIN names the binary; BTT_KILLS says how often the kill tests kill (see test_kill.py and
# interop/test_resume.py); BTT_INTEROP=full tries the torrent engine with every program there is.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
venv=$root/.build/venv
stamp=$venv/requirements.installed

if ! cmp -s "$here/requirements.txt" "$stamp"; then
  [ -x "$venv/bin/pip" ] || python3 -m venv "$venv" || {
    echo "run.sh: python3 cannot make a virtual environment: run \`make setup\` first" >&2
    exit 1
  }
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
    -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$stamp"
fi
# Not everywhere is there a build of it; the tests that want it say so then.
if ! cmp -s "$here/requirements-interop.txt" "$venv/requirements-interop.tried"; then
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    -r "$here/requirements-interop.txt" || echo "run.sh: no libtorrent for this Python" >&2
  cp "$here/requirements-interop.txt" "$venv/requirements-interop.tried"
fi

if [ -z "${BTT_BIN:-}" ]; then
  for BTT_BIN in "$root/.build/release/btt" "$root/.build/debug/btt"; do
    [ -x "$BTT_BIN" ] && break
  done
fi
[ -x "$BTT_BIN" ] || {
  echo "run.sh: there is no $BTT_BIN: run \`make build\` first, or set BTT_BIN" >&2
  exit 1
}
export BTT_BIN
echo "integration tests of $BTT_BIN"
cd "$here"
exec "$venv/bin/python" -m pytest "$@"
