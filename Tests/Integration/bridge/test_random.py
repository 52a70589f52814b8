"""Random deposits, withdrawals, reorganisations, faults and kills; then both books are equal.

BTT_BRIDGE_STEPS says how many steps (120 unless told; 1000 is the long form), BTT_SEED which.
"""

import os
import random
import time

import pytest

import bridging
from bridging import NATIVE, account

STEPS = int(os.environ.get("BTT_BRIDGE_STEPS", "120"))
KINDS = ["stall", "http", "limit", "garbage", "omit", "lie", "forge", "lag", "cut", "error"]


class Walk:
    def __init__(self, bridge, seed):
        self.bridge, self.root, self.random = bridge, bridge.root, random.Random(seed)
        self.deposits, self.withdrawals, self.kills = [], [], 0
        self.users = [account(i) for i in range(5)]
        self.nonces = {}
        rich = account(0)
        for user in self.users:
            if user.address != rich.address:
                self.root.send(rich, bridge.btt.functions.transfer(user.address, 10**24))
            self.root.send(
                user, bridge.btt.functions.approve(bridge.manager.address, 2**256 - 1))

        self.await_mapping()

    def await_mapping(self):
        """Ether can go back only once its mapping has come here."""
        self.root.finalize()
        end = time.monotonic() + 60
        while not any(t["rootToken"] == NATIVE for t in self.bridge.rpc("btt_bridgeTokens")):
            assert time.monotonic() < end, "the mapping of ether has not come"
            time.sleep(0.1)

    def deposit(self):
        user, to = self.random.choice(self.users), self.random.choice(self.users)
        functions = self.bridge.manager.functions
        if self.random.random() < 0.5:
            amount = self.random.randrange(1, 10**18)
            call = functions.depositFor(
                to.address, self.bridge.btt.address, amount.to_bytes(32, "big"))
            receipt = self.root.send(user, call)
        else:
            amount = self.random.randrange(1, 10**15)
            receipt = self.root.send(user, functions.depositEtherFor(to.address), amount)
        assert receipt["status"] == 1
        self.deposits.append(receipt["transactionHash"].to_0x_hex())

    def withdraw(self):
        user, to = self.random.choice(self.users), self.random.choice(self.users)
        if self.random.random() < 0.5:
            contract = self.bridge.w3.eth.contract(
                address=bridging.OUTBOX, abi=self.bridge.child(NATIVE).abi)
            most = min(
                self.bridge.balance(user.address) // 10,
                self.bridge.books()[self.bridge.btt.address])
        else:
            contract = self.bridge.child(NATIVE)
            most = contract.functions.balanceOf(user.address).call()
        if most < 1:
            return
        amount = self.random.randrange(1, most + 1)
        w3 = self.bridge.w3
        call = contract.functions.withdrawTo(2, to.address, amount).build_transaction({
            "from": user.address, "gas": 500_000, "chainId": w3.eth.chain_id,
            "nonce": w3.eth.get_transaction_count(user.address, "pending"),
            "maxFeePerGas": 10**13, "maxPriorityFeePerGas": 10**9})
        sent = w3.eth.send_raw_transaction(user.sign_transaction(call).raw_transaction)
        receipt = w3.eth.wait_for_transaction_receipt(sent, timeout=30, poll_latency=0.05)
        # Between the look and the block, others may have taken what the book had.
        if receipt["status"] == 1:
            self.withdrawals.append(sent.to_0x_hex())

    def reorganise(self):
        # Never below what is final, which is three blocks deep.
        depth = self.random.randrange(1, 3)
        if self.root.w3.eth.block_number > depth + 4:
            self.root.rpc("dev_reorg", depth)

    def fault(self):
        if self.random.random() < 0.4:
            self.root.rpc("dev_clearFaults")
            return
        # One of three at a time, whichever it is: this test looks through an endpoint of its own.
        self.root.rpc("dev_clearFaults")
        self.root.rpc("dev_fault", {
            "kind": self.random.choice(KINDS), "endpoint": self.random.randrange(3),
            "seconds": 1, "blocks": 3})

    def kill(self):
        self.kills += 1
        self.bridge.process.kill()
        self.bridge.start()

    def step(self):
        roll = self.random.random()
        if roll < 0.45:
            self.deposit()
        elif roll < 0.75:
            self.withdraw()
        elif roll < 0.85:
            self.root.mine(self.random.randrange(1, 4))
        elif roll < 0.92:
            self.reorganise()
        elif roll < 0.98:
            self.fault()
        else:
            self.kill()

    def settle(self):
        """Ends all faults, and lets everything arrive."""
        self.root.rpc("dev_clearFaults")
        self.root.finalize()
        for transaction in self.deposits:
            self.bridge.await_stage(transaction, "credited", timeout=180)
        for transaction in self.withdrawals:
            self.bridge.await_stage(transaction, "claimable", timeout=180)
        for transaction in self.withdrawals:
            for claim in self.bridge.claims(transaction):
                assert self.pay(claim)

    def pay(self, claim):
        sender = account(8)
        w3 = self.root.w3
        transaction = {
            "to": claim["manager"], "data": claim["call"], "gas": 1_000_000, "value": 0,
            "chainId": claim["chainId"],
            "nonce": w3.eth.get_transaction_count(sender.address, "pending"),
            "maxFeePerGas": 10**11, "maxPriorityFeePerGas": 10**9}
        sent = w3.eth.send_raw_transaction(
            sender.sign_transaction(transaction).raw_transaction)
        return w3.eth.wait_for_transaction_receipt(sent, timeout=30)["status"] == 1


@pytest.mark.timeout(3600)
def test_after_anything_both_books_are_equal(tmp_path):
    seed = int(os.environ.get("BTT_SEED", time.time_ns() % 2**32))
    print(f"BTT_SEED={seed}")
    bridge = bridging.Bridge(tmp_path / "bridge")
    try:
        walk = Walk(bridge, seed)
        for _ in range(STEPS):
            walk.step()
        walk.settle()
        assert walk.deposits and walk.withdrawals
        for token, amount in bridge.books().items():
            assert bridge.locked(token) == amount, f"BTT_SEED={seed} {token}"
        assert bridge.rpc("btt_bridgeRoots")[0]["waiting"] == 0
        bridge.process.stop()
        bridge.directory.verify()
        print(
            f"{len(walk.deposits)} deposits, {len(walk.withdrawals)} withdrawals, "
            f"{walk.kills} kills")
    finally:
        bridge.close()
