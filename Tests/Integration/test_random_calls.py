"""Every method with random parameters: an answer, or an error that says why."""

import os
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from eth_account import Account

from conftest import TOKEN

SEED = int(os.environ.get("BTT_SEED", str(random.randrange(2**32))))
ROUNDS = int(os.environ.get("BTT_CALLS", "150"))
METHODS = """
eth_accounts eth_blobBaseFee eth_blockNumber eth_call eth_chainId eth_coinbase eth_createAccessList
eth_estimateGas eth_feeHistory eth_gasPrice eth_getBalance eth_getBlockByHash eth_getBlockByNumber
eth_getBlockReceipts eth_getBlockTransactionCountByHash eth_getBlockTransactionCountByNumber
eth_getCode eth_getFilterChanges eth_getFilterLogs eth_getLogs eth_getProof
eth_getRawTransactionByBlockHashAndIndex eth_getRawTransactionByBlockNumberAndIndex
eth_getRawTransactionByHash eth_getStorageAt eth_getTransactionByBlockHashAndIndex
eth_getTransactionByBlockNumberAndIndex eth_getTransactionByHash eth_getTransactionCount
eth_getTransactionReceipt eth_getUncleByBlockHashAndIndex eth_getUncleByBlockNumberAndIndex
eth_getUncleCountByBlockHash eth_getUncleCountByBlockNumber eth_maxPriorityFeePerGas
eth_newBlockFilter eth_newFilter eth_newPendingTransactionFilter eth_protocolVersion
eth_sendRawTransaction eth_sendRawTransactionSync eth_syncing eth_uninstallFilter net_listening
net_peerCount net_version web3_clientVersion web3_sha3 txpool_content txpool_contentFrom
txpool_inspect txpool_status debug_getRawBlock debug_getRawHeader debug_getRawReceipts
debug_getRawTransaction btt_getSealedBlock btt_getSealedBlocks btt_nodeInfo
""".split()
# Standard codes, geth's, and EIP-1474's; -32603, an internal error, is not among them.
CODES = {-32700, -32600, -32601, -32602, -32000, -32001, -32002, -32003, -32005, 3, 4, 4444}


class Dice:
    """Parameters that are mostly of the right shape, at the edges of what they may be."""

    def __init__(self, seed, hashes, raw):
        self.random = random.Random(seed)
        self.hashes = hashes
        self.raw = raw

    def pick(self, *makers):
        return self.random.choice(makers)()

    def bytes(self, most=70):
        return "0x" + self.random.randbytes(self.random.randrange(most)).hex()

    def quantity(self):
        exponent = self.random.choice([1, 4, 8, 31, 32, 63, 64, 65, 255, 256, 257])
        return hex(max(0, 2**exponent - self.random.randrange(3)))

    def small(self):
        return hex(self.random.randrange(6))

    def hash(self):
        return self.random.choice([*self.hashes, "0x" + self.random.randbytes(32).hex()])

    def address(self):
        return self.random.choice([
            TOKEN, TOKEN[:-3] + "000", "0x" + "00" * 20, "0x" + self.random.randbytes(20).hex(),
            "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"])

    def block(self):
        return self.pick(
            self.small, self.small, self.quantity, lambda: self.random.choice(
                ["latest", "earliest", "pending", "safe", "finalized", "Latest", ""]),
            lambda: {"blockHash": self.hash()}, lambda: {"blockNumber": self.small()})

    def call(self):
        fields = {
            "from": self.address, "to": self.address, "gas": self.quantity, "value": self.quantity,
            "gasPrice": self.quantity, "maxFeePerGas": self.quantity, "data": self.data,
            "maxPriorityFeePerGas": self.quantity, "input": self.data, "nonce": self.quantity,
            "accessList": lambda: [{"address": self.address(), "storageKeys": [self.hash()]}]}
        names = self.random.sample(sorted(fields), self.random.randrange(len(fields)))
        return {name: fields[name]() for name in names} | {"to": self.address()}

    def data(self):
        selectors = ["0xa9059cbb", "0x70a08231", "0x18160ddd", "0x35aa2e44", "0x"]
        words = self.random.randbytes(32 * self.random.randrange(4)).hex()
        return self.random.choice(selectors) + "00" * self.random.randrange(3) + words

    def query(self):
        fields = {
            "fromBlock": self.block, "toBlock": self.block, "address": self.address,
            "topics": lambda: [self.pick(self.hash, lambda: None, lambda: [self.hash()])
                               for _ in range(self.random.randrange(6))],
            "blockHash": self.hash}
        names = self.random.sample(sorted(fields), self.random.randrange(4))
        return {name: fields[name]() for name in names}

    def transaction(self):
        data = bytearray(self.raw)
        for _ in range(self.random.randrange(3)):
            data[self.random.randrange(len(data))] = self.random.randrange(256)
        return "0x" + data[:self.random.choice([len(data), len(data), 40])].hex()

    def junk(self):
        return self.random.choice([
            None, True, 5, -1, 1e300, 2**70, "", "0x", "latest", [], {}, [[]], {"a": 1}, "\0", "🙂"])

    def params(self):
        makers = [
            self.address, self.hash, self.block, self.quantity, self.small, self.call, self.query,
            self.transaction, self.bytes, self.junk, lambda: [self.hash(), self.small()],
            lambda: [10.5, 50], lambda: self.random.random() < 0.5,
            lambda: {self.address(): {"balance": self.quantity(), "nonce": self.quantity()}}]
        return [self.pick(*makers) for _ in range(self.random.choice([0, 1, 1, 2, 2, 3, 4]))]

    def fitting(self, method):
        """Parameters of the kinds that a method takes."""
        if "ByHash" in method or method in ("eth_getTransactionReceipt", "debug_getRawTransaction"):
            return [self.hash(), self.pick(self.small, self.quantity, lambda: True)]
        return {
            "eth_call": lambda: [self.call(), self.block()],
            "eth_estimateGas": lambda: [self.call(), self.block()],
            "eth_createAccessList": lambda: [self.call(), self.block()],
            "eth_getLogs": lambda: [self.query()], "eth_newFilter": lambda: [self.query()],
            "eth_getProof": lambda: [self.address(), [self.quantity()], self.block()],
            "eth_getStorageAt": lambda: [self.address(), self.quantity(), self.block()],
            "eth_feeHistory": lambda: [self.quantity(), self.block(), [1.0, 99.5]],
            "eth_sendRawTransaction": lambda: [self.transaction()],
            "eth_sendRawTransactionSync": lambda: [self.transaction(), 1],
            "btt_getSealedBlocks": lambda: [self.quantity(), self.quantity()],
        }.get(method, lambda: [self.address(), self.block()])()


@pytest.fixture(scope="module")
def known(chain):
    """Hashes of a block and a transaction, and a transaction's bytes."""
    account = chain.new_account()
    transaction = chain.transaction(account, TOKEN, 0, gas=100_000, data="0x18160ddd")
    receipt = chain.send(account, transaction)
    raw = account.sign_transaction(transaction | {"nonce": 1}).raw_transaction
    return ["0x" + receipt.blockHash.hex(), "0x" + receipt.transactionHash.hex()], bytes(raw)


def test_no_call_makes_the_node_fail(chain, known):
    print(f"BTT_SEED={SEED}")

    def run(worker):
        dice = Dice(SEED + worker, *known)
        for _ in range(ROUNDS):
            calls = []
            for method in dice.random.sample(METHODS, 12):
                fits = dice.random.random() < 0.6
                calls.append((method, *(dice.fitting(method) if fits else dice.params())))
            body = [{"jsonrpc": "2.0", "id": i, "method": method, "params": params}
                    for i, (method, *params) in enumerate(calls)]
            replies = chain.process.post(body).json()
            for call, reply in zip(calls, replies, strict=True):
                error = reply.get("error", {"code": -32000, "message": "none"})
                assert ("result" in reply) != ("error" in reply), (call, reply)
                assert error["code"] in CODES and error["message"], (call, reply)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))
    assert chain.w3.eth.get_balance(Account.create().address) == 0
