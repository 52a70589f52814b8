"""A node that pays for its torrents, and what it shows of that."""

import base64
import re
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests

import market
import node
import swarm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from test_torrents import TorrentNode, wait_for  # noqa: E402

# The first two accounts of the mnemonic that everybody's devnet uses.
KEYS = ["0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
        "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"]


def samples(text):
    """The samples of Prometheus's text format, each of which has its type told before it."""
    found, kinds = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name, kind = line.split()[2:]
            kinds[name] = kind
        elif not line.startswith("#"):
            match = re.fullmatch(r"([a-z_]+)(\{[^}]*\})? (\S+)", line)
            assert match, line
            name = re.sub(r"_(bucket|sum|count)$", "", match[1])
            assert match[1] in kinds or kinds.get(name) == "histogram", line
            found[match[1] + (match[2] or "")] = float(match[3])
    return found


@pytest.fixture
def buyer(tmp_path):
    key = tmp_path / "channels.key"
    key.write_text(KEYS[0])
    key.chmod(0o600)
    with TorrentNode(tmp_path / "buyer", f"channels.key_file={key}") as running:
        yield running


def test_a_node_pays_for_a_torrent_and_shows_it(buyer, tmp_path):
    url = buyer.process.url
    seller = market.Trader(
        tmp_path / "seller", SimpleNamespace(url=url, info={"accounts": [{"privateKey": KEYS[1]}]}),
        0)
    source = tmp_path / "source"
    source.mkdir()
    (source / "payload.bin").write_bytes(bytes(range(256)) * (128 << 10))
    torrent = tmp_path / "x.torrent"
    node.btt("torrent", "create", source / "payload.bin", "--output", torrent, "--format", "v2")
    metrics = f"{url}/metrics"
    try:
        seller.sell(torrent, source, extra=["--upload-limit", 4_096])
        swarm.wait(seller.is_complete, "the seeder to check its files", 30)
        reply = buyer.rpc(
            "torrent_add", {"metainfo": base64.b64encode(torrent.read_bytes()).decode()},
            {"peers": [str(seller.address)],
             "buying": {"budget": str(5 * market.BTT), "maxPrice": str(market.BTT)}})
        info_hash = reply["infoHash"]
        wait_for(lambda: buyer.rpc("torrent_get", info_hash)["phase"] == "seeding")
        trade = wait_for(lambda: (lambda now: int(now["spent"]) > 0 and now)(
            buyer.rpc("torrent_trade", info_hash)))
        assert trade["buying"]["budget"] == str(5 * market.BTT)
        assert requests.get(metrics, timeout=10).status_code == 401

        def shown():
            text = requests.get(metrics, headers=buyer.headers, timeout=10)
            assert text.headers["content-type"].startswith("text/plain; version=0.0.4")
            now = samples(text.text)
            return now["btt_speed_spent_wei_total"] == float(trade["spent"]) and now
        now = wait_for(shown)
        assert now['btt_speed_payload_bytes_total{direction="in",paid="true"}'] == (
            trade["paidBytesIn"]) > 0
        assert now['btt_speed_vouchers_total{what="signed"}'] > 0
        assert now['btt_speed_channels_total{what="opened"}'] == 1
        assert now["btt_speed_voucher_wait_seconds_count"] == 0
        assert now["btt_speed_price_wei"] == 0
        buyer.rpc("torrent_remove", info_hash)
        time.sleep(1.2)
        after = samples(requests.get(metrics, headers=buyer.headers, timeout=10).text)
        assert after["btt_speed_spent_wei_total"] >= now["btt_speed_spent_wei_total"]
        assert after["btt_speed_peers"] == 0
    finally:
        seller.stop()


def test_nothing_is_paid_while_spending_is_off(buyer, tmp_path):
    assert buyer.rpc("torrent_spending") is True
    assert buyer.rpc("torrent_spending", False) is False
    seller = market.Trader(
        tmp_path / "seller",
        SimpleNamespace(url=buyer.process.url, info={"accounts": [{"privateKey": KEYS[1]}]}), 0)
    source = tmp_path / "source"
    source.mkdir()
    (source / "payload.bin").write_bytes(bytes(range(256)) * (32 << 10))
    torrent = tmp_path / "x.torrent"
    node.btt("torrent", "create", source / "payload.bin", "--output", torrent)
    try:
        seller.sell(torrent, source, extra=["--upload-limit", 4_096])
        swarm.wait(seller.is_complete, "the seeder to check its files", 30)
        info_hash = buyer.rpc(
            "torrent_add", {"metainfo": base64.b64encode(torrent.read_bytes()).decode()},
            {"peers": [str(seller.address)],
             "buying": {"budget": str(5 * market.BTT), "maxPrice": str(market.BTT)}})["infoHash"]
        wait_for(lambda: buyer.rpc("torrent_get", info_hash)["phase"] == "seeding")
        trade = buyer.rpc("torrent_trade", info_hash)
        assert int(trade["spent"]) == 0 and trade["paidBytesIn"] == 0
        assert buyer.rpc("torrent_spending", True) is True
    finally:
        seller.stop()
