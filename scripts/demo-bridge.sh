#!/usr/bin/env bash
# demo-bridge.sh: a root chain on py-evm, a sidechain bridged to it; BTT and ether go there and back,
# and at the end both sides' books are held against each other. Leaves nothing behind.
# BTT_BIN names the program.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

btt=${BTT_BIN:-.build/release/btt}
python=${BTT_CONTRACTS_PYTHON:-$(contracts/test.sh venv)}
work=$(mktemp -d "${TMPDIR:-/tmp}/btt-demo-bridge.XXXXXX")
maker=0xBcd4042DE499D14e55001CcbB24a551F3b954096
alice=0x70997970C51812dc3A010C7d01b50e0d17dc79C8 bob=0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC
pids=()

finish() {
  local status=$?
  trap - EXIT
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait || true
  if ((status != 0)); then
    printf "\nThe bridge's demo FAILED. What the node had to say last:\n" >&2
    tail -n 8 "$work/node.log" >&2 || true
  fi
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

step() { printf '\n\033[1m%s\033[0m\n' "$*"; }
say() { printf '  %s\n' "$*"; }
indent() { sed 's/^/  /'; }
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
# appears FILE PID: waits until a program has said where it is.
appears() {
  for _ in {1..1200}; do
    [[ ! -s $1 ]] || return 0
    kill -0 "$2" 2>/dev/null || { echo "demo: a program ended early" >&2; exit 1; }
    sleep 0.05
  done
  echo "demo: a program does not answer" >&2
  exit 1
}
bridge() { "$btt" bridge "$@" --rpc "$url"; }

step "7. A root chain, and the bridge's contracts on it"
"$python" contracts/devchain.py --port 0 --endpoints 3 --block-time 0.5 --finality-depth 4 \
  >"$work/root.json" 2>"$work/root.log" &
pids+=($!)
appears "$work/root.json" $!
urls=$(python3 -c 'import json, sys; print(",".join(json.load(sys.stdin)["urls"]))' \
  <"$work/root.json")
export BTT_ROOT_RPC_URL=${urls%%,*}
"$btt" bridge init --devnet --ether --out "$work/bridge" --validator "$maker" \
  --alloc "$maker=1000" --json >"$work/init.json"
for name in btt stateSender checkpoints manager; do
  say "$name  $(field "$name" <"$work/init.json")"
done

step "8. A sidechain whose genesis names them, and a node that follows three endpoints"
(
  umask 077
  echo 0xf214f2b2cd398c806f84e317254e0f0b801d0643303237d97a22a48e01628897 >"$work/validator.key"
  echo 0x2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6 >"$work/relayer.key"
)
"$btt" node init --data-dir "$work/node" --genesis "$work/bridge/genesis.json" --json >/dev/null
: >"$work/node.out"
"$btt" node run --json --data-dir "$work/node" --key-file "$work/validator.key" --rpc-port 0 \
  --block-time 200ms --set log.level=warning --set "bridge.eth_rpc=$urls" \
  --set "bridge.eth_start=$(field start <"$work/init.json")" --set bridge.poll=200ms \
  --set "bridge.key_file=$work/relayer.key" --set bridge.checkpoint_blocks=1 \
  >"$work/node.out" 2>"$work/node.log" &
node=$!
pids+=($node)
appears "$work/node.out" $node
url=$(field rpc <"$work/node.out")
say "node  $url"

step "9. Deposits: locked on the root chain, proven and credited here"
for what in btt ether; do
  say "2.5 $what for alice"
  bridge deposit 2.5 --token "$what" --devnet --to "$alice" --yes --json >"$work/deposit.json"
  hash=$(field transaction <"$work/deposit.json")
  bridge status "$hash" --wait --wait-timeout 120 2>/dev/null | indent
done
bridge proof "$hash" >"$work/proof.json"
"$btt" bridge verify "$work/proof.json" --genesis "$work/bridge/genesis.json" | indent

step "10. A withdrawal: burned here, under a checkpoint, claimed there"
hash=$(bridge withdraw 1 --devnet --mnemonic-index 1 --to "$bob" --yes --json | field transaction)
bridge status "$hash" --wait --wait-timeout 120 >/dev/null 2>&1
bridge claim "$hash" --devnet --mnemonic-index 2 | indent
bridge status "$hash" | indent

step "11. Both sides' books"
python3 scripts/demo-bridge-books.py "$url" "$BTT_ROOT_RPC_URL" \
  "$(field manager <"$work/init.json")" | indent
bridge doctor --json >/dev/null || { bridge doctor; exit 1; }
kill -TERM "$node"
wait "$node" || { echo "demo: the node did not end in order" >&2; exit 1; }
"$btt" node verify --data-dir "$work/node" --json >/dev/null 2>>"$work/node.log"
say "every block and account of the sidechain read again from disk"

printf '\nThe bridge holds.\n'
