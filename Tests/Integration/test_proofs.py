"""eth_getProof, verified by the Python trie against the state root of the block's header."""

import random

import pytest
from eth_account import Account
from trie.exceptions import BadTrieProof

import chain as rules
from conftest import TOKEN, VALIDATOR_SET


def proof(chain, address, slots=(), height=None):
    """An answer of eth_getProof and the state root it must fit."""
    height = chain.w3.eth.block_number if height is None else height
    answer = chain.rpc("eth_getProof", address, list(slots), hex(height))
    return rules.raw(chain.rpc("eth_getBlockByNumber", hex(height), False)["stateRoot"]), answer


def array_element(slot, index):
    start = int.from_bytes(rules.keccak(slot.to_bytes(32, "big")), "big")
    return hex(start + index)


def test_accounts_that_exist_are_proved(chain, account):
    for address in (account.address, chain.rich[0].address, TOKEN):
        assert rules.check_account_proof(*proof(chain, address))


def test_accounts_that_do_not_exist_are_disproved(chain):
    for _ in range(20):
        root, answer = proof(chain, Account.create().address, ["0x0"])
        assert not rules.check_account_proof(root, answer)


def test_slots_are_proved_and_disproved(chain, account):
    slots = ["0x0", "0x2", "0x3", array_element(0, 0), array_element(0, 1), "0x99"]
    root, answer = proof(chain, VALIDATOR_SET, slots)
    assert rules.check_account_proof(root, answer)
    values = [rules.number(slot["value"]) for slot in answer["storageProof"]]
    assert values[0] == 1 and values[2] == 1 and values[4:] == [0, 0]
    assert values[3] == 0xBcd4042DE499D14e55001CcbB24a551F3b954096
    for slot, value in zip(slots, values):
        word = slot[2:].rjust(64, "0")
        assert int(chain.rpc("eth_getStorageAt", VALIDATOR_SET, "0x" + word, "latest"), 16) == value


def test_older_heights_are_proved_by_their_own_roots(chain, account):
    receiver = Account.create().address
    heights = [chain.w3.eth.block_number]
    for value in range(1, 6):
        receipt = chain.send(account, chain.transaction(account, receiver, value))
        heights.append(receipt.blockNumber)
    balance = 0
    for value, height in enumerate(heights):
        balance += value
        root, answer = proof(chain, receiver, height=height)
        assert rules.check_account_proof(root, answer) == (value > 0)
        assert rules.number(answer["balance"]) == balance
        burned = proof(chain, TOKEN, ["0x0", "0x1"], height)
        assert rules.check_account_proof(*burned)


def test_a_proof_of_another_height_or_with_a_byte_changed_fails(chain, account):
    chain.send(account, chain.transaction(account, chain.rich[1].address, 5))
    root, answer = proof(chain, account.address)
    older, _ = proof(chain, account.address, height=chain.w3.eth.block_number - 1)
    with pytest.raises(BadTrieProof):
        rules.check_account_proof(older, answer)
    nodes = answer["accountProof"]
    dice = random.Random(1)
    for _ in range(10):
        at = dice.randrange(len(nodes))
        node = bytearray(rules.raw(nodes[at]))
        node[dice.randrange(len(node))] ^= 1
        damaged = [*nodes[:at], "0x" + node.hex(), *nodes[at + 1:]]
        with pytest.raises(Exception):
            rules.check_account_proof(root, answer | {"accountProof": damaged})


def test_proofs_hold_in_a_bigger_state(patient):
    receivers = [Account.create().address for _ in range(300)]
    sender = patient.rich[8]
    nonce = patient.w3.eth.get_transaction_count(sender.address)
    calls = []
    for i, receiver in enumerate(receivers):
        signed = sender.sign_transaction(
            patient.transaction(sender, receiver, i + 1, nonce=nonce + i))
        calls.append(("eth_sendRawTransaction", "0x" + signed.raw_transaction.hex()))
    assert all("result" in reply for reply in patient.process.batch(calls))
    patient.rpc("btt_mine", "0x1")
    for i, receiver in enumerate(receivers[::10]):
        root, answer = proof(patient, receiver)
        assert rules.check_account_proof(root, answer)
        assert rules.number(answer["balance"]) == i * 10 + 1
    assert not rules.check_account_proof(*proof(patient, Account.create().address))
