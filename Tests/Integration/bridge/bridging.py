"""A development root chain, a sidechain bridged to it, and what moves money between them."""

import json
import os
import pathlib
import select
import subprocess
import time

import requests
from eth_account import Account
from web3 import Web3

import node

CONTRACTS = node.ROOT / "contracts"
BUILD = CONTRACTS / "build"
NATIVE = "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE"
OUTBOX = "0x0000000000000000000000000000000000001010"
Account.enable_unaudited_hdwallet_features()
MNEMONIC = "test test test test test test test test test test test junk"


def account(index):
    return Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}")


def abi(name):
    return json.loads((BUILD / f"{name}.json").read_text())["abi"]


class RootChain:
    """contracts/devchain.py in a process of its own: it needs py-evm, which lives apart."""

    def __init__(self, endpoints):
        python = os.environ.get("BTT_CONTRACTS_PYTHON") or subprocess.run(
            [CONTRACTS / "test.sh", "venv"], capture_output=True, text=True, check=True,
            timeout=600).stdout.strip().splitlines()[-1]
        self.process = subprocess.Popen(
            [python, CONTRACTS / "devchain.py", "--port", "0", "--endpoints", str(endpoints + 1),
             "--finality-depth", "3"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        ready, _, _ = select.select([self.process.stdout], [], [], 120)
        line = self.process.stdout.readline() if ready else ""
        if not line:
            self.process.kill()
            raise AssertionError("the development root chain did not start")
        self.info = json.loads(line)
        # The last one is the test's own: nothing is ever wrong with it.
        *self.urls, self.clean = self.info["urls"]
        self.w3 = Web3(Web3.HTTPProvider(self.clean))
        self.session = requests.Session()

    def rpc(self, method, *params):
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        reply = self.session.post(self.clean, json=body, timeout=60).json()
        if "error" in reply:
            raise node.RPCFailure(reply["error"])
        return reply["result"]

    def mine(self, count=1):
        self.rpc("dev_mine", count)

    def finalize(self):
        """Makes so many blocks that all there was is final."""
        self.mine(4)

    def contract(self, name, address):
        return self.w3.eth.contract(address=address, abi=abi(name))

    def send(self, sender, call, value=0):
        """Signs a contract's call with a key, sends it and gives the receipt."""
        transaction = call.build_transaction({
            "from": sender.address, "value": value, "gas": 1_000_000,
            "nonce": self.w3.eth.get_transaction_count(sender.address, "pending"),
            "maxFeePerGas": 10**11, "maxPriorityFeePerGas": 10**9})
        raw = sender.sign_transaction(transaction).raw_transaction
        return self.w3.eth.wait_for_transaction_receipt(
            self.w3.eth.send_raw_transaction(raw), timeout=30)

    def close(self):
        self.session.close()
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.process.stdout.close()


class Bridge:
    """A root chain, the contracts on it, and a node of the sidechain that follows it."""

    def __init__(
            self, path, endpoints=3, settings=(), validators=(), alloc=(), preset="devnet",
            block_time="100ms"):
        self.path = pathlib.Path(path)
        self.path.mkdir(parents=True, exist_ok=True)
        self.root = RootChain(endpoints)
        self.settings, self.block_time = list(settings), block_time
        try:
            self.deployed = node.btt_json(
                "bridge", "init", "--root-rpc", self.root.clean, "--devnet", "--out",
                self.path / "bridge", "--preset", preset, "--validator", node.MAKER, "--ether", "--contracts", BUILD,
                *[f"--validator={text}" for text in validators],
                *[f"--alloc={address}=1000000" for address in (node.MAKER, *alloc)],
                timeout=180)
            self.root.mine(1)
            directory = node.NodeDirectory(self.path)
            directory.key.write_text(node.MAKER_KEY + "\n")
            directory.key.chmod(0o600)
            node.btt_json(
                "node", "init", "--data-dir", directory.data, "--genesis",
                self.path / "bridge" / "genesis.json")
            self.directory = directory
            self.relayer_key = self.path / "relayer.key"
            self.relayer_key.write_text(account(9).key.to_0x_hex() + "\n")
            self.process = None
            self.start()
        except BaseException:
            self.root.close()
            raise
        self.manager = self.root.contract("RootChainManager", self.deployed["manager"])
        self.checkpoints = self.root.contract("Checkpoints", self.deployed["checkpoints"])
        self.btt = self.root.contract("BTT", self.deployed["btt"])

    def start(self):
        """Starts the node, or starts it again."""
        options = {
            "bridge.eth_rpc": ",".join(self.root.urls),
            "bridge.eth_start": self.deployed["start"], "bridge.poll": "100ms",
            "bridge.checkpoint_blocks": 1, "bridge.fee_patience": "5s",
            "bridge.key_file": self.relayer_key, "log.level": "info"} | dict(self.settings)
        flags = [f"--set={name}={value}" for name, value in options.items()]
        self.process = self.directory.start(*flags, block_time=self.block_time).wait()
        self.url = self.process.url
        self.w3 = Web3(Web3.HTTPProvider(self.url))

    def rpc(self, method, *params):
        return self.process.rpc(method, *params)

    def cli(self, *arguments, root=True, key=0, check=True, **options):
        """A `btt bridge` command with one of the accounts everybody knows."""
        extra = ["--rpc", self.url]
        if key is not None:
            extra += ["--devnet", "--mnemonic-index", key]
        if root:
            extra += ["--root-rpc", self.root.clean]
        done = node.btt("bridge", *arguments, *extra, "--json", check=check, **options)
        return json.loads(done.stdout) if check else done

    def status(self, transaction):
        return self.rpc("btt_bridgeStatus", transaction)

    def claims(self, transaction, timeout=60):
        """What claims the withdrawals of a transaction, once the node may ask for it."""
        end = time.monotonic() + timeout
        while True:
            try:
                return self.rpc("btt_bridgeClaims", transaction)
            except node.RPCFailure as failure:
                if failure.code != -32005 or time.monotonic() > end:
                    raise
                time.sleep(0.2)

    def await_stage(self, transaction, stage, timeout=60):
        """Waits until every transfer of a transaction has reached a stage."""
        end = time.monotonic() + timeout
        last = None
        while time.monotonic() < end:
            try:
                last = self.status(transaction)
            except node.RPCFailure as failure:
                last = failure
            else:
                done = [
                    {s["stage"] for s in transfer["stages"] if s["done"]} for transfer in last]
                if done and all(stage in stages for stages in done):
                    return last
            time.sleep(0.1)
        raise AssertionError(f"{transaction} is not {stage}: {last}\n{self.process.errors()[-3000:]}")

    def balance(self, address):
        return self.w3.eth.get_balance(address)

    def child(self, root_token):
        """A bridged token's contract on the sidechain."""
        tokens = {t["rootToken"]: t["child"] for t in self.rpc("btt_bridgeTokens")}
        erc20 = [
            {"type": "function", "name": name, "stateMutability": mutability,
             "inputs": [{"name": str(i), "type": kind} for i, kind in enumerate(kinds)],
             "outputs": [{"name": "", "type": result}]}
            for name, kinds, result, mutability in [
                ("balanceOf", ["address"], "uint256", "view"),
                ("totalSupply", [], "uint256", "view"),
                ("withdrawTo", ["uint64", "address", "uint256"], "uint64", "nonpayable")]]
        return self.w3.eth.contract(address=tokens[root_token], abi=erc20)

    def books(self):
        """Locked on the root chain against what is here and on its way back, per token."""
        roots = {r["root"]: r for r in self.rpc("btt_bridgeRoots")}
        book = {self.deployed["btt"]: int(roots["eth"]["book"])}
        for token in self.rpc("btt_bridgeTokens"):
            if token["rootToken"] != self.deployed["btt"]:
                book[token["rootToken"]] = int(token["supply"])
        return book

    def locked(self, token):
        return self.manager.functions.token(token).call()[2]

    def close(self):
        if self.process and self.process.process.poll() is None:
            self.process.stop()
        self.root.close()
