"""Sending money with web3.py and eth-account, and what the node tells of it afterwards."""

import pytest
import rlp
from eth_account import Account
from eth_utils import to_checksum_address
from web3.exceptions import TransactionNotFound, Web3RPCError

import chain as rules
from conftest import TOKEN, VALIDATOR_SET

RECEIVER = to_checksum_address("0x" + "a11ce".rjust(40, "0"))


def typed(chain, account, kind, **fields):
    transaction = chain.transaction(account, RECEIVER, 1234, **fields)
    if kind == 2:
        return transaction
    del transaction["maxFeePerGas"], transaction["maxPriorityFeePerGas"]
    transaction["gasPrice"] = chain.w3.eth.gas_price
    if kind == 1:
        transaction |= {
            "type": 1, "gas": 30_000,
            "accessList": [{"address": TOKEN, "storageKeys": ["0x" + "00" * 32]}]}
    return transaction


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_money_moves_with_each_type(chain, account, kind):
    eth = chain.w3.eth
    before = (eth.get_balance(account.address), eth.get_balance(RECEIVER))
    receipt = chain.send(account, typed(chain, account, kind))
    assert (receipt.status, receipt.type) == (1, kind)
    assert receipt["from"] == account.address and receipt.to == RECEIVER
    assert receipt.gasUsed == (21_000 if kind != 1 else 21_000 + 2_400 + 1_900)
    fee = receipt.gasUsed * receipt.effectiveGasPrice
    assert eth.get_balance(account.address) == before[0] - 1234 - fee
    assert eth.get_balance(RECEIVER) == before[1] + 1234
    sent = eth.get_transaction(receipt.transactionHash)
    assert (sent.type, sent["from"], sent.value, sent.nonce) == (kind, account.address, 1234, 0)
    assert sent.blockHash == receipt.blockHash == eth.get_block(receipt.blockNumber).hash


def test_the_raw_transaction_comes_back_as_it_was_sent(chain, account):
    signed = account.sign_transaction(chain.transaction(account, RECEIVER, 1))
    chain.w3.eth.send_raw_transaction(signed.raw_transaction)
    receipt = chain.w3.eth.wait_for_transaction_receipt(signed.hash, poll_latency=0.01)
    raw = chain.rpc("eth_getRawTransactionByHash", "0x" + signed.hash.hex())
    assert bytes.fromhex(raw[2:]) == bytes(signed.raw_transaction)
    place = (hex(receipt.blockNumber), hex(receipt.transactionIndex))
    assert chain.rpc("eth_getRawTransactionByBlockNumberAndIndex", *place) == raw
    assert Account.recover_transaction(raw) == account.address


def test_the_token_transfers_and_leaves_its_event(chain, account):
    call = chain.token.functions.transfer(RECEIVER, 10**18).build_transaction(
        {"from": account.address, "nonce": 0})
    before = chain.token.functions.balanceOf(RECEIVER).call()
    receipt = chain.send(account, call)
    assert receipt.status == 1
    [event] = chain.token.events.Transfer().process_receipt(receipt)
    assert event.args == {"from": account.address, "to": RECEIVER, "value": 10**18}
    assert chain.token.functions.balanceOf(RECEIVER).call() == before + 10**18
    found = chain.token.events.Transfer().get_logs(
        from_block=receipt.blockNumber, argument_filters={"from": account.address})
    assert [log.transactionHash for log in found] == [receipt.transactionHash]


def test_a_call_that_fails_costs_gas_and_moves_nothing(chain, account):
    call = chain.token.functions.transfer(RECEIVER, 10**30).build_transaction(
        {"from": account.address, "nonce": 0, "gas": 100_000})
    before = chain.w3.eth.get_balance(RECEIVER)
    receipt = chain.send(account, call)
    assert receipt.status == 0 and receipt.logs == []
    assert chain.w3.eth.get_balance(RECEIVER) == before
    assert chain.w3.eth.get_transaction_count(account.address) == 1


def test_the_modules_answer_views(chain):
    token = chain.token.functions
    assert (token.name().call(), token.symbol().call(), token.decimals().call()) == (
        "BitTorrent", "BTT", 18)
    supply, reserve = token.totalSupply().call(), token.reserve().call()
    assert supply + token.burned().call() == 990 * 10**12 * 10**18
    assert token.circulatingSupply().call() == supply - reserve
    assert chain.w3.eth.get_balance(TOKEN) == reserve
    validators = chain.w3.eth.contract(VALIDATOR_SET, abi=[{
        "type": "function", "name": "getBorValidators", "stateMutability": "view",
        "inputs": [{"name": "number", "type": "uint256"}],
        "outputs": [{"name": "", "type": "address[]"}, {"name": "", "type": "uint256[]"}]}])
    addresses, weights = validators.functions.getBorValidators(0).call()
    assert addresses == ["0xBcd4042DE499D14e55001CcbB24a551F3b954096"] and weights == [1]
    assert len(chain.w3.eth.get_code(TOKEN)) > 0 and chain.w3.eth.get_code(RECEIVER) == b""


def test_estimates_are_exact_and_refusals_say_why(chain, account):
    eth = chain.w3.eth
    assert eth.estimate_gas({"from": account.address, "to": RECEIVER, "value": 1}) == 21_000
    transfer = chain.token.functions.transfer(RECEIVER, 5)
    estimate = transfer.estimate_gas({"from": account.address})
    receipt = chain.send(account, transfer.build_transaction(
        {"from": account.address, "nonce": 0, "gas": estimate}))
    assert receipt.status == 1 and receipt.gasUsed == estimate
    low = chain.send(account, transfer.build_transaction(
        {"from": account.address, "nonce": 1, "gas": estimate - 1}))
    assert low.status == 0
    with pytest.raises(Web3RPCError, match="insufficient funds"):
        eth.estimate_gas({"from": account.address, "to": RECEIVER, "value": 10**30})


def test_eth_call_reads_older_states_and_takes_overrides(chain, account):
    eth = chain.w3.eth
    height = eth.block_number
    other = Account.create().address
    chain.send(account, chain.transaction(account, other, 77))
    balance = chain.token.functions.balanceOf(other)
    assert balance.call(block_identifier=height) == 0
    assert balance.call() == 77
    assert eth.get_balance(other, height) == 0
    call = {"to": TOKEN, "data": balance._encode_transaction_data()}
    result = chain.rpc("eth_call", call, "latest", {other: {"balance": "0x99"}})
    assert int(result, 16) == 0x99
    block_hash = "0x" + eth.get_block(height).hash.hex()
    assert int(chain.rpc("eth_call", call, {"blockHash": block_hash}), 16) == 0


def test_an_access_list_names_what_is_touched(chain, account):
    call = chain.token.functions.totalSupply().build_transaction({"from": account.address})
    listed = chain.w3.eth.create_access_list({"from": account.address, "to": TOKEN,
                                              "data": call["data"]})
    assert [entry.address for entry in listed.accessList] == [TOKEN]
    assert len(listed.accessList[0].storageKeys) == 2 and listed.gasUsed > 21_000


def test_fee_history_tells_what_blocks_took(chain, account):
    for nonce in range(3):
        chain.send(account, chain.transaction(account, RECEIVER, 1, maxPriorityFeePerGas=5 * 10**9))
    history = chain.w3.eth.fee_history(3, "latest", [10.0, 90.0])
    blocks = [chain.w3.eth.get_block(history.oldestBlock + i) for i in range(3)]
    assert history.baseFeePerGas[:3] == [block.baseFeePerGas for block in blocks]
    assert len(history.baseFeePerGas) == 4
    assert history.gasUsedRatio == pytest.approx([b.gasUsed / b.gasLimit for b in blocks])
    assert history.reward == [[5 * 10**9] * 2] * 3
    assert chain.w3.eth.max_priority_fee >= 0 and chain.w3.eth.gas_price >= 10**9


def test_send_raw_transaction_sync_gives_the_receipt(chain, account):
    signed = account.sign_transaction(chain.transaction(account, RECEIVER, 3))
    receipt = chain.rpc("eth_sendRawTransactionSync", "0x" + signed.raw_transaction.hex(), 5_000)
    assert receipt == chain.rpc("eth_getTransactionReceipt", "0x" + signed.hash.hex())
    assert receipt["status"] == "0x1"


def test_what_does_not_exist_is_none(chain):
    assert chain.rpc("eth_getTransactionReceipt", "0x" + "ab" * 32) is None
    assert chain.rpc("eth_getBlockByNumber", "0xffffffff", False) is None
    with pytest.raises(TransactionNotFound):
        chain.w3.eth.get_transaction("0x" + "ab" * 32)


def refused(chain, account, pattern, **fields):
    signed = account.sign_transaction(chain.transaction(account, RECEIVER, 1) | fields)
    with pytest.raises(Web3RPCError, match=pattern):
        chain.w3.eth.send_raw_transaction(signed.raw_transaction)


def test_refusals_have_the_words_that_libraries_look_for(chain, account):
    chain.send(account, chain.transaction(account, RECEIVER, 1))
    refused(chain, account, "nonce too low", nonce=0)
    refused(chain, account, "insufficient funds for gas \\* price \\+ value", value=10**40)
    refused(chain, account, "intrinsic gas too low", gas=20_999)
    refused(chain, account, "exceeds block gas limit", gas=10**9)
    refused(chain, account, "invalid chain id for signer", chainId=chain.id + 1)
    refused(chain, account, "underpriced", maxFeePerGas=10**8, maxPriorityFeePerGas=0)
    refused(chain, account, "no bytecode", to="", gas=100_000)


def test_high_s_and_damaged_bytes_are_refused(chain, account):
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    signed = account.sign_transaction(chain.transaction(account, RECEIVER, 1))
    fields = rlp.decode(bytes(signed.raw_transaction[1:]))
    fields[9] = b"" if fields[9] else b"\x01"
    fields[11] = (order - signed.s).to_bytes(32, "big").lstrip(b"\0")
    with pytest.raises(Web3RPCError, match="invalid transaction v, r, s values"):
        chain.w3.eth.send_raw_transaction(b"\x02" + rlp.encode(fields))
    raw = bytes(signed.raw_transaction)
    for damaged in (b"", raw[:-1], raw + b"\0", b"\x03" + raw[1:], b"\x02", b"\xc0", b"\xff" * 99):
        with pytest.raises(Web3RPCError):
            chain.w3.eth.send_raw_transaction(damaged)
    assert chain.send(account, chain.transaction(account, RECEIVER, 1)).status == 1


def test_the_block_hash_and_roots_are_those_of_the_yellow_paper(chain, account):
    call = chain.token.functions.transfer(RECEIVER, 9).build_transaction(
        {"from": account.address, "nonce": 0})
    receipt = chain.send(account, call)
    for height in (0, 1, receipt.blockNumber):
        block = chain.rpc("eth_getBlockByNumber", hex(height), True)
        assert rules.keccak(rules.header_bytes(block)) == rules.raw(block["hash"])
        raw = [
            rules.raw(chain.rpc("eth_getRawTransactionByHash", tx["hash"]))
            for tx in block["transactions"]]
        assert rules.ordered_root(raw) == rules.raw(block["transactionsRoot"])
        receipts = chain.rpc("eth_getBlockReceipts", hex(height))
        encoded = [rules.receipt_bytes(receipt) for receipt in receipts]
        assert rules.ordered_root(encoded) == rules.raw(block["receiptsRoot"])
        logs = [log for receipt in receipts for log in receipt["logs"]]
        assert rules.bloom(logs) == rules.raw(block["logsBloom"])
        assert rules.raw(chain.rpc("debug_getRawHeader", hex(height))) == rules.header_bytes(block)


def test_a_block_of_many_has_the_roots_too(patient):
    senders = [patient.rich[i] for i in range(4, 8)]
    nonces = [patient.w3.eth.get_transaction_count(sender.address) for sender in senders]
    for step in range(40):
        for i, sender in enumerate(senders):
            transaction = typed(patient, sender, (step + i) % 3, nonce=nonces[i] + step)
            signed = sender.sign_transaction(transaction)
            patient.w3.eth.send_raw_transaction(signed.raw_transaction)
    height = patient.rpc("btt_mine", "0x1")
    block = patient.rpc("eth_getBlockByNumber", height, True)
    assert len(block["transactions"]) == 160
    indices = [rules.number(tx["transactionIndex"]) for tx in block["transactions"]]
    assert indices == list(range(160))
    raw = [
        rules.raw(reply["result"]) for reply in patient.process.batch(
            [("eth_getRawTransactionByHash", tx["hash"]) for tx in block["transactions"]])]
    assert rules.ordered_root(raw) == rules.raw(block["transactionsRoot"])
    receipts = patient.rpc("eth_getBlockReceipts", height)
    encoded = [rules.receipt_bytes(receipt) for receipt in receipts]
    assert rules.ordered_root(encoded) == rules.raw(block["receiptsRoot"])
    assert rules.number(receipts[-1]["cumulativeGasUsed"]) == rules.number(block["gasUsed"])


def test_each_block_carries_the_seal_of_the_maker(chain, account):
    chain.send(account, chain.transaction(account, RECEIVER, 1))
    for height in range(1, min(chain.w3.eth.block_number, 5) + 1):
        sealed = chain.rpc("btt_getSealedBlock", hex(height))
        signer, block_hash = rules.seal_signer(sealed, chain.id)
        assert signer == "0xBcd4042DE499D14e55001CcbB24a551F3b954096"
        assert block_hash == bytes(chain.w3.eth.get_block(height).hash)
