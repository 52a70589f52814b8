#!/usr/bin/env python3
"""A development root chain: py-evm behind JSON-RPC over HTTP on 127.0.0.1.

Blocks, finality, reorganisations and faults come on command, by dev_* methods over the same
JSON-RPC: see contracts/README.md. When it listens it prints one line of JSON with its addresses.
"""

import argparse
import json
import signal
import sys
import threading

from eth_account import Account
from eth_utils import to_canonical_address
from web3.providers import JSONBaseProvider

from rootchain.chain import Chain
from rootchain.http import respond, serve
from rootchain.rpc import Endpoint, Node

# The words that development chains use; never put anything of worth there.
MNEMONIC = "test test test test test test test test test test test junk"
BALANCE = 10_000 * 10**18


def derive(mnemonic, count):
    Account.enable_unaudited_hdwallet_features()
    return [
        Account.from_mnemonic(mnemonic, account_path=f"m/44'/60'/0'/0/{i}") for i in range(count)
    ]


def make_node(
    mnemonic=MNEMONIC,
    accounts=10,
    chain_id=1337,
    endpoints=1,
    finality_depth=8,
    automine=True,
    step=None,
):
    keys = derive(mnemonic, accounts)
    balances = {to_canonical_address(k.address): BALANCE for k in keys}
    return Node(Chain(chain_id, balances, finality_depth, automine, step), keys, endpoints)


class InProcess(JSONBaseProvider):
    """The node as a provider of web3.py, without a connection between."""

    def __init__(self, node):
        super().__init__()
        self.endpoint = Endpoint(node)

    def make_request(self, method, params):
        body = self.encode_rpc_request(method, params)
        return respond(self.endpoint, json.loads(body), {})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=9545, help="of the first endpoint; 0: any")
    parser.add_argument("--endpoints", type=int, default=1, help="each with faults of its own")
    parser.add_argument("--chain-id", type=int, default=1337)
    parser.add_argument("--mnemonic", default=MNEMONIC, help="of the accounts with money")
    parser.add_argument("--accounts", type=int, default=10)
    parser.add_argument(
        "--finality-depth",
        type=int,
        default=8,
        help="so many blocks below the head are final; -1: on command only",
    )
    parser.add_argument(
        "--block-time",
        type=float,
        default=0,
        help="make a block every so many seconds; 0: one for each transaction",
    )
    parser.add_argument("--no-automine", action="store_true", help="make blocks on command only")
    parser.add_argument("--step", type=int, help="seconds between blocks by their own time")
    options = parser.parse_args()
    node = make_node(
        options.mnemonic,
        options.accounts,
        options.chain_id,
        options.endpoints,
        None if options.finality_depth < 0 else options.finality_depth,
        not (options.no_automine or options.block_time),
        options.step,
    )
    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ended.set())
    servers = serve(node, options.port)
    listening = {
        "urls": [s.url for s in servers],
        "chainId": options.chain_id,
        "accounts": [
            {"address": a.address, "privateKey": "0x" + a.key.hex()} for a in node.accounts.values()
        ],
    }
    print(json.dumps(listening), flush=True)
    while not ended.wait(options.block_time or None):
        with node.lock:
            node.chain.mine()
    for server in servers:
        server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
