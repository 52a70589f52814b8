#!/usr/bin/env bash
# Rebuilds the contracts and compares, then runs their tests: ./test.sh [pytest arguments].
# BTT_EXAMPLES says how many examples each property test tries (8). With `venv` as the only
# argument it just makes the virtual environment and prints where its Python is.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=${BTT_CONTRACTS_VENV:-$here/../.build/venv-contracts}
stamp=$venv/requirements.installed

if ! cmp -s "$here/requirements.txt" "$stamp"; then
  [ -x "$venv/bin/pip" ] || python3 -m venv "$venv" || {
    echo "test.sh: python3 cannot make a virtual environment: run \`make setup\` first" >&2
    exit 1
  }
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
    -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$stamp"
fi
if [ "$*" = venv ]; then
  echo "$venv/bin/python"
  exit
fi
"$venv/bin/python" "$here/build.py" --check
cd "$here/tests"
exec "$venv/bin/python" -m pytest "$@"
