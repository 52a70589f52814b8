"""Filters, logs, the pool and batches: what libraries poll."""

import pytest
from eth_account import Account
from web3.exceptions import Web3RPCError

import chain as rules
from conftest import TOKEN
from node import RPCFailure


def raw_transfer(chain, sender, to, value, **fields):
    return sender.sign_transaction(chain.transaction(sender, to, value, **fields))


def test_a_block_filter_gives_each_block_once(chain, account):
    blocks = chain.w3.eth.filter("latest")
    assert blocks.get_new_entries() == []
    hashes = [
        chain.send(account, chain.transaction(account, account.address, 1)).blockHash
        for _ in range(3)]
    assert [h for h in blocks.get_new_entries() if h in hashes] == hashes
    assert blocks.get_new_entries() == []
    assert chain.w3.eth.uninstall_filter(blocks.filter_id)
    with pytest.raises(Web3RPCError, match="filter not found"):
        chain.w3.eth.get_filter_changes(blocks.filter_id)


def test_a_log_filter_gives_new_logs_only_and_all_when_asked(chain, account):
    def transfer(value):
        call = chain.token.functions.transfer(chain.rich[0].address, value).build_transaction(
            {"from": account.address, "nonce": chain.w3.eth.get_transaction_count(account.address)})
        return chain.send(account, call)

    first = transfer(1)
    logs = chain.token.events.Transfer.create_filter(
        from_block=first.blockNumber, argument_filters={"from": account.address})
    second = transfer(2)
    assert [entry.args.value for entry in logs.get_new_entries()] == [2]
    assert logs.get_new_entries() == []
    everything = logs.get_all_entries()
    assert [entry.transactionHash for entry in everything] == [
        first.transactionHash, second.transactionHash]
    assert [entry.args.value for entry in everything] == [1, 2]


def test_a_pending_filter_tells_of_what_arrives(chain, account):
    pending = chain.w3.eth.filter("pending")
    receipt = chain.send(account, chain.transaction(account, account.address, 1))
    assert receipt.transactionHash in pending.get_new_entries()
    assert receipt.transactionHash not in pending.get_new_entries()


def test_logs_are_found_by_address_topics_and_range(chain, account):
    to = Account.create().address
    call = chain.token.functions.transfer(to, 7).build_transaction(
        {"from": account.address, "nonce": 0})
    receipt = chain.send(account, call)
    height = hex(receipt.blockNumber)
    topic = "0x" + to[2:].lower().rjust(64, "0")
    found = [
        chain.rpc("eth_getLogs", query) for query in (
            {"fromBlock": "0x0", "toBlock": "latest", "topics": [None, None, topic]},
            {"fromBlock": height, "toBlock": height, "address": [TOKEN, to]},
            {"fromBlock": height, "topics": [[rules.TRANSFER, "0x" + "11" * 32]]},
            {"blockHash": "0x" + receipt.blockHash.hex()},
            {"fromBlock": "earliest", "topics": [rules.TRANSFER, [], [topic]], "address": TOKEN})]
    assert all(logs == found[0] for logs in found) and len(found[0]) == 1
    log = found[0][0]
    assert log["transactionHash"] == "0x" + receipt.transactionHash.hex()
    assert (log["logIndex"], log["removed"]) == ("0x0", False)
    for miss in ({"topics": [None, None, topic, topic]}, {"address": to},
                 {"topics": [None, topic]}):
        assert chain.rpc("eth_getLogs", {"fromBlock": "0x0"} | miss) == []
    with pytest.raises(RPCFailure, match="invalid block range"):
        chain.rpc("eth_getLogs", {"fromBlock": "0x2", "toBlock": "0x1"})


def test_the_pool_shows_what_waits_and_what_has_a_gap(patient):
    sender = patient.rich[0]
    nonce = patient.w3.eth.get_transaction_count(sender.address)
    waiting = [
        raw_transfer(patient, sender, sender.address, 1, nonce=nonce + step) for step in (0, 1, 5)]
    for signed in waiting:
        patient.w3.eth.send_raw_transaction(signed.raw_transaction)
    pool = patient.w3.geth.txpool
    assert (int(pool.status()["pending"], 16), int(pool.status()["queued"], 16)) == (2, 1)
    content = pool.content()
    assert sorted(content["pending"][sender.address]) == [str(nonce), str(nonce + 1)]
    assert list(content["queued"][sender.address]) == [str(nonce + 5)]
    assert patient.w3.eth.get_transaction_count(sender.address, "pending") == nonce + 2
    assert patient.w3.eth.get_transaction(waiting[0].hash).blockNumber is None
    assert patient.rpc("eth_getTransactionReceipt", "0x" + waiting[0].hash.hex()) is None
    with pytest.raises(Web3RPCError, match="already known"):
        patient.w3.eth.send_raw_transaction(waiting[0].raw_transaction)
    low = raw_transfer(patient, sender, sender.address, 2, nonce=nonce)
    with pytest.raises(Web3RPCError, match="replacement transaction underpriced"):
        patient.w3.eth.send_raw_transaction(low.raw_transaction)
    high = raw_transfer(
        patient, sender, sender.address, 3, nonce=nonce, maxFeePerGas=11 * 10**11,
        maxPriorityFeePerGas=11 * 10**8)
    patient.w3.eth.send_raw_transaction(high.raw_transaction)
    patient.rpc("btt_mine", "0x1")
    receipt = patient.w3.eth.get_transaction_receipt(high.hash)
    assert receipt.status == 1
    assert patient.rpc("eth_getTransactionByHash", "0x" + waiting[0].hash.hex()) is None
    for step in (2, 3, 4):
        signed = raw_transfer(patient, sender, sender.address, 1, nonce=nonce + step)
        patient.w3.eth.send_raw_transaction(signed.raw_transaction)
    patient.rpc("btt_mine", "0x1")
    assert patient.w3.eth.get_transaction_receipt(waiting[2].hash).status == 1
    assert int(pool.status()["pending"], 16) == int(pool.status()["queued"], 16) == 0


def test_the_sync_send_says_when_the_time_is_over(patient):
    sender = patient.rich[1]
    signed = raw_transfer(patient, sender, sender.address, 1)
    with pytest.raises(RPCFailure, match="wasn't processed in 50ms") as failure:
        patient.rpc("eth_sendRawTransactionSync", "0x" + signed.raw_transaction.hex(), 50)
    assert failure.value.code == 4 and failure.value.data == "0x" + signed.hash.hex()
    patient.rpc("btt_mine", "0x1")
    assert patient.w3.eth.get_transaction_receipt(signed.hash).status == 1


def test_time_can_be_moved_on_a_devnet(patient):
    before = patient.w3.eth.get_block("latest").timestamp
    patient.rpc("evm_increaseTime", 3600)
    patient.rpc("evm_mine")
    moved = patient.w3.eth.get_block("latest").timestamp
    assert moved >= before + 3600
    patient.rpc("evm_setNextBlockTimestamp", moved + 5000)
    patient.rpc("anvil_mine", "0x2")
    assert patient.w3.eth.get_block("latest").timestamp >= moved + 5000


def test_batches_answer_in_order_and_each_for_itself(chain):
    replies = chain.process.batch([
        ("eth_chainId",), ("eth_nonsense",), ("eth_getBlockByNumber", "0x0", False),
        ("eth_getBalance", "nonsense"), ("eth_blockNumber",)])
    assert replies[0]["result"] == hex(chain.id)
    assert replies[1]["error"]["code"] == -32601
    assert replies[2]["result"]["number"] == "0x0"
    assert replies[3]["error"]["code"] == -32602
    assert "result" in replies[4]
    notification = {"jsonrpc": "2.0", "method": "eth_chainId"}
    both = chain.process.post([notification, notification | {"id": "x"}]).json()
    assert [reply["id"] for reply in both] == ["x"]
    assert chain.process.post([notification]).content == b""
    with chain.w3.batch_requests() as batch:
        batch.add(chain.w3.eth.get_block(0))
        batch.add(chain.w3.eth.get_balance(TOKEN))
        genesis, reserve = batch.execute()
    assert genesis.number == 0 and reserve > 0


def test_the_node_says_what_it_is(chain):
    assert chain.w3.client_version.startswith("btt/v")
    assert chain.w3.net.version == str(chain.id) and chain.w3.eth.chain_id == chain.id
    assert chain.w3.eth.syncing is False and chain.w3.is_connected()
    assert chain.rpc("web3_sha3", "0x68656c6c6f") == "0x" + rules.keccak(b"hello").hex()
    info = chain.rpc("btt_nodeInfo")
    assert info["role"] == "devnet"
    assert info["genesisHash"] == "0x" + chain.w3.eth.get_block(0).hash.hex()
