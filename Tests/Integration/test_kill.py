"""Ends at random moments under load: what was acknowledged stays, and the books hold.

BTT_KILLS says how often (20 unless told; `make test-kill` takes 200), BTT_SEED repeats a run's
choices (not its timing).
"""

import itertools
import os
import random
import time
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
import requests
from eth_account import Account
from eth_utils import to_checksum_address

import node

KILLS = int(os.environ.get("BTT_KILLS", "20"))
SEED = int(os.environ.get("BTT_SEED", str(random.randrange(2**32))))
Account.enable_unaudited_hdwallet_features()
SENDERS = [
    Account.from_mnemonic(
        "test test test test test test test test test test test junk",
        account_path=f"m/44'/60'/0'/0/{i}") for i in range(6)]
RECEIVERS = [to_checksum_address(f"0x{i:040x}") for i in range(10_000, 11_000)]
WINDOW = 48


class Sender:
    """One account's transactions in the order of their nonces, and how far each is known."""

    def __init__(self, account, dice):
        self.account = account
        self.dice = dice
        self.raw = []
        self.hashes = []
        self.accepted = set()
        self.settled = 0

    def extend(self, upto):
        while len(self.raw) < upto:
            signed = self.account.sign_transaction({
                "chainId": 1337, "nonce": len(self.raw), "gas": 21_000, "maxFeePerGas": 10**13,
                "maxPriorityFeePerGas": 10**9, "value": self.dice.randrange(10**6),
                "to": self.dice.choice(RECEIVERS)})
            self.raw.append("0x" + signed.raw_transaction.hex())
            self.hashes.append("0x" + signed.hash.hex())

    def pending(self):
        """Nonces in flight, some out of order so that the pool holds gaps too."""
        self.extend(self.settled + WINDOW)
        nonces = [
            n for n in range(self.settled, self.settled + WINDOW) if n not in self.accepted]
        if self.dice.random() < 0.3:
            self.dice.shuffle(nonces)
        return nonces[:16]


class Load:
    """Sends transfers and reads receipts until the node is gone; keeps what was acknowledged."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.senders = [Sender(account, self.dice) for account in SENDERS]
        self.receipts = {}
        self.head = 0

    def run(self, process):
        try:
            while True:
                for sender in self.senders:
                    self.send(process, sender)
                    self.read(process, sender)
        except (requests.RequestException, ValueError):
            # The node is dead; what was under way is settled after the restart.
            return

    def send(self, process, sender):
        nonces = sender.pending()
        replies = process.batch([("eth_sendRawTransaction", sender.raw[n]) for n in nonces])
        for nonce, reply in zip(nonces, replies):
            message = reply.get("error", {}).get("message", "")
            known = message.startswith(("already known", "nonce too low"))
            assert "result" in reply or known, message
            sender.accepted.add(nonce)

    def read(self, process, sender):
        nonces = range(sender.settled, sender.settled + WINDOW)
        hashes = [sender.hashes[n] for n in nonces if n in sender.accepted]
        replies = process.batch([("eth_getTransactionReceipt", h) for h in hashes])
        for tx_hash, reply in zip(hashes, replies):
            if receipt := reply["result"]:
                self.receipts[tx_hash] = receipt
                self.head = max(self.head, int(receipt["blockNumber"], 16))
        settled = itertools.takewhile(
            self.receipts.__contains__, itertools.islice(sender.hashes, sender.settled, None))
        sender.settled += sum(1 for _ in settled)

    def check(self, process, sample=None):
        """Holds a restarted node to all it ever acknowledged, or a sample of it and the latest."""
        self.check_receipts(process, sample)
        waiting = [
            s.hashes[n] for s in self.senders for n in sorted(s.accepted)
            if n >= s.settled and s.hashes[n] not in self.receipts]
        replies = process.batch([("eth_getTransactionByHash", h) for h in waiting])
        lost = [h for h, reply in zip(waiting, replies) if reply["result"] is None]
        assert not lost, f"accepted but gone: {lost}"

    def check_receipts(self, process, sample=None):
        head = process.number()
        assert head >= self.head, f"the head fell from {self.head} to {head}"
        self.head = head
        known = list(self.receipts)
        if sample and len(known) > 2 * sample:
            known = self.dice.sample(known[:-sample], sample) + known[-sample:]
        for start in range(0, len(known), 500):
            hashes = known[start:start + 500]
            replies = process.batch([("eth_getTransactionReceipt", h) for h in hashes])
            for tx_hash, reply in zip(hashes, replies):
                assert reply["result"] == self.receipts[tx_hash], f"receipt of {tx_hash} changed"


def guard_mark(path):
    """The greatest height in the double-sign guard's two slots."""
    data = path.read_bytes()
    return max(int.from_bytes(data[at:at + 8], "big") for at in range(0, len(data), 64))


def run_for(load, process, seconds, end):
    """Loads a node for some time, and ends it under way."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(load.run, process)
        wait([running], seconds)
        end()
        # What the load found wrong is raised here.
        running.result(30)


@pytest.mark.timeout(120 + 3 * KILLS)
def test_nothing_acknowledged_is_lost_to_kills(tmp_path, capsys):
    dice = random.Random(SEED)
    directory = node.NodeDirectory(tmp_path)
    directory.init()
    load = Load(SEED)
    starts, early = [], 0
    begin = time.monotonic()
    with capsys.disabled():
        print(f"\nBTT_SEED={SEED} BTT_KILLS={KILLS}")
    for _ in range(KILLS):
        pace = dice.choice(["on-demand", "on-demand", "20ms", "100ms"])
        process = directory.start(block_time=pace)
        if dice.random() < 0.15:
            # Also while it opens its files.
            time.sleep(dice.random() * 0.1)
            process.kill()
            early += 1
            continue
        process.wait()
        starts.append(process.start_time)
        load.check(process, sample=100)
        run_for(load, process, dice.expovariate(1 / 0.25) + 0.01, process.process.kill)
        process.kill()
    with directory.start() as process:
        load.check(process)
        head = process.number()
        assert guard_mark(directory.data / "validator.guard") >= head - 1
        assert process.stop() == 0
    verified = directory.verify()
    assert verified["ok"] and verified["height"] >= head
    assert len(load.receipts) > KILLS, "there was no load"
    with capsys.disabled():
        print(
            f"{KILLS} kills ({early} during start) in {time.monotonic() - begin:.0f} s: "
            f"{len(load.receipts)} receipts kept, {verified['height']} blocks verified; start "
            f"median {sorted(starts)[len(starts) // 2]:.3f} s, longest {max(starts):.3f} s")


def test_an_end_in_order_under_load_loses_nothing_either(tmp_path):
    print(f"BTT_SEED={SEED}")
    directory = node.NodeDirectory(tmp_path)
    directory.init()
    load = Load(SEED)
    for _ in range(5):
        process = directory.start(block_time="20ms").wait()
        load.check(process)
        run_for(load, process, 0.3, process.process.terminate)
        assert process.end(0) == 0
    with directory.start() as process:
        load.check(process)
    assert directory.verify()["ok"] and load.receipts


def test_a_follower_that_is_killed_has_the_same_chain(tmp_path):
    print(f"BTT_SEED={SEED}")
    dice = random.Random(SEED)
    maker = node.NodeDirectory(tmp_path / "maker")
    maker.init()
    copy = node.NodeDirectory(tmp_path / "copy")
    copy.path.mkdir()
    node.btt("node", "init", "--data-dir", copy.data, "--genesis", maker.data / "genesis.json")
    load, head = Load(SEED), 0
    with maker.start(block_time="20ms") as process, ThreadPoolExecutor(1) as pool:
        running = pool.submit(load.run, process)
        for _ in range(max(10, KILLS // 10)):
            follower = copy.follow(process.url, "--set", "follow.interval=10ms").wait()
            assert follower.number() >= head
            time.sleep(dice.expovariate(1 / 0.15))
            head = follower.number()
            follower.kill()
        process.process.terminate()
        running.result(30)
        assert process.end(0) == 0
    with maker.start(block_time="10h") as process:
        with copy.follow(process.url, "--set", "follow.interval=10ms") as follower:
            deadline = time.monotonic() + 60
            while follower.number() < process.number():
                assert time.monotonic() < deadline, "the follower did not catch up"
                time.sleep(0.02)
            load.check_receipts(follower)
    ours, theirs = maker.verify(), copy.verify()
    assert ours == theirs and ours["transactions"] >= len(load.receipts) > 0
