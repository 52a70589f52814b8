"""Torrents run by nodes: JSON-RPC, commands, events, and what outlives a restart."""

import base64
import json
import os
import threading
import time

import pytest
import requests

import node

LIMIT = 60


def wait_for(what, limit=LIMIT):
    """Asks again and again until the answer is true."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        answer = what()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError("it did not come to it in time")


class TorrentNode:
    """A node that runs torrents, and commands against it."""

    def __init__(self, path, *settings):
        self.directory = node.NodeDirectory(path)
        self.directory.init()
        self.settings = [
            "--torrents", "--set", "torrents.listen=127.0.0.1:0",
            *(part for setting in settings for part in ("--set", setting))]
        self.process = None

    def start(self):
        self.process = self.directory.start(*self.settings).wait()
        self.token = (self.directory.data / "admin.token").read_text().strip()
        self.headers = {"Authorization": f"Bearer {self.token}"}
        return self

    def stop(self):
        assert self.process.stop() == 0

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process.process.poll() is None:
            self.process.stop()

    @property
    def files(self):
        return self.directory.data / "downloads"

    def rpc(self, method, *params, **options):
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        reply = self.process.post(body, headers=self.headers, **options).json()
        if "error" in reply:
            raise node.RPCFailure(reply["error"])
        return reply["result"]

    def torrent(self, *command, check=True):
        """A `btt torrent` command; its object, or its failure's."""
        done = node.btt(
            "torrent", *command, "--rpc", self.process.url, "--token-file",
            self.directory.data / "admin.token", "--json", check=check)
        return json.loads(done.stdout if check else done.stderr.strip().splitlines()[-1])

    def phase(self, info_hash):
        return self.rpc("torrent_get", info_hash)["phase"]

    def wait_phase(self, info_hash, *phases):
        return wait_for(lambda: self.phase(info_hash) in phases)

    @property
    def listens(self):
        return self.rpc("torrent_session")["listen"]


@pytest.fixture(scope="module")
def seeder(tmp_path_factory):
    """A node that serves a torrent of some files."""
    with TorrentNode(tmp_path_factory.mktemp("seeder")) as one:
        share = one.files / "share"
        (share / "deep").mkdir(parents=True)
        one.contents = {"a.bin": os.urandom(3_000_000), "deep/b": os.urandom(70_000), "empty": b""}
        for name, content in one.contents.items():
            (share / name).write_bytes(content)
        one.file = one.directory.path / "share.torrent"
        node.btt("torrent", "create", share, "--output", one.file)
        one.hash = one.torrent("add", one.file)["infoHash"]
        one.wait_phase(one.hash, "seeding")
        yield one


def same(seeder, folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*") if path.is_file()} == seeder.contents


def test_one_node_gets_from_the_other_and_goes_on_after_a_restart(seeder, tmp_path):
    leecher = TorrentNode(tmp_path / "leecher", "torrents.download_limit=512")
    with leecher:
        events = []
        ready = threading.Event()

        def listen():
            with requests.get(
                    leecher.process.url + "/events/torrents", headers=leecher.headers,
                    stream=True, timeout=LIMIT) as stream:
                try:
                    for line in stream.iter_lines(decode_unicode=True):
                        if line.startswith(":"):
                            ready.set()
                        if line.startswith("event: "):
                            events.append(line[7:])
                except requests.exceptions.ChunkedEncodingError:
                    pass  # the node has ended

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        assert ready.wait(LIMIT)
        added = leecher.torrent("add", seeder.file, "--peer", seeder.listens)
        assert added == {"infoHash": seeder.hash, "name": "share"}
        wait_for(lambda: leecher.rpc("torrent_get", seeder.hash)["piecesDone"] > 2)
        peers = leecher.torrent("peers", seeder.hash)["peers"]
        assert peers[0]["address"] == seeder.listens and peers[0]["client"] == "btt"
        assert leecher.torrent("pause", seeder.hash[:12]) == {"paused": [seeder.hash]}
        row = leecher.torrent("status", seeder.hash)
        assert row["phase"] == "paused" and 0 < row["bytesDone"] < row["bytesWanted"]
        assert leecher.torrent("peers", seeder.hash)["peers"] == []
        leecher.stop()
        listener.join(LIMIT)
        assert events[0] == "added" and "phase" in events

    with leecher:
        # What was paused stays so, with what it had.
        again = leecher.torrent("status", seeder.hash)
        assert again["phase"] == "paused" and again["bytesDone"] == row["bytesDone"]
        assert again["downloaded"] >= row["downloaded"] > 0
        leecher.torrent("limits", "--download-limit", 0)
        leecher.torrent("resume", "all")
        leecher.wait_phase(seeder.hash, "seeding")
        assert same(seeder, leecher.files / "share")
        done = leecher.torrent("status", seeder.hash)
        # Nothing but the pieces that were cut short is fetched twice.
        assert done["downloaded"] < 3_070_000 + 4 * (1 << 20)
        assert done["completedAt"] >= done["addedAt"] > 1_700_000_000
        files = leecher.torrent("files", seeder.hash)["files"]
        assert {f["path"]: f["done"] for f in files}["share/a.bin"] == 3_000_000
        assert leecher.torrent("list")["torrents"][0]["infoHash"] == seeder.hash
        assert leecher.torrent("remove", seeder.hash, "--files") == {"removed": [seeder.hash]}
        assert leecher.torrent("list") == {"torrents": []}
        assert not (leecher.files / "share").exists()
        leecher.stop()

    with leecher:
        assert leecher.torrent("list") == {"torrents": []}


def test_a_link_and_a_kill(seeder, tmp_path):
    """What is killed in the middle goes on by itself, and asks nobody for the metadata again."""
    link = node.btt_json("torrent", "magnet", seeder.file)["magnet"]
    leecher = TorrentNode(tmp_path / "leecher", "torrents.download_limit=1024")
    with leecher:
        leecher.torrent("add", link, "--peer", seeder.listens, "--directory", "films/new")
        wait_for(lambda: leecher.rpc("torrent_get", seeder.hash)["piecesDone"] > 2)
        leecher.process.kill()
    with leecher:
        assert leecher.rpc("torrent_get", seeder.hash)["name"] == "share"
        leecher.rpc("torrent_setLimits", None, {"download": 0})
        leecher.wait_phase(seeder.hash, "seeding")
        assert same(seeder, leecher.files / "films/new/share")
        # Complete and at rest, it is served to whoever asks.
        leecher.stop()
    with leecher, TorrentNode(tmp_path / "third") as third:
        assert leecher.rpc("torrent_session")["running"] == 0
        third.torrent("add", seeder.file, "--peer", leecher.listens)
        third.wait_phase(seeder.hash, "seeding")
        assert leecher.rpc("torrent_get", seeder.hash)["uploaded"] >= 3_000_000


def test_priorities_and_limits_change_while_it_runs(seeder, tmp_path):
    with TorrentNode(tmp_path / "leecher") as leecher:
        leecher.torrent(
            "add", seeder.file, "--peer", seeder.listens, "--download-limit", 16, "--paused")
        files = leecher.torrent("files", seeder.hash)["files"]
        number = {f["path"]: f["number"] for f in files}
        leecher.torrent(
            "files", seeder.hash, "--priorities", f"{number['share/a.bin']}=0")
        leecher.torrent("resume", seeder.hash)
        leecher.torrent("limits", seeder.hash, "--download-limit", 0)
        leecher.wait_phase(seeder.hash, "seeding")
        assert (leecher.files / "share/deep/b").read_bytes() == seeder.contents["deep/b"]
        leecher.torrent("files", seeder.hash, "--priorities", f"{number['share/a.bin']}=7")
        wait_for(lambda: leecher.rpc("torrent_get", seeder.hash)["bytesDone"] > 3_000_000)
        assert same(seeder, leecher.files / "share")


def test_strangers_and_web_pages_are_refused(seeder):
    url, hash_ = seeder.process.url, seeder.hash
    body = {"jsonrpc": "2.0", "id": 1, "method": "torrent_remove", "params": [hash_, True]}

    def post(**headers):
        return requests.post(
            url, json=body, headers={"Content-Type": "application/json"} | headers, timeout=10)

    # Without the token, with a wrong one, from a page whose name was bound to this address, and
    # as a page can send it without asking first.
    assert "token" in post().json()["error"]["message"]
    assert post(Authorization="Bearer " + "0" * 64).status_code == 401
    assert post(Host="rebound.example", **seeder.headers).status_code == 403
    assert requests.post(
        url, data=json.dumps(body), headers={"Content-Type": "text/plain"}, timeout=10
    ).status_code == 415
    preflight = requests.options(
        url, headers={"Origin": "https://evil.example"}, timeout=10)
    assert preflight.status_code == 403
    events = url + "/events/torrents"
    assert requests.get(events, timeout=10).status_code == 401
    assert requests.get(
        events, headers={"Host": "rebound.example"} | seeder.headers, timeout=10
    ).status_code == 403
    assert seeder.phase(hash_) == "seeding"


def test_hostile_parameters_are_refused(seeder, tmp_path):
    def refused(*params):
        with pytest.raises(node.RPCFailure) as failure:
            seeder.rpc("torrent_add", *params)
        return failure.value

    torrent = {"metainfo": base64.b64encode(seeder.file.read_bytes()).decode()}
    assert refused(torrent, {"directory": "/etc"}).code == -32602
    assert refused(torrent, {"directory": "../../x"}).code == -32602
    assert refused({"path": "/etc/passwd"}).code == -32602
    assert refused({"path": str(seeder.file)}).code == -32602
    link = seeder.files / "link"
    link.symlink_to(tmp_path)
    assert refused(torrent, {"directory": str(link / "x")}).code == -32602
    link.unlink()
    assert refused({"metainfo": base64.b64encode(b"l" * 500_000).decode()}).code == -32602
    body = b'{"jsonrpc":"2.0","id":1,"method":"torrent_add","params":[{"metainfo":"' + b"A" * (
        6 << 20) + b'"}]}'
    assert seeder.process.post(body, headers=seeder.headers).status_code == 413
    assert [t["infoHash"] for t in seeder.torrent("list")["torrents"]] == [seeder.hash]


def test_a_folder_of_the_owners_choice(seeder, tmp_path):
    """Another root may be used, and a torrent file in it be read."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "share.torrent").write_bytes(seeder.file.read_bytes())
    with TorrentNode(tmp_path / "node", f"torrents.roots={root}") as one:
        one.rpc(
            "torrent_add", {"path": str(root / "share.torrent")},
            {"directory": str(root / "new"), "peers": [seeder.listens]})
        one.wait_phase(seeder.hash, "seeding")
        assert same(seeder, root / "new/share")


def test_commands_say_what_is_wrong(seeder, tmp_path):
    failure = seeder.torrent("pause", "ffffffff", check=False)["error"]
    assert failure["code"] == "not-found" and "btt torrent list" in failure["next"]
    failure = seeder.torrent("add", seeder.file, check=False)["error"]
    assert "in the session already" in failure["message"]
    done = node.btt("torrent", "list", "--rpc", seeder.process.url, "--json", check=False)
    assert done.returncode == 1
    assert "token" in json.loads(done.stderr)["error"]["message"]
    assert node.btt("torrent", "limits", "--upload-limit", 3, check=False).returncode == 2
    plain = node.NodeDirectory(tmp_path)
    plain.init()
    with plain.start() as process:
        done = node.btt(
            "torrent", "list", "--rpc", process.url, "--token-file", plain.data / "admin.token",
            check=False)
        assert done.returncode == 1 and "--torrents" in done.stderr


def test_what_people_see(seeder):
    def text(*command):
        return node.btt(
            "torrent", *command, "--rpc", seeder.process.url, "--token-file",
            seeder.directory.data / "admin.token").stdout

    assert "share" in text("list") and "seeding" in text("list")
    assert "folder" in text("status", seeder.hash[:8])
    assert "listening on" in text("status")
    assert "no peers" in text("peers", seeder.hash) or "btt" in text("peers", seeder.hash)
    assert "share/a.bin" in text("files", seeder.hash)
    assert "no limit" in text("limits")
    assert text("watch", "--count", 1).count("\n") == 2
