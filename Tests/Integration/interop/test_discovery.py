"""Peers that nobody named: told by other peers, or found; and private torrents, which are silent."""

import json
import subprocess

import pytest
import swarm
import wire
from interop.conftest import full
from interop.test_transfers import record

BTT = swarm.BTT
OTHERS = swarm.CLIENTS if full() else swarm.CLIENTS[:1]
# Some programs first tell others of their peers when they are connected for a while.
PATIENCE = 170
# So slow that nobody is complete, and hence of no more use to others, before the end.
SLOW = ["--upload-limit", "16"]


def exchanging(kind):
    return type(kind.__name__, (kind,), {"pex": True})


def infohash(torrent):
    shown = subprocess.run([BTT.binary, "torrent", "show", str(torrent), "--json"], check=True,
                           capture_output=True).stdout
    return bytes.fromhex(json.loads(shown)["infohashV1"])


@pytest.fixture
def silent_tracker(tracker):
    """One that names nobody: it only hears who is ready to be dialled."""
    tracker.names_peers = False
    return tracker


def ready(tracker, client):
    swarm.wait(lambda: tracker.events(client), f"{client.name} to be ready")


def meet(one, other):
    return wire.are_connected(one, other) or wire.are_connected(other, one)


@pytest.mark.timeout(PATIENCE + 60)
@pytest.mark.parametrize("kind", [BTT, *OTHERS], ids=lambda kind: kind.name)
def test_one_between_brings_two_of_ours_together(file, peers, silent_tracker, need, record, kind):
    need(kind)
    record(kind, BTT, "tells of peers")
    torrent = file.torrent("v1", silent_tracker)
    a, b, c = peers.client(BTT), peers.client(exchanging(kind)), peers.client(BTT)
    b.start("get", torrent, peers.directory(b))
    ready(silent_tracker, b)
    c.start("seed", torrent, file.path.parent, [b.address], SLOW)
    swarm.wait(lambda: meet(b, c), f"{c.name} and {b.name} to meet")
    a.start("get", torrent, peers.directory(a), [b.address], ["--download-limit", "16"])
    swarm.wait(lambda: meet(a, b), f"{a.name} and {b.name} to meet")
    swarm.wait(lambda: meet(a, c), "the two ends to meet", PATIENCE, 0.1)


@pytest.mark.timeout(PATIENCE + 60)
@pytest.mark.parametrize("kind", [kind for kind in OTHERS if kind.finds_peers],
                         ids=lambda kind: kind.name)
def test_one_of_ours_between_brings_others_together(
        file, peers, silent_tracker, need, record, kind):
    need(kind)
    need(SlowSeed)
    record(BTT, kind, "tells of peers")
    torrent = file.torrent("v1", silent_tracker)
    a, b, c = peers.client(exchanging(kind)), peers.client(BTT), peers.client(SlowSeed)
    c.start("seed", torrent, file.path.parent)
    ready(silent_tracker, c)
    b.start("get", torrent, peers.directory(b), [c.address], SLOW)
    swarm.wait(lambda: wire.are_connected(b, c), f"{b.name} to find the seed")
    a.start("get", torrent, peers.directory(a))
    ready(silent_tracker, a)
    b.dial(a.address)
    swarm.wait(lambda: wire.are_connected(a, c), f"{a.name} to find the seed", PATIENCE, 0.1)


class SlowSeed(swarm.Aria2):
    """A seed that tells nobody of anybody, and dials nobody: who finds it was told of it."""

    extra = ("--max-overall-upload-limit=16K",)


@pytest.fixture
def ear():
    try:
        ear = wire.Ear()
    except PermissionError:
        pytest.skip("only root may listen to all datagrams")
    yield ear
    ear.close()


def test_a_private_torrent_is_silent(file, peers, ear, record, tracker, request):
    record(BTT, BTT, "private")
    node = wire.Node(peers.client(BTT).ip)
    request.addfinalizer(node.close)
    heard = {}
    for options in ((), ("--private",)):
        torrent = file.torrent("v1", tracker, extra=options)
        raw = infohash(torrent)
        seed = peers.client(BTT)
        seed.start("seed", torrent, file.path.parent,
                   extra=["--dht", "--dht-node", node.address, "--lsd"])
        swarm.wait(lambda: tracker.knows_seed(seed), "the seed to announce")
        datagrams = []

        def says(*words):
            datagrams.extend(ear.datagrams())
            return any(any(word in datagram for word in words) for datagram in datagrams)

        # Two peers that only look, so that there is somebody to be told of.
        watchers = [wire.Watcher(seed.address, raw, client.ip, client.port)
                    for client in (peers.client(BTT), peers.client(BTT))]
        last = watchers[-1]
        assert last.listen(lambda: last.extensions is not None, 5)
        patience = 3 if options else 60
        heard[bool(options)] = {
            "offers to exchange peers": b"ut_pex" in last.extensions,
            "tells of a peer": last.listen(lambda: last.exchanged, patience),
            "tells of its node": bool(last.ports),
            "asks the table": says(raw),
            "calls on the local network": says(raw.hex().encode(), raw.hex().upper().encode()),
        }
        for watcher in watchers:
            watcher.close()
        assert seed.stop() == 0
    said = [what for what, is_so in heard[True].items() if is_so]
    assert not said, f"a private torrent {said}"
    # What nobody could have heard proves nothing.
    missed = [what for what, is_so in heard[False].items() if not is_so]
    assert not missed, f"a public one does not: {missed}"
