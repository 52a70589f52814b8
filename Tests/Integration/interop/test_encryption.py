"""Encrypted transfers between btt and the other programs, in both directions."""

import json

import pytest
import swarm
from interop.conftest import full
from interop.test_transfers import record, run

BTT = swarm.BTT
KINDS = [swarm.Libtorrent21, swarm.Libtorrent20]
if full():
    KINDS = swarm.CLIENTS
METHODS = {swarm.Transmission: ["rc4"], swarm.Qbittorrent: ["rc4"]}


def cases():
    for kind in KINDS:
        for method in METHODS.get(kind, ["plain", "rc4"]):
            # What is required of us is RC4.
            for policy in ["allow", "prefer"] + ["require"] * (method == "rc4"):
                yield pytest.param(kind, method, policy, id=f"{kind.name}-{method}-{policy}")


@pytest.mark.parametrize("kind,method,policy", list(cases()))
@pytest.mark.parametrize("direction", ["gets", "serves"])
def test_one_that_requires_encryption_and_ours_meet(
        file, peers, tracker, need, record, kind, method, policy, direction):
    need(kind)
    other = type(kind.__name__, (kind,), {"encryption": method})
    ours = type("BTT", (BTT,), {"extra": ("--encryption", policy)})
    pair = (other, ours) if direction == "gets" else (ours, other)
    record(*pair, f"{method}, {policy}")
    torrent = file.torrent("v1", tracker)
    run(peers, file, *pair, torrent, torrent)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("direction", ["gets", "serves"])
def test_one_that_knows_no_encryption_and_ours_that_prefers_it_meet(
        file, peers, tracker, need, record, kind, direction):
    need(kind)
    ours = type("BTT", (BTT,), {"extra": ("--encryption", "prefer")})
    pair = (kind, ours) if direction == "gets" else (ours, kind)
    record(*pair, "none, prefer")
    torrent = file.torrent("v1", tracker)
    run(peers, file, *pair, torrent, torrent)


@pytest.mark.parametrize("seed,get", [("require", "allow"), ("require", "require"),
                                      ("off", "prefer"), ("prefer", "off"),
                                      ("allow", "require")])
def test_two_of_ours_meet(file, peers, tracker, record, seed, get):
    record(BTT, BTT, f"{seed}, {get}")
    kinds = [type("BTT", (BTT,), {"extra": ("--encryption", policy)}) for policy in (seed, get)]
    torrent = file.torrent("hybrid", tracker)
    run(peers, file, *kinds, torrent, torrent)


@pytest.mark.parametrize("kind", [BTT, swarm.Libtorrent21, swarm.Libtorrent20],
                         ids=lambda kind: kind.name)
def test_a_super_seed_brings_several_to_the_end(file, peers, need, record, kind):
    need(kind)
    record(BTT, kind, "super seed")
    torrent = file.torrent("v1")
    seed = peers.client(BTT)
    getters = [peers.client(kind) for _ in range(3)]
    seed.start("seed", torrent, file.path.parent, extra=["--super-seed", "--json"])
    swarm.wait(lambda: seed.run.line('{"event":"complete"'), "the seed to be ready")
    for index, get in enumerate(getters):
        others = [other.address for other in getters[:index]]
        get.start("get", torrent, peers.directory(get), [seed.address, *others])
    for get in getters:
        get.wait_complete(100)
        file.check(get.folder / "got")
    sent = max(json.loads(line).get("uploaded", 0) for line in list(seed.run.lines)
               if line.startswith("{"))
    # Three copies without; what is beyond one is what was asked for twice.
    assert sent < 2 * file.path.stat().st_size
