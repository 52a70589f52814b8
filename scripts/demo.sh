#!/usr/bin/env bash
# demo.sh: a chain of three wallets, a validator that is killed under load, and a follower; ends by
# holding every balance against sums of its own. Leaves nothing behind and nothing running.
# BTT_BIN names the program; `make demo` builds it and sets that.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

btt=${BTT_BIN:-.build/release/btt}
[[ -x $btt ]] || { echo "demo: no program $btt: run make demo" >&2; exit 1; }
work=$(mktemp -d "${TMPDIR:-/tmp}/btt-demo.XXXXXX")
node=$work/node follower=$work/follower books=$work/books
loaders=4 each=25
pids=()

finish() {
  local status=$?
  trap - EXIT
  touch "$work/stop"
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait || true
  if ((status != 0)); then
    printf "\nThe demo FAILED. What the nodes had to say last:\n" >&2
    tail -n 5 "$work"/{validator,follower}.log >&2 || true
  fi
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

step() { printf '\n\033[1m%s\033[0m\n' "$*"; }
say() { printf '  %s\n' "$*"; }
die() { echo "demo: $*" >&2; exit 1; }
# field NAME: that field of the JSON object on standard input.
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

# start NAME ARGUMENT…: runs a node in the background; sets `pid` and `url` once it answers.
start() {
  local name=$1
  shift
  : >"$work/$name.out"
  "$btt" node run --json --set log.level=warning "$@" >"$work/$name.out" 2>>"$work/$name.log" &
  pid=$!
  pids+=("$pid")
  for _ in {1..1200}; do
    if [[ -s $work/$name.out ]]; then
      url=$(field rpc <"$work/$name.out")
      return
    fi
    kill -0 "$pid" 2>/dev/null || die "the $name ended: $(tail -n 3 "$work/$name.log")"
    sleep 0.05
  done
  die "the $name does not answer"
}

# pay FROM TO AMOUNT OPTION…: sends, waits for the receipt, and keeps the books.
pay() {
  local from=$1 to=$2 amount=$3 result
  shift 3
  result=$("$btt" send "${!to}" "$amount" --from "${!from}" --keystore "$work/keys" \
    --password-file "$work/password" --rpc "$url" --yes --json "$@")
  field hash <<<"$result" >>"$books/payments"
  say "$from → $to  $amount BTT  ${*:-}  block $(field blockNumber <<<"$result")"
}

# load INDEX: sends payments of one devnet account, whatever becomes of the node meanwhile.
load() {
  local index=$1 nonce=0 hash
  while ((nonce < each)); do
    [[ ! -e $work/stop ]] || return 0
    if hash=$("$btt" send "$carol" "0.$((nonce + 1))" --devnet --mnemonic-index "$index" \
      --nonce "$nonce" --no-wait --yes --rpc "$url" 2>>"$work/load-$index.log"); then
      echo "$hash" >>"$books/load-$index"
      nonce=$((nonce + 1))
    else
      sleep 0.5
    fi
  done
}

step "1. Three wallets"
mkdir "$books"
head -c 24 /dev/urandom | base64 >"$work/password"
for name in alice bob carol; do
  address=$("$btt" wallet new --light-kdf --keystore "$work/keys" \
    --password-file "$work/password" --json | field address)
  declare "$name=$address"
  say "$name  $address"
done

step "2. A chain with one validator, and a second node that follows it"
"$btt" node init --data-dir "$node" --preset devnet --alloc "$alice=1000" --alloc "$bob=500" \
  --password-file "$work/password" --json >"$work/init.json"
"$btt" node init --data-dir "$follower" --genesis "$node/genesis.json" --json >/dev/null
start validator --data-dir "$node" --rpc-port 0 --block-time 200ms --password-file "$work/password"
validator=$pid port=${url##*:}
say "validator  $url  genesis $(field genesisHash <"$work/init.json")"
validator_url=$url
start follower --data-dir "$follower" --rpc-port 0 --follow "$validator_url" \
  --set follow.interval=100ms
follower_pid=$pid follower_url=$url url=$validator_url
say "follower   $follower_url"

step "3. Payments of every type"
pay alice bob 12.5 --type 0
pay alice carol 100 --type 1
pay bob carol 0.000000000000000001 --type 2
pay carol alice 33.333333333333333333 --type 2 --tip "3 gwei"

step "4. $loaders senders at once, and SIGKILL to the validator in the middle"
for ((i = 0; i < loaders; i++)); do
  load "$i" &
  loading[i]=$!
done
pids+=("${loading[@]}")
until (($(cat "$books"/load-* 2>/dev/null | wc -l) >= loaders * each / 3)); do sleep 0.05; done
python3 scripts/demo-books.py receipts "$url" "$books" "$books/before.json"
kill -KILL "$validator"
wait "$validator" 2>/dev/null || true
say "killed after $(cat "$books"/load-* | wc -l) of $((loaders * each)) were accepted"
begin=$(date +%s%N)
start validator --data-dir "$node" --rpc-port "$port" --block-time 200ms \
  --password-file "$work/password"
validator=$pid
say "back after $((($(date +%s%N) - begin) / 1000000)) ms, the password's scrypt included"
python3 scripts/demo-books.py same "$url" "$books" "$books/before.json"
wait "${loading[@]}"
say "all $((loaders * each)) accepted"

step "5. The books"
python3 scripts/demo-books.py check "$url" "$follower_url" "$books" "$node/genesis.json"

step "6. Every block, account and hash, read again from disk"
kill -TERM "$validator" "$follower_pid"
wait "$validator" "$follower_pid" || die "a node did not end in order"
# The follower may have ended before the validator's last blocks: a file brings them.
"$btt" node export "$work/chain.btt" --data-dir "$node" --json >/dev/null
"$btt" node import "$work/chain.btt" --data-dir "$follower" --json >/dev/null 2>>"$work/verify.log"
for name in node follower; do
  "$btt" node verify --data-dir "$work/$name" --json >"$books/$name.verify" 2>>"$work/verify.log"
done
cmp "$books/node.verify" "$books/follower.verify" || die "the two nodes disagree"
python3 scripts/demo-books.py verified "$books/node.verify" "$books"

BTT_BIN=$btt scripts/demo-bridge.sh

printf '\nAll numbers hold.\n'
