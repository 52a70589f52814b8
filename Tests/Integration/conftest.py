import itertools

import pytest
from eth_account import Account
from web3 import Web3

import node

TOKEN = "0x0000000000000000000000000000000000001010"
VALIDATOR_SET = "0x0000000000000000000000000000000000001000"
TOKEN_ABI = [
    {"type": "function", "name": name, "stateMutability": "view", "inputs": inputs,
     "outputs": [{"name": "", "type": kind}]}
    for name, inputs, kind in [
        ("name", [], "string"), ("symbol", [], "string"), ("decimals", [], "uint8"),
        ("totalSupply", [], "uint256"), ("reserve", [], "uint256"), ("burned", [], "uint256"),
        ("circulatingSupply", [], "uint256"),
        ("balanceOf", [{"name": "account", "type": "address"}], "uint256")]
] + [
    {"type": "function", "name": "transfer", "stateMutability": "payable",
     "inputs": [{"name": "to", "type": "address"}, {"name": "value", "type": "uint256"}],
     "outputs": [{"name": "", "type": "bool"}]},
    {"type": "event", "name": "Transfer", "anonymous": False,
     "inputs": [{"name": "from", "type": "address", "indexed": True},
                {"name": "to", "type": "address", "indexed": True},
                {"name": "value", "type": "uint256", "indexed": False}]},
]


class Chain:
    """A devnet, web3.py on it, and accounts of one's own to send from."""

    def __init__(self, process):
        self.process = process
        self.rpc = process.rpc
        self.w3 = Web3(Web3.HTTPProvider(process.url))
        self.id = process.info["chainId"]
        self.rich = [Account.from_key(entry["privateKey"]) for entry in process.info["accounts"]]
        self.token = self.w3.eth.contract(TOKEN, abi=TOKEN_ABI)
        self._next = itertools.count()

    def transaction(self, account, to, value=0, **fields):
        """The fields of a plain transfer of type 2."""
        return {
            "chainId": self.id, "nonce": self.w3.eth.get_transaction_count(account.address),
            "to": to, "value": value, "gas": 21_000, "maxFeePerGas": 10**12,
            "maxPriorityFeePerGas": 10**9} | fields

    def send(self, account, transaction):
        """Signs, sends, and waits for the receipt."""
        signed = account.sign_transaction(transaction)
        tx_hash = self.w3.eth.send_raw_transaction(signed.raw_transaction)
        assert tx_hash == signed.hash
        return self.w3.eth.wait_for_transaction_receipt(tx_hash, timeout=20, poll_latency=0.01)

    def new_account(self, funds=10**21):
        """A new key with money from one of the rich accounts."""
        account = Account.create()
        if funds:
            giver = self.rich[next(self._next) % 4]
            assert self.send(giver, self.transaction(giver, account.address, funds)).status == 1
        return account


@pytest.fixture(scope="session")
def chain(tmp_path_factory):
    """A devnet that makes a block as soon as there is something to put in."""
    with node.devnet(tmp_path_factory.mktemp("devnet")) as process:
        yield Chain(process)


@pytest.fixture(scope="session")
def patient(tmp_path_factory):
    """A devnet that makes blocks only when told to by btt_mine."""
    directory = tmp_path_factory.mktemp("patient")
    with node.devnet(directory, "--block-time", "10h") as process:
        yield Chain(process)


@pytest.fixture
def account(chain):
    return chain.new_account()


@pytest.fixture
def node_directory(tmp_path):
    """A data directory of a validator, with its chain made."""
    directory = node.NodeDirectory(tmp_path)
    directory.init()
    return directory
