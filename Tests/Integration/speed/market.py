"""Sellers and buyers of pieces: `btt torrent seed --price` and `btt torrent get --budget`."""

import json
import subprocess
import sys
from pathlib import Path

from eth_account import Account

import node

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "interop"))
import swarm  # noqa: E402

BTT = 10**18
PRICE = BTT // 10
GRACE = ["--min-grace", 600, "--min-grace-blocks", 1]


class Trader(swarm.BTT):
    """A program with a wallet of its own."""

    name = "btt-trader"

    def __init__(self, folder, ledger, index):
        super().__init__(folder)
        self.ledger = ledger
        account = ledger.info["accounts"][index]
        self.address_of_money = Account.from_key(account["privateKey"]).address
        self.key = self.folder / "key"
        self.key.write_text(account["privateKey"])
        self.key.chmod(0o600)
        self.books = self.folder / "books"

    def money(self):
        """What stands before any command that needs the books."""
        return ["--rpc", self.ledger.url, "--trust-rpc", "--key-file", self.key, *GRACE]

    def start(self, role, source, directory, peers=(), extra=()):
        terms = ["--books", self.books, *self.money(), *extra]
        super().start(role, source, directory, peers, extra=[str(word) for word in terms])

    def sell(self, source, directory, price="0.1 BTT", extra=(), **options):
        self.start("seed", source, directory, extra=["--price", price, *extra], **options)

    def buy(self, source, directory, budget="20 BTT", extra=(), **options):
        self.start("get", source, directory,
                   extra=["--budget", budget, "--max-price", "1 BTT", *extra], **options)

    def speed(self, *command):
        """What `btt speed` tells."""
        done = node.btt("speed", *command, "--books", self.books, "--json", check=False)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def channels(self):
        """The books, once the program has ended."""
        return node.btt_json("channel", "list", "--state", self.books, *self.money())["channels"]

    def side(self, name):
        status = self.speed("status")
        return {key: int(value) for key, value in status[name].items()
                if key not in ("peer", "role")} if status else None


def stop(client, timeout=20):
    """Ends a program in order."""
    client.run.process.terminate()
    try:
        return client.run.process.wait(timeout)
    except subprocess.TimeoutExpired:
        client.run.process.kill()
        raise AssertionError(f"{client.name} does not end") from None
