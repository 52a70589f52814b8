"""Transfers between btt and every other program, in both directions, compared byte for byte."""

import json
import re
import subprocess

import pytest
import swarm
from interop.conftest import full

BTT = swarm.BTT
OTHERS = swarm.CLIENTS if full() else swarm.CLIENTS[:2]


def cases():
    for kind in OTHERS:
        for fmt in kind.formats:
            yield pytest.param(kind, fmt, id=f"{kind.name}-{fmt}")


CASES = list(cases())


@pytest.fixture
def record(record_property):
    def record(seed, downloader, feature):
        record_property("pair", f"{seed.name} -> {downloader.name}")
        record_property("feature", feature)
    return record


def run(peers, content, seed_kind, get_kind, source, torrent):
    """Has one program seed and the other get, and compares."""
    seed, get = peers.client(seed_kind), peers.client(get_kind)
    directory = peers.directory(get)
    data = content.seeded_by(seed_kind)
    if get.finds_peers:
        seed.start("seed", torrent, data)
        swarm.wait(lambda: peers.tracker.knows_seed(seed), f"{seed.name} to announce")
        get.start("get", source, directory, [seed.address])
    else:
        get.start("get", source, directory)
        seed.start("seed", torrent, data, [get.address])
    get.wait_complete(50)
    content.check(directory, get_kind)
    return seed, get


@pytest.mark.parametrize("kind,fmt", CASES)
@pytest.mark.parametrize("direction", ["gets", "serves"])
@pytest.mark.parametrize("content", ["file", "folder"] if full() else ["folder"])
def test_a_torrent_goes_over(request, peers, tracker, need, record, kind, fmt, direction, content):
    need(kind)
    content = request.getfixturevalue(content)
    pair = (kind, BTT) if direction == "gets" else (BTT, kind)
    record(*pair, f"{fmt} {content.name}")
    torrent = content.torrent(fmt, tracker)
    run(peers, content, *pair, torrent, torrent)


@pytest.mark.parametrize("kind,fmt", CASES)
@pytest.mark.parametrize("direction", ["gets", "serves"])
def test_a_magnet_link_goes_over(folder, peers, tracker, need, record, kind, fmt, direction):
    need(kind)
    pair = (kind, BTT) if direction == "gets" else (BTT, kind)
    record(*pair, f"{fmt} magnet")
    torrent = folder.torrent(fmt, tracker)
    run(peers, folder, *pair, folder.magnet(torrent, pair[1]), torrent)


@pytest.mark.parametrize("fmt", BTT.formats)
def test_two_of_ours_go_over(folder, peers, tracker, record, fmt):
    record(BTT, BTT, fmt)
    torrent = folder.torrent(fmt, tracker)
    seed, get = run(peers, folder, BTT, BTT, torrent, torrent)
    assert seed.stop() == 0 and get.stop() == 0
    hashes = 2 if fmt == "hybrid" else 1
    assert tracker.events(get) == [["started", "completed", "stopped"]] * hashes
    assert tracker.events(seed) == [["started", "stopped"]] * hashes


@pytest.mark.parametrize("fmt", BTT.formats)
def test_a_magnet_link_of_ours_goes_over(folder, peers, tracker, record, fmt):
    record(BTT, BTT, f"{fmt} magnet")
    torrent = folder.torrent(fmt, tracker)
    run(peers, folder, BTT, BTT, folder.magnet(torrent), torrent)


@pytest.mark.parametrize("host", ["", "localhost"], ids=["address", "name"])
def test_a_magnet_link_that_names_a_peer_is_enough(folder, peers, record, host):
    record(BTT, BTT, f"link to a {'name' if host else 'peer'}")
    torrent = folder.torrent("hybrid")
    seed, get = peers.client(BTT), peers.client(BTT)
    if host:
        seed.ip = "127.0.0.1"
    directory = peers.directory(get)
    seed.start("seed", torrent, folder.path.parent)
    swarm.wait(seed.is_complete, "the seed to be ready")
    magnet = subprocess.run(
        [BTT.binary, "torrent", "magnet", str(torrent), "--peer", f"{host or seed.ip}:{seed.port}"],
        check=True, capture_output=True, text=True).stdout.strip()
    get.start("get", magnet, directory)
    get.wait_complete(20)
    folder.check(directory)


def test_a_transfer_that_was_killed_goes_on(file, peers, tracker, record):
    record(BTT, BTT, "resume")
    torrent = file.torrent("v1", tracker)
    seed, get = peers.client(BTT), peers.client(BTT)
    directory = peers.directory(get)
    seed.start("seed", torrent, file.path.parent, extra=["--upload-limit", "8192"])
    swarm.wait(lambda: tracker.knows_seed(seed), "the seed to announce")
    get.start("get", torrent, directory, [seed.address])
    copy = directory / file.name
    swarm.wait(lambda: copy.exists() and copy.stat().st_blocks * 512 > 10_000_000, "some of it")
    get.stop(9)
    get.start("get", torrent, directory, [seed.address], extra=["--json"])
    swarm.wait(lambda: get.run.line('{"event":"complete"'), "the rest")
    file.check(directory)
    event = get.run.line('{"event":"complete"')
    downloaded = int(re.search(r'"downloaded":(\d+)', event)[1])
    assert downloaded < file.path.stat().st_size - 8_000_000, "what was there came again"


@pytest.mark.parametrize("kind", OTHERS, ids=lambda kind: kind.name)
def test_a_download_from_another_goes_on(file, peers, tracker, need, record, kind):
    need(kind)
    record(kind, BTT, "resume")
    torrent = file.torrent("v1", tracker)
    seed, get = peers.client(kind), peers.client(BTT)
    directory = peers.directory(get)
    seed.start("seed", torrent, file.seeded_by(kind))
    swarm.wait(lambda: tracker.knows_seed(seed), "the seed to announce")
    get.start("get", torrent, directory, [seed.address], extra=["--download-limit", "8192"])
    swarm.wait(lambda: has_part(directory / file.name), "some of it")
    get.stop(9)
    get.start("get", torrent, directory, [seed.address])
    get.wait_complete(50)
    file.check(directory)


@pytest.mark.parametrize("kind", OTHERS, ids=lambda kind: kind.name)
def test_another_goes_on_with_its_download(file, peers, tracker, need, record, kind):
    need(kind)
    record(BTT, kind, "resume")
    torrent = file.torrent("v1", tracker)
    seed, get = peers.client(BTT), peers.client(kind)
    directory = peers.directory(get)
    def begin(limit):
        extra = ["--upload-limit", str(limit)]
        seed.start("seed", torrent, file.path.parent, [get.address], extra)
        swarm.wait(lambda: seed.run.line("complete"), "the seed to be ready")
    begin(4096)
    get.start("get", torrent, directory, [seed.address])
    swarm.wait(lambda: has_part(directory / file.name), "some of it", 50)
    get.stop()
    seed.stop()
    get.start("get", torrent, directory, [seed.address])
    begin(0)
    get.wait_complete(50)
    file.check(directory, kind)


def has_part(copy):
    return copy.exists() and copy.stat().st_blocks * 512 > 6_000_000


@pytest.mark.skipif(not full(), reason="of the whole matrix only: make test-interop")
@pytest.mark.parametrize("kind", [kind for kind in [BTT, *OTHERS] if kind.finds_peers],
                         ids=lambda kind: kind.name)
@pytest.mark.parametrize("scheme", ["http", "udp"])
def test_opentracker_brings_peers_together(
        folder, peers, tmp_path, need, record, request, scheme, kind):
    need(kind)
    need(swarm.Opentracker)
    if kind is swarm.Aria2 and scheme == "udp":
        pytest.skip("aria2 asks UDP trackers only together with its DHT")
    pair = (BTT, kind)
    record(*pair, f"opentracker {scheme}")
    opentracker = swarm.Opentracker(tmp_path / "opentracker")
    request.addfinalizer(opentracker.stop)
    torrent = folder.torrent("v1", opentracker.url(scheme))
    shown = subprocess.run([BTT.binary, "torrent", "show", str(torrent), "--json"], check=True,
                           capture_output=True).stdout
    opentracker.start(json.loads(shown)["infohashV1"])
    seed, get = (peers.client(end) for end in pair)
    directory = peers.directory(get)
    seed.start("seed", torrent, folder.seeded_by(seed))
    swarm.wait(opentracker.knows_a_seed, f"{seed.name} to announce")
    get.start("get", torrent, directory)
    get.wait_complete(50)
    folder.check(directory, get)


def test_only_selected_files_are_fetched(folder, peers, tracker, record):
    record(BTT, BTT, "selection")
    torrent = folder.torrent("v1", tracker)
    seed, get = peers.client(BTT), peers.client(BTT)
    directory = peers.directory(get)
    seed.start("seed", torrent, folder.path.parent)
    swarm.wait(lambda: tracker.knows_seed(seed), "the seed to announce")
    shown = subprocess.run([BTT.binary, "torrent", "show", str(torrent)], check=True,
                           capture_output=True, text=True).stdout
    number = re.search(r"^(\d+) .*last\.bin", shown, re.MULTILINE)[1]
    get.start("get", torrent, directory, [seed.address], extra=["--files", number, "--no-seed"])
    assert get.run.process.wait(30) == 0
    assert (directory / folder.name / "last.bin").read_bytes() == (
        folder.path / "last.bin").read_bytes()
    assert not (directory / folder.name / "a" / "large.bin").exists()


def test_a_download_that_is_stopped_says_so(file, peers, tracker):
    torrent = file.torrent("v1", tracker)
    get = peers.client(BTT)
    get.start("get", torrent, peers.directory(get), extra=["--no-seed"])
    swarm.wait(lambda: tracker.events(get) == [["started"]], "the first announce")
    assert get.stop() == 1
    assert tracker.events(get) == [["started", "stopped"]]
    assert "run the same command again" in (get.folder / "log").read_text()


def test_a_seed_without_its_data_fails(file, peers, tmp_path):
    torrent = file.torrent("v1")
    seed = peers.client(BTT)
    seed.start("seed", torrent, tmp_path)
    assert seed.run.process.wait(20) == 1
    assert "missing" in (seed.folder / "log").read_text()


def test_the_listen_port_of_another_is_refused(file, peers):
    torrent = file.torrent("v1")
    first, second = peers.client(BTT), peers.client(BTT)
    first.start("seed", torrent, file.path.parent)
    swarm.wait(lambda: first.run.line("listening"), "the first to listen")
    second.ip, second.port = first.ip, first.port
    second.start("seed", torrent, file.path.parent)
    assert second.run.process.wait(20) == 1
    assert "listen" in (second.folder / "log").read_text()
