#!/usr/bin/env python3
"""Deploys the bridge's contracts to a development root chain and prints their addresses as JSON.

The chain must hold unlocked accounts (eth_accounts), as devchain.py does; the first one deploys.
"""

import argparse
import json
import pathlib

from web3 import Web3

BUILD = pathlib.Path(__file__).resolve().parent / "build"
BTT_OUTBOX = "0x0000000000000000000000000000000000001010"
STATE_RECEIVER = "0x0000000000000000000000000000000000001001"
NATIVE = "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE"
# minDeposit, depositCap, dailyLimit
LIMITS = (1, 10**15 * 10**18, 10**13 * 10**18)


def artifact(name):
    return json.loads((BUILD / f"{name}.json").read_text())


def create(w3, name, *arguments, sender=None):
    """Deploys one contract and gives it as web3 sees it."""
    built = artifact(name)
    factory = w3.eth.contract(abi=built["abi"], bytecode=built["bytecode"])
    sender = sender or w3.eth.accounts[0]
    transaction = factory.constructor(*arguments).transact({"from": sender, "gas": 8_000_000})
    receipt = w3.eth.wait_for_transaction_receipt(transaction)
    if receipt["status"] != 1:
        raise RuntimeError(f"{name} was not deployed: its constructor reverted")
    return w3.eth.contract(address=receipt["contractAddress"], abi=built["abi"])


def deploy_bridge(
    w3,
    validators,
    *,
    root=2,
    sidechain=199,
    epoch=0,
    delay=0,
    admin=None,
    guardian=None,
    limits=LIMITS,
):
    """Deploys a whole bridge: `validators` is a list of (address, weight), in any order."""
    admin = admin or w3.eth.accounts[0]
    validators = sorted(validators, key=lambda v: int(v[0], 16))
    btt = create(w3, "BTT", admin)
    sender = create(w3, "StateSender")
    checkpoints = create(
        w3,
        "Checkpoints",
        sidechain,
        root,
        epoch,
        [v[0] for v in validators],
        [v[1] for v in validators],
    )
    manager = create(
        w3,
        "RootChainManager",
        admin,
        delay,
        guardian or admin,
        sender.address,
        checkpoints.address,
        BTT_OUTBOX,
        STATE_RECEIVER,
        btt.address,
        limits,
    )
    named = sender.functions.setManager(manager.address).transact(
        {"from": w3.eth.accounts[0], "gas": 200_000}
    )
    w3.eth.wait_for_transaction_receipt(named)
    return {"btt": btt, "stateSender": sender, "checkpoints": checkpoints, "manager": manager}


def map_token(w3, manager, token, name, symbol, decimals, limits=LIMITS):
    """Schedules the mapping of a token and makes it at once; the manager's delay must be 0."""
    admin = manager.functions.admin().call()
    change = manager.encode_abi("mapToken", [token, name, symbol, decimals, limits])
    for call in (manager.functions.scheduleChange(change), manager.functions.makeChange(change)):
        receipt = w3.eth.wait_for_transaction_receipt(
            call.transact({"from": admin, "gas": 1_000_000})
        )
        if receipt["status"] != 1:
            raise RuntimeError(f"{token} was not mapped")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rpc", default="http://127.0.0.1:9545")
    parser.add_argument("--root", type=int, default=2, help="id of the root chain (2: Ethereum)")
    parser.add_argument("--sidechain", type=int, default=199, help="chain id of the sidechain")
    parser.add_argument("--delay", type=int, default=0, help="seconds that changes wait")
    parser.add_argument("--ether", action="store_true", help="map ether too (with --delay 0)")
    parser.add_argument(
        "--validator",
        action="append",
        required=True,
        metavar="ADDRESS:WEIGHT",
        help="one validator of the sidechain; once for each",
    )
    options = parser.parse_args()
    w3 = Web3(Web3.HTTPProvider(options.rpc))
    validators = [(v.split(":")[0], int(v.split(":")[1])) for v in options.validator]
    bridge = deploy_bridge(
        w3, validators, root=options.root, sidechain=options.sidechain, delay=options.delay
    )
    if options.ether:
        map_token(w3, bridge["manager"], NATIVE, "Ether", "ETH", 18)
    print(json.dumps({name: contract.address for name, contract in bridge.items()}, indent=1))


if __name__ == "__main__":
    main()
