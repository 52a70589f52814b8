"""docs/specs/bridge.md and its vectors say what the contracts do."""

import json
import pathlib
import re

import pytest
from eth_account import Account
from eth_utils import keccak
from eth_utils.abi import abi_to_signature
from web3 import Web3

import deploy
import devchain
import vectors

PAPER = vectors.FILE.with_name("bridge.md").read_text()
CONTRACTS = ("StateSender", "Checkpoints", "RootChainManager")


def test_the_vectors_are_those_of_the_model():
    assert vectors.FILE.read_text() == vectors.text(), "run contracts/tests/vectors.py"


def test_the_paper_quotes_the_vectors():
    made = vectors.text().lower()
    known = made + json.dumps(
        [keccak(text=name).hex() for name in ("DEPOSIT", "MAP_TOKEN", "ERC20", "Ether")]
        + [deploy.STATE_RECEIVER, deploy.BTT_OUTBOX]
    )
    tables = PAPER.split("## The contracts")[0]
    quoted = re.findall(r"`0x([0-9a-fA-F]{40,64})`", tables)
    assert len(quoted) > 20
    topic = "103fed9db65eac19c4d870f49ab7520fe03b99f1838e5996caf47e9e43308392"
    assert [q for q in quoted if q.lower() not in known and q != topic] == []


@pytest.mark.parametrize("kind", ["function", "event"])
def test_the_tables_are_the_abi(kind):
    width = 8 if kind == "function" else 64
    rows = set(re.findall(r"\| (\w+) \| `([^`]+)` \| `0x([0-9a-f]{%d})` \|" % width, PAPER))
    abi = set()
    for contract in CONTRACTS:
        for entry in deploy.artifact(contract)["abi"]:
            if entry["type"] == kind:
                signature = abi_to_signature(entry)
                abi.add((contract, signature, keccak(text=signature).hex()[:width]))
    assert rows == abi


def test_the_paper_names_tests_that_exist():
    here = pathlib.Path(__file__).parent
    folders = here, here.parents[1] / "Tests" / "Integration" / "bridge"
    tests = "".join(p.read_text() for folder in folders for p in folder.glob("test_*.py"))
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", PAPER))
    assert len(named) > 30
    assert [n for n in sorted(named) if f"def {n}(" not in tests] == []


def test_the_contracts_make_the_vectors(world):
    """Leaves and child tokens, as the contracts compute them."""
    made = vectors.make()
    for w in made["withdrawals"]:
        fields = (w["index"], w["rootToken"], w["receiver"], int(w["amount"]), int(w["height"]))
        assert vectors.hex0(world.manager.functions.leafHash(fields).call()) == w["leaf"]
    for token in made["childTokens"]:
        if token["rootId"] == 2:
            assert (
                world.manager.functions.childTokenOf(token["rootToken"]).call()
                == token["childToken"]
            )


def test_the_contracts_take_the_vectors():
    """On a chain with the vectors' chain id, at the vectors' address, their calls are taken as
    they stand: the checkpoint, a claim against it, the next validator set."""
    made = vectors.make()
    typed = made["typedData"]
    w3 = Web3(devchain.InProcess(devchain.make_node(chain_id=typed["chainId"])))
    account = w3.eth.default_account = w3.eth.accounts[0]
    keys = [Account.from_key(k).address for k in typed["keys"]]
    validators = sorted(keys, key=lambda a: int(a, 16))
    # The fourth key has little weight: the first three sign the checkpoint.
    weights = [1 if v == keys[3] else 10 for v in validators]
    checkpoints = deploy.create(w3, "Checkpoints", 199, 2, 5, validators, weights)
    assert checkpoints.address == typed["verifyingContract"]
    assert vectors.hex0(checkpoints.functions.domainSeparator().call()) == typed["domainSeparator"]
    btt, sender = deploy.create(w3, "BTT", account), deploy.create(w3, "StateSender")
    manager = deploy.create(
        w3,
        "RootChainManager",
        account,
        0,
        account,
        sender.address,
        checkpoints.address,
        deploy.BTT_OUTBOX,
        deploy.STATE_RECEIVER,
        btt.address,
        deploy.LIMITS,
    )
    sender.functions.setManager(manager.address).transact()
    deploy.map_token(w3, manager, deploy.NATIVE, "Ether", "ETH", 18)
    mapping = sender.events.StateSynced().get_logs(from_block=0)[0]
    assert vectors.hex0(mapping["args"]["data"]) == made["mappings"][0]["data"]
    manager.functions.depositEtherFor(account).transact({"value": 5})

    def send(to, data):
        hash = w3.eth.send_transaction({"from": account, "to": to, "data": data, "gas": 1_000_000})
        assert w3.eth.get_transaction_receipt(hash)["status"] == 1

    send(checkpoints.address, typed["checkpoint"]["call"])
    assert checkpoints.functions.checkpoint(1).call()[3] == 5
    send(manager.address, made["calls"]["claim"])
    assert w3.eth.get_balance(vectors.ALICE) == 1
    send(checkpoints.address, typed["validatorSet"]["call"])
    assert checkpoints.functions.epoch().call() == 6
