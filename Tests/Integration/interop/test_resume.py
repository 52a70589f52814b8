"""Downloads that are killed at random moments, and go on.

BTT_KILLS says how many (10 unless told; `make test-kill` takes more), BTT_SEED repeats a run's
choices (not its timing).
"""

import json
import os
import random
import time

import pytest
import swarm
from interop.conftest import Content

KILLS = int(os.environ.get("BTT_KILLS", "10"))
SEED = int(os.environ.get("BTT_SEED", str(random.randrange(2**32))))
SIZE = 40 * 1_048_576 + 4_321
PIECE = 131_072
# What a crash may lose by the storage's promise, and a piece that was on its way.
BOUND = 16 * 1_048_576 + PIECE


class Download:
    """One download, however often it is killed and started again."""

    def __init__(self, peers, content, torrent, seed):
        self.content, self.torrent, self.seed = content, torrent, seed
        self.get = peers.client(swarm.BTT)
        self.directory = peers.directory(self.get)
        self.copy = self.directory / content.name

    def start(self):
        self.get.start("get", self.torrent, self.directory, [self.seed.address],
                       extra=["--json", "--no-seed"])
        swarm.wait(lambda: self.get.run.line('{"event":"listening"'), "it to listen",
                   pause=0.002)

    def kill(self):
        """Ends it at once; tells whether it was still at work."""
        was_at_work = self.get.run.process.poll() is None and not self.complete()
        self.get.stop(9)
        return was_at_work

    def complete(self):
        line = self.get.run.line('{"event":"complete"')
        return line and json.loads(line)

    def finish(self):
        done = swarm.wait(self.complete, "the rest", 30, pause=0.002)
        assert self.get.run.process.wait(10) == 0
        self.content.check(self.directory)
        return done

    def on_disk(self):
        """How many bytes of whole right pieces the file has."""
        if not self.copy.exists():
            return 0
        total = 0
        with open(self.copy, "rb") as mine, open(self.content.path, "rb") as right:
            while expected := right.read(PIECE):
                total += len(expected) if mine.read(PIECE) == expected else 0
        return total


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    return Content(tmp_path_factory.mktemp("large"), "large.bin", SIZE, 3)


@pytest.mark.timeout(60 + 10 * KILLS)
def test_a_download_that_is_killed_at_any_moment_goes_on(large, peers, record_property):
    record_property("pair", "btt -> btt")
    record_property("feature", f"{KILLS} kills")
    print(f"BTT_SEED={SEED}")
    dice = random.Random(SEED)
    torrents = [large.torrent(fmt, piece=PIECE) for fmt in swarm.BTT.formats]
    seeds = []
    for torrent in torrents:
        seeds.append(peers.client(swarm.BTT))
        seeds[-1].start("seed", torrent, large.path.parent)
        swarm.wait(lambda: seeds[-1].run.line("complete"), "the seed to be ready")
    whole = Download(peers, large, torrents[0], seeds[0])
    whole.start()
    began = time.monotonic()
    swarm.wait(whole.complete, "a download to end", pause=0.002)
    span = time.monotonic() - began
    whole.finish()
    kills = 0
    while kills < KILLS:
        turn = dice.randrange(len(torrents))
        download = Download(peers, large, torrents[turn], seeds[turn])
        for _ in range(dice.randint(1, 4)):
            download.start()
            time.sleep(dice.random() * span)
            kills += download.kill()
        there = download.on_disk()
        download.start()
        done = download.finish()
        assert done["downloaded"] <= SIZE - there + BOUND, "more came again than was in doubt"
        assert done["hashedAtStart"] * PIECE <= BOUND, "what the record vouches for was hashed"
        download.copy.unlink()
