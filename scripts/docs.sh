#!/usr/bin/env bash
# docs.sh: writes the reference of every module, from its documentation comments, to .build/docs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
swift package dump-symbol-graph --minimum-access-level public >/dev/null
graphs=$(dirname "$(swift build --show-bin-path)")/symbolgraph
rm -rf .build/docs
mkdir -p .build/docs
for folder in Sources/*/; do
  module=$(basename "$folder")
  graph="$graphs/$module.symbols.json"
  [[ -f $graph ]] || continue
  work=$(mktemp -d)
  cp "$graphs/$module"*.symbols.json "$work"
  docc convert --additional-symbol-graph-dir "$work" --output-path ".build/docs/$module" \
    --fallback-display-name "$module" --fallback-bundle-identifier "btt.$module" \
    --transform-for-static-hosting --hosting-base-path "$module"
  rm -r "$work"
done
echo "Serve .build/docs with any web server: /MODULE/documentation/MODULE"
