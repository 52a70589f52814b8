#!/usr/bin/env bash
# docs.sh: writes the reference of every module, from its documentation comments, to .build/docs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
graphs=$(dirname "$(swift build --show-bin-path)")/symbolgraph
rm -rf "$graphs"
# It ends with an error on the bundles of the tests, which are no modules, when it has written the
# graphs of all others; whether one is missing is seen below.
log=.build/symbolgraph.log
swift package dump-symbol-graph --minimum-access-level public >"$log" 2>&1 || true
rm -rf .build/docs
mkdir -p .build/docs
for folder in Sources/*/; do
  module=$(basename "$folder")
  graph="$graphs/$module.symbols.json"
  # Libraries of C have no reference of ours, nor has the program: its reference is --help.
  [[ $module != btt && -n $(find "$folder" -name '*.swift' -print -quit) ]] || continue
  [[ -f $graph ]] || {
    echo "docs: no symbol graph of $module; $log tells why" >&2
    exit 1
  }
  work=$(mktemp -d)
  cp "$graphs/$module"*.symbols.json "$work"
  docc convert --additional-symbol-graph-dir "$work" --output-path ".build/docs/$module" \
    --fallback-display-name "$module" --fallback-bundle-identifier "btt.$module" \
    --transform-for-static-hosting --hosting-base-path "$module"
  rm -r "$work"
done
echo "Serve .build/docs with any web server: /MODULE/documentation/MODULE"
