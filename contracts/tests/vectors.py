#!/usr/bin/env python3
"""Writes docs/specs/bridge-vectors.json from the model; test_specification.py compares.

Everything is made by eth-abi, eth-account and a Keccak that are not ours, nothing by the contracts.
"""

import json
import pathlib

from eth_abi import encode
from eth_account import Account
from eth_utils import function_signature_to_4byte_selector, keccak, to_checksum_address

import model

FILE = pathlib.Path(__file__).resolve().parents[2] / "docs/specs/bridge-vectors.json"
BTT = "0xC669928185DbCE49d2230CC9B0979BE6DC797957"
TOKEN = "0xdAC17F958D2ee523a2206206994597C13D831ec7"
NATIVE = "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE"
ALICE = "0x9858EfFD232B4033E47d90003D41EC34EcaEda94"
BOB = to_checksum_address("0x00112233445566778899aabbccddeeff00112233")
# Where the first contract of the development chain's first account lies.
CONTRACT = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
WITHDRAWAL = "(uint64,address,address,uint256,uint64)"


def hex0(value):
    return "0x" + bytes(value).hex()


def call(signature, *arguments):
    types = split(signature[signature.index("(") + 1 : -1])
    return hex0(function_signature_to_4byte_selector(signature) + encode(types, arguments))


def split(types):
    parts, depth = [""], 0
    for c in types:
        depth += (c == "(") - (c == ")")
        if c == "," and not depth:
            parts.append("")
        else:
            parts[-1] += c
    return [p for p in parts if p]


def state(name, types, values):
    sync = encode(types, values)
    data = encode(["bytes32", "bytes"], [keccak(text=name), sync])
    return {"syncData": hex0(sync), "data": hex0(data), "logData": hex0(encode(["bytes"], [data]))}


def deposit(user, token, amount, depositor):
    deposit_data = encode(["uint256", "address"], [amount, depositor])
    made = state(
        "DEPOSIT", ["address", "address", "uint64", "bytes"], [user, token, 2, deposit_data]
    )
    shown = {"user": user, "rootToken": token, "amount": str(amount), "depositor": depositor}
    return shown | {"rootId": 2, "depositData": hex0(deposit_data)} | made


def mapping(token, kind, name, symbol, decimals):
    child = model.child_token(token)
    made = state(
        "MAP_TOKEN",
        ["address", "address", "uint64", "bytes32", "string", "string", "uint8"],
        [token, child, 2, keccak(text=kind), name, symbol, decimals],
    )
    shown = {"rootToken": token, "childToken": child, "rootId": 2, "tokenType": kind}
    return shown | {"name": name, "symbol": symbol, "decimals": decimals} | made


def signatures(message, keys):
    ordered = sorted(keys, key=lambda k: int(k.address, 16))
    return [
        {"signer": k.address, "signature": hex0(Account.sign_message(message, k.key).signature)}
        for k in ordered
    ]


def join(signed):
    return bytes.fromhex("".join(s["signature"][2:] for s in signed))


def make():
    withdrawals = [
        model.Withdrawal(0, BTT, ALICE, 10**18, 1),
        model.Withdrawal(1, BTT, BOB, 2**128 - 1, 1),
        model.Withdrawal(2, NATIVE, ALICE, 1, 700),
        model.Withdrawal(3, TOKEN, BOB, 123_456_789, 2**63),
        model.Withdrawal(4, TOKEN, BOB, 2**256 - 1, 2**64 - 1),
    ]
    tree = model.Tree([w.leaf() for w in withdrawals])
    branch = model.Branch()
    for leaf in tree.leaves:
        branch.append(leaf)
    assert branch.root() == tree.root()
    many = model.Branch()
    plain = []
    for i in range(1000):
        many.append(keccak(i.to_bytes(32, "big")))
        if i + 1 in (1, 2, 3, 4, 7, 8, 255, 256, 257, 1000):
            plain.append({"count": i + 1, "root": hex0(many.root())})

    keys = [Account.from_key(i.to_bytes(32, "big")) for i in (1, 2, 3, 4)]
    domain = model.Domain(1, CONTRACT)
    fields = (5, 700, keccak(text="block 700"), tree.root(), 5)
    checkpoint = domain.checkpoint(*fields)
    next_set = sorted(
        ((k.address, 10 + i) for i, k in enumerate(keys)), key=lambda p: int(p[0], 16)
    )
    new = (6, [p[0] for p in next_set], [p[1] for p in next_set])
    handover = domain.validator_set(*new)
    signed = signatures(checkpoint, keys[:3])
    signed_new = signatures(handover, keys)
    return {
        "ids": {"sidechainId": 199, "rootId": 2, "outbox": model.OUTBOX},
        "zeros": [hex0(z) for z in model.ZEROS],
        "withdrawals": [
            {
                "index": w.index,
                "rootToken": w.token,
                "receiver": w.receiver,
                "amount": str(w.amount),
                "height": str(w.height),
                "preimage": hex0(w.preimage()),
                "leaf": hex0(w.leaf()),
            }
            for w in withdrawals
        ],
        "branch": [hex0(b) for b in branch.branch[:3]],
        "roots": [
            {"count": n, "top": hex0(tree.top(n)), "root": hex0(tree.root(n))} for n in range(6)
        ],
        "proofs": [
            {"index": i, "count": n, "siblings": [hex0(s) for s in tree.proof(i, n)]}
            for i, n in ((0, 1), (0, 5), (2, 3), (3, 5), (4, 5))
        ],
        "plainLeaves": plain,
        "typedData": {
            "chainId": 1,
            "verifyingContract": CONTRACT,
            "domainSeparator": hex0(checkpoint.header),
            "keys": [hex0(k.key) for k in keys],
            "checkpoint": {
                "epoch": 5,
                "endHeight": 700,
                "endBlockHash": hex0(fields[2]),
                "outboxRoot": hex0(fields[3]),
                "outboxCount": 5,
                "structHash": hex0(checkpoint.body),
                "digest": hex0(model.digest(checkpoint)),
                "signatures": signed,
                "call": call(
                    "submitCheckpoint(uint64,uint64,bytes32,bytes32,uint64,bytes)",
                    *fields,
                    join(signed),
                ),
            },
            "validatorSet": {
                "epoch": 6,
                "validators": new[1],
                "weights": new[2],
                "structHash": hex0(handover.body),
                "digest": hex0(model.digest(handover)),
                "signatures": signed_new,
                "call": call(
                    "changeValidators(uint64,address[],uint256[],bytes)", *new, join(signed_new)
                ),
            },
        },
        "deposits": [deposit(ALICE, BTT, 10**18, BOB), deposit(BOB, NATIVE, 2**128 - 1, BOB)],
        "mappings": [
            mapping(NATIVE, "Ether", "Ether", "ETH", 18),
            mapping(TOKEN, "ERC20", "Tether USD ₮", "USDT", 6),
        ],
        "childTokens": [
            {"rootId": r, "rootToken": t, "childToken": model.child_token(t, r)}
            for r in (1, 2, 3)
            for t in (NATIVE, TOKEN)
        ],
        "calls": {
            "depositFor": call(
                "depositFor(address,address,bytes)", ALICE, BTT, encode(["uint256"], [10**18])
            ),
            "depositEtherFor": call("depositEtherFor(address)", ALICE),
            "claim": call(
                f"claim(uint256,{WITHDRAWAL},bytes32[32])",
                1,
                withdrawals[2].tuple(),
                tree.proof(2, 5),
            ),
            "claimTo": call(
                f"claimTo(uint256,{WITHDRAWAL},bytes32[32],address)",
                1,
                withdrawals[2].tuple(),
                tree.proof(2, 5),
                BOB,
            ),
        },
    }


def text():
    return json.dumps(make(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
