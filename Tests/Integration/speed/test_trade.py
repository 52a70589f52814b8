"""Paid pairs and swarms of real processes, with a ledger of their own."""

import signal
import subprocess
import time
from pathlib import Path

import pytest

import market
import node
import swarm

SLOW = ["--upload-limit", 2_048]


def wait_for_seller(seller):
    swarm.wait(seller.is_complete, "the seeder to check its files", 30)


def agree(seller, buyer):
    """Both statements and both books say the same, once the ledger has paid."""
    def settled():
        sold, bought = seller.side("earned"), buyer.side("spent")
        return sold and bought and sold["settled"] == bought["paid"] and (sold, bought)

    sold, bought = swarm.wait(settled, "the ledger to pay what was promised", 30, 0.2)
    assert bought["paid"] == sold["paid"] == sold["settled"] > 0
    # The buyer's own count of verified bytes is what it pays for, and never more.
    assert bought["paid"] <= bought["billed"]
    assert bought["verified"] <= bought["delivered"]
    return bought


@pytest.mark.parametrize("fmt, piece", [("v2", 262_144), ("v1", 1 << 20), ("hybrid", 65_536)])
def test_a_paid_pair_agrees_to_the_wei(trade, fmt, piece):
    place = trade()
    torrent = place.torrent(fmt, piece)
    seller, buyer = place.trader("seller"), place.trader("buyer")
    seller.sell(torrent, place.source, extra=SLOW)
    wait_for_seller(seller)
    buyer.buy(torrent, buyer.got, extra=["--no-seed"])
    buyer.wait_complete(90)
    assert buyer.run.process.wait(30) == 0
    place.check(buyer)
    market.stop(seller)
    bought = agree(seller, buyer)
    mib = len(place.payload) / 2**20
    # Some came before the channel was open; nothing costs more than the price.
    assert 0.3 * mib * market.PRICE < bought["paid"] <= mib * market.PRICE * 1.5
    # Every settlement has its receipt.
    history = seller.speed("history")["entries"]
    receipts = [e for e in history if e["event"] == "transaction" and e["succeeded"]]
    assert receipts and all(
        seller.ledger.rpc("eth_getTransactionReceipt", e["transaction"])["status"] == "0x1"
        for e in receipts)


def test_a_buyer_stays_below_its_budget(trade):
    place = trade()
    torrent = place.torrent()
    seller, buyer = place.trader("seller"), place.trader("buyer")
    seller.sell(torrent, place.source, extra=SLOW)
    wait_for_seller(seller)
    buyer.buy(torrent, buyer.got, budget="0.7 BTT", extra=["--no-seed"])
    buyer.wait_complete(90)
    buyer.run.process.wait(30)
    place.check(buyer)
    market.stop(seller)
    spent = buyer.side("spent")
    assert 0 < spent["paid"] <= 7 * market.BTT // 10
    # The same command again has nothing left to pay with, and the file already.
    assert sum(int(c["deposit"]) for c in buyer.channels()) <= 7 * market.BTT // 10


def test_without_a_budget_nothing_is_paid_and_all_comes(trade):
    place = trade(8 << 20)
    torrent = place.torrent()
    seller = place.trader("seller")
    seller.sell(torrent, place.source)
    wait_for_seller(seller)
    plain = place.other(swarm.BTT, "plain")
    plain.start("get", torrent, plain.got)
    plain.wait_complete(60)
    place.check(plain)
    assert seller.speed("status") is None or seller.side("earned")["paid"] == 0


@pytest.mark.parametrize("victim", ["buyer", "seller"])
def test_books_agree_after_a_kill(trade, victim):
    place = trade(48 << 20)
    torrent = place.torrent()
    seller, buyer = place.trader("seller"), place.trader("buyer")
    seller.sell(torrent, place.source, extra=["--upload-limit", 4_096])
    wait_for_seller(seller)
    buyer.buy(torrent, buyer.got)
    killed = {"buyer": buyer, "seller": seller}[victim]

    def paid():
        spent = buyer.side("spent")
        return spent and spent["paid"] > market.PRICE * 4
    swarm.wait(paid, "a first payment", 60)
    killed.run.process.send_signal(signal.SIGKILL)
    killed.run.process.wait()
    time.sleep(1)
    if victim == "seller":
        seller.sell(torrent, place.source, extra=["--upload-limit", 16_384])
        wait_for_seller(seller)
        buyer.dial(seller.address)
    else:
        buyer.buy(torrent, buyer.got)
    buyer.wait_complete(120)
    place.check(buyer)
    assert market.stop(buyer) in (0, 1)
    market.stop(seller)
    # What the payee holds is what the payer signed, or less; never more.
    signed = {c["channelId"]: int(c["paid"]) for c in buyer.channels()}
    held = {c["channelId"]: int(c["paid"]) for c in seller.channels()}
    for channel, amount in held.items():
        assert amount <= signed.get(channel, 0), channel
    sold, bought = seller.side("earned"), buyer.side("spent")
    assert 0 < sold["paid"] <= bought["paid"] <= 20 * market.BTT


@pytest.mark.parametrize("kind", [swarm.Libtorrent21, swarm.Libtorrent20, swarm.Transmission],
                         ids=lambda kind: kind.name)
def test_others_in_a_paid_swarm_get_all(trade, kind):
    if not kind.available():
        pytest.skip(f"{kind.name} is not installed")
    place = trade(16 << 20)
    torrent = place.torrent("v1", 65_536)
    seller, buyer = place.trader("seller"), place.trader("buyer")
    seller.sell(torrent, place.source, extra=SLOW)
    wait_for_seller(seller)
    other = place.other(kind, "other")
    other.start("get", torrent, other.got)
    buyer.buy(torrent, buyer.got)
    if not kind.finds_peers:
        seller.dial(other.address)
        buyer.dial(other.address)
    other.wait_complete(120)
    buyer.wait_complete(120)
    place.check(other)
    place.check(buyer)
    assert buyer.side("spent")["paid"] > 0


def test_demo_holds_its_own_numbers():
    # Long enough for what comes before the channel is open, and hence free, to weigh little.
    done = node.btt("demo", "--size", 48, "--rate", 3_072, timeout=170, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All numbers hold." in done.stdout
    assert "FAIL" not in done.stdout


def below(folder):
    """The programs whose command line names something in a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            pass
    return found


def wait_for_none(folder, limit=10):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if not below(folder):
            return
        time.sleep(0.05)
    raise AssertionError(f"left running: {below(folder)}")


@pytest.fixture
def demo_folder(tmp_path):
    if not swarm.Transmission.available():
        pytest.skip("transmission is not installed")
    folder = tmp_path / "demo"
    folder.mkdir()
    return folder


def test_demo_with_transmission_holds_its_own_numbers(demo_folder):
    done = node.btt("demo", "--with", "transmission", "--size", 48, "--rate", 4_096, timeout=170,
                    check=False, TMPDIR=str(demo_folder))
    assert "All numbers hold." in done.stdout, done.stdout + done.stderr
    assert "transmission has the file, byte for byte" in done.stdout
    wait_for_none(demo_folder)
    assert not list(demo_folder.iterdir())


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL],
                         ids=lambda how: how.name)
def test_a_demo_that_is_stopped_leaves_no_transmission_behind(demo_folder, how):
    demo = subprocess.Popen(
        [node.binary(), "demo", "--with", "transmission", "--size", "256", "--rate", "1024"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        env=node.clean_environment(TMPDIR=str(demo_folder)))
    try:
        end = time.monotonic() + 60
        while not list(demo_folder.glob("*/transmission.home/settings.json")) or len(
                below(demo_folder)) < 2:
            assert demo.poll() is None and time.monotonic() < end
            time.sleep(0.05)
        demo.send_signal(how)
        code = demo.wait(30)
    finally:
        demo.kill()
    wait_for_none(demo_folder)
    if how is not signal.SIGKILL:
        assert code > 0
        assert not list(demo_folder.iterdir())
