import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import swarm
from tracker import Tracker

RESULTS = []
SKIPPED = set()


def full():
    return os.environ.get("BTT_INTEROP") == "full"


@pytest.fixture
def tracker():
    tracker = Tracker()
    yield tracker
    tracker.close()


class Content:
    """A payload, and torrents of it."""

    def __init__(self, folder, name, sizes, seed):
        self.folder = folder / name
        self.path = self.folder / "data" / name
        self.name = name
        source = random.Random(seed)
        if isinstance(sizes, int):
            self.path.parent.mkdir(parents=True)
            self.path.write_bytes(source.randbytes(sizes))
        else:
            for file, size in sizes.items():
                path = self.path / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(source.randbytes(size))

    def torrent(self, fmt, tracker=None, piece=65_536):
        torrent = self.folder / f"{fmt}-{os.urandom(4).hex()}.torrent"
        argv = [swarm.BTT.binary, "torrent", "create", str(self.path), "--output", str(torrent),
                "--format", fmt, "--piece-length", str(piece)]
        if tracker:
            argv += ["--tracker", tracker if isinstance(tracker, str) else tracker.url]
        subprocess.run(argv, check=True, capture_output=True)
        return torrent

    def magnet(self, torrent, kind=swarm.BTT):
        """The link to a torrent, as a program can read it."""
        magnet = subprocess.run([swarm.BTT.binary, "torrent", "magnet", str(torrent)], check=True,
                                capture_output=True, text=True).stdout.strip()
        if not kind.reads_hybrid_links and "urn:btih:" in magnet:
            magnet = re.sub(r"&?xt=urn:btmh:[^&]*", "", magnet)
        return magnet

    def seeded_by(self, kind, piece=65_536):
        """The folder from which a program seeds: that of a program that takes pads for files has
        them, and is its own, since it writes there."""
        if not kind.pads_are_files or self.path.is_file():
            return self.path.parent
        copy = self.folder / kind.name
        if not copy.exists():
            shutil.copytree(self.path, copy / self.name)
            pads = copy / self.name / ".pad"
            pads.mkdir()
            for path in self.path.rglob("*"):
                if path.is_file() and (length := -path.stat().st_size % piece):
                    (pads / str(length)).write_bytes(bytes(length))
        return copy

    def check(self, directory, kind=swarm.BTT):
        """Fails unless a program's copy in a folder has each byte."""
        copy = Path(directory) / self.name
        if self.path.is_file():
            assert copy.read_bytes() == self.path.read_bytes(), f"{copy} differs"
            return
        for path in self.path.rglob("*"):
            if path.is_file() and (kind.makes_empty_files or path.stat().st_size):
                mine = copy / path.relative_to(self.path)
                assert mine.read_bytes() == path.read_bytes(), f"{mine} differs"


@pytest.fixture(scope="session")
def file(tmp_path_factory):
    """One file whose last piece and last block are short."""
    return Content(tmp_path_factory.mktemp("file"), "one.bin", 24 * 1_048_576 + 12_345, 1)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Files of all lengths in folders, one of them empty."""
    sizes = {"a/large.bin": 9_000_001, "a/one byte": 1, "b/empty": 0, "b/block.bin": 16_384,
             "b/c/piece.bin": 65_536, "zäöü.txt": 70_000, "last.bin": 3_000_000}
    return Content(tmp_path_factory.mktemp("folder"), "many", sizes, 2)


class Swarm:
    """Starts programs and ends them all."""

    def __init__(self, folder, tracker):
        self.folder, self.tracker, self.clients = folder, tracker, []

    def client(self, kind):
        client = kind(self.folder / f"{len(self.clients)}-{kind.name}")
        self.clients.append(client)
        self.tracker.expect(client)
        return client

    def directory(self, client):
        directory = client.folder / "got"
        directory.mkdir()
        return directory

    def close(self):
        for client in self.clients:
            client.stop()


@pytest.fixture
def peers(tmp_path, tracker):
    running = Swarm(tmp_path, tracker)
    yield running
    running.close()


@pytest.fixture
def need():
    """Skips a test by the name of the program that is not there."""
    def need(kind):
        if not kind.available():
            SKIPPED.add(kind.name)
            pytest.skip(f"{kind.name} is not installed")
    return need


def pytest_runtest_logreport(report):
    properties = dict(report.user_properties)
    if "pair" in properties and (report.when == "call" or report.outcome != "passed"):
        RESULTS.append((properties["pair"], properties["feature"], report.outcome,
                        report.duration))


def pytest_terminal_summary(terminalreporter):
    if not RESULTS:
        return
    write = terminalreporter.write_line
    write("")
    write(f"{'seed -> downloader':<34} {'what':<18} {'result':<8} seconds")
    for pair, feature, outcome, seconds in sorted(RESULTS):
        write(f"{pair:<34} {feature:<18} {outcome:<8} {seconds:.1f}")
    passed = sum(outcome == "passed" for _, _, outcome, _ in RESULTS)
    write(f"{passed} of {len(RESULTS)} pairs passed; not installed: "
          f"{', '.join(sorted(SKIPPED)) or 'none'} ({len(SKIPPED)})")
