#!/usr/bin/env bash
# run.sh SECONDS [name…]: builds the fuzzers and runs each for so long; fails on the first crash.
# Names are those of the folders in Corpus/: abi bencode block bridge-claim dht-message
# encrypted-handshake extension-messages genesis json json-rpc lsd magnet metainfo peer-wire
# receipt-proof resume-record rlp root-header speed-message tracker-answers transaction trie-proof.
# New inputs are kept in .build/corpus; what crashes is left in .build/artifacts, with its path in
# the output.
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:?usage: run.sh SECONDS [name…]}
shift
names=("$@")
if ((${#names[@]} == 0)); then
  for folder in Corpus/*/; do names+=("$(basename "$folder")"); done
  # All at once: planning a build takes as long as many a fuzzer runs.
  swift build -c release --sanitize=fuzzer
fi

declare -A product=([abi]=FuzzABI [bencode]=FuzzBencode [block]=FuzzBlock
  [bridge-claim]=FuzzBridgeClaim [receipt-proof]=FuzzReceiptProof [root-header]=FuzzRootHeader
  [dht-message]=FuzzDHTMessage [encrypted-handshake]=FuzzEncryptedHandshake
  [extension-messages]=FuzzExtensionMessages [genesis]=FuzzGenesis [json]=FuzzJSON
  [json-rpc]=FuzzRequest [lsd]=FuzzLocalDiscovery [magnet]=FuzzMagnet [metainfo]=FuzzMetainfo
  [peer-wire]=FuzzPeerWire
  [resume-record]=FuzzResumeRecord [rlp]=FuzzRLP [speed-message]=FuzzSpeedMessage
  [tracker-answers]=FuzzTrackerAnswers
  [transaction]=FuzzTransaction [trie-proof]=FuzzTrieProof)
for name in "${names[@]}"; do
  [[ -n ${product[$name]:-} ]] || { echo "no fuzzer $name: use one of ${!product[*]}" >&2; exit 2; }
  (($# == 0)) || swift build -c release --sanitize=fuzzer --product "${product[$name]}"
done

# The suppressions go by function names: the toolchain has what finds them.
symbolizer=$(dirname "$(readlink -f "$(command -v swift)")")/llvm-symbolizer
[[ ! -x $symbolizer ]] || export ASAN_SYMBOLIZER_PATH=$symbolizer
export LSAN_OPTIONS="suppressions=$PWD/lsan.supp:print_suppressions=0"
binaries=$(swift build -c release --sanitize=fuzzer --show-bin-path)
for name in "${names[@]}"; do
  mkdir -p ".build/corpus/$name" ".build/artifacts/$name"
  echo "== $name: $seconds s"
  "$binaries/${product[$name]}" -max_total_time="$seconds" -max_len=4096 -timeout=5 \
    -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix=".build/artifacts/$name/" \
    ".build/corpus/$name" "Corpus/$name"
done
