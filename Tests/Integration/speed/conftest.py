import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import market
import node
import swarm
from tracker import Tracker


@pytest.fixture(scope="session")
def ledger(tmp_path_factory):
    """A chain whose blocks are made as soon as there is something for them."""
    log = tmp_path_factory.mktemp("ledger") / "log"
    with node.Process(["devnet", "--accounts", 40], log) as process:
        yield process.wait()


@pytest.fixture(scope="session")
def accounts():
    """Each test's traders have accounts of their own."""
    return iter(range(40))


class Market:
    """A payload, a tracker, and whoever trades in it."""

    def __init__(self, folder, ledger, accounts, size):
        self.folder, self.ledger, self.accounts = folder, ledger, accounts
        self.source = folder / "source"
        self.source.mkdir()
        self.payload = random.Random(7).randbytes(size)
        (self.source / "payload.bin").write_bytes(self.payload)
        self.tracker = Tracker()
        self.clients = []

    def torrent(self, fmt="v2", piece=262_144):
        path = self.folder / f"{fmt}-{piece}.torrent"
        node.btt("torrent", "create", self.source / "payload.bin", "--output", path, "--format",
                 fmt, "--piece-length", piece, "--tracker", self.tracker.url)
        return path

    def trader(self, name):
        trader = market.Trader(self.folder / name, self.ledger, next(self.accounts))
        return self.join(trader)

    def join(self, client):
        self.tracker.expect(client)
        self.clients.append(client)
        client.got = client.folder / "got"
        client.got.mkdir()
        return client

    def other(self, kind, name):
        return self.join(kind(self.folder / name))

    def check(self, client):
        assert (client.got / "payload.bin").read_bytes() == self.payload, client.name

    def close(self):
        for client in self.clients:
            client.stop()
        self.tracker.close()


@pytest.fixture
def trade(tmp_path, ledger, accounts):
    made = []

    def make(size=24 << 20):
        made.append(Market(tmp_path, ledger, accounts, size))
        return made[-1]

    yield make
    for each in made:
        each.close()
