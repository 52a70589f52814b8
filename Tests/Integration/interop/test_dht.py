"""Peers found without trackers, and without anybody naming them: by the distributed hash table, and
on the local network. All of it is on loopback, where nodes have to be named."""

import socket
import struct

import pytest
import swarm
from interop.test_transfers import record

BTT = swarm.BTT
LIBTORRENTS = [swarm.Libtorrent21, swarm.Libtorrent20]
GROUP, GROUP_PORT = "239.192.152.143", 6771


class Ours(BTT):
    """One that looks for peers in the table, beginning at the given nodes."""

    def __init__(self, folder, nodes=(), lsd=False):
        super().__init__(folder)
        self.extra = [word for node in nodes for word in ("--dht-node", node)]
        self.extra += ["--lsd"] if lsd else []
        self.extra += [] if nodes or not lsd else ["--no-dht"]

    def start(self, *arguments, **options):
        super().start(*arguments, **options)
        # What is asked before it listens is lost, and not every program asks again.
        swarm.wait(lambda: self.run.line("listening"), f"{self.name} to listen")


def theirs(kind):
    class Theirs(kind):
        def __init__(self, folder, nodes=(), lsd=False):
            super().__init__(folder)
            self.variables = {"DHT": ",".join(nodes)} if not lsd else {"LSD": "1"}

        def start(self, role, source, directory, peers=()):
            self.run = swarm.Lines(
                [self.python, str(swarm.HERE / "lt_peer.py"), role, str(source), str(directory),
                 self.ip, str(self.port), *peers], self.folder / "log", stdin=True,
                env=dict(swarm.os.environ, **self.variables))
            swarm.wait(lambda: self.run.line("READY"), f"{self.name} to start", 20)
    return Theirs


def start(peers, kind, name, **options):
    client = kind(peers.folder / name, **options)
    peers.clients.append(client)
    return client


PAIRS = [(BTT, BTT)] + [pair for kind in LIBTORRENTS for pair in ((BTT, kind), (kind, BTT))]


@pytest.mark.parametrize("seed_kind,get_kind", PAIRS,
                         ids=[f"{seed.name}-to-{get.name}" for seed, get in PAIRS])
def test_a_magnet_link_alone_is_enough(file, folder, peers, need, record, seed_kind, get_kind):
    """Nodes of both programs; seed and downloader know none of them in common."""
    need(seed_kind)
    need(get_kind)
    record(seed_kind, get_kind, "magnet by DHT")
    other = folder.torrent("v1")
    kinds = [Ours if kind is BTT else theirs(kind) for kind in (seed_kind, get_kind)]
    first = start(peers, Ours, "node-0")
    first.start("seed", other, folder.path.parent)
    nodes = [first]
    for number, kind in enumerate([Ours, *kinds, Ours], 1):
        node = start(peers, kind, f"node-{number}", nodes=[nodes[-1].address])
        node.start("seed", other, folder.path.parent)
        nodes.append(node)
    torrent = file.torrent("v1")
    seed = start(peers, kinds[0], "the-seed", nodes=[nodes[1].address])
    seed.start("seed", torrent, file.path.parent)
    get = start(peers, kinds[1], "the-downloader", nodes=[nodes[-1].address])
    directory = peers.directory(get)
    get.start("get", file.magnet(torrent, BTT), directory)
    get.wait_complete(50)
    file.check(directory)


def test_a_restarted_program_finds_its_nodes_again(file, folder, peers, record):
    record(BTT, BTT, "nodes kept")
    node = start(peers, Ours, "node")
    node.start("seed", folder.torrent("v1"), folder.path.parent)
    torrent = file.torrent("v1")
    seed = start(peers, Ours, "seed", nodes=[node.address])
    seed.start("seed", torrent, file.path.parent)
    get = start(peers, Ours, "get", nodes=[node.address])
    directory = peers.directory(get)
    get.start("get", file.magnet(torrent, BTT), directory)
    get.wait_complete(40)
    assert get.stop() == 0
    # What was here is gone, and nobody says where the others are.
    (directory / file.name).unlink()
    get.extra = []
    get.start("get", file.magnet(torrent, BTT), directory)
    get.wait_complete(40)
    file.check(directory)


@pytest.fixture
def multicast():
    """Skips where the loopback device takes no multicast."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hearing, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        try:
            hearing.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            hearing.bind(("", GROUP_PORT))
            hearing.settimeout(2)
            member = socket.inet_aton(GROUP) + socket.inet_aton("127.0.0.1")
            hearing.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
            sending.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                               socket.inet_aton("127.0.0.1"))
            sending.sendto(b"is anybody there?", (GROUP, GROUP_PORT))
            hearing.recv(100)
        except OSError as error:
            pytest.skip(f"no multicast on loopback: {error}")


@pytest.mark.parametrize("fmt", BTT.formats)
def test_neighbours_find_each_other(file, peers, multicast, record, fmt):
    record(BTT, BTT, f"{fmt} by LSD")
    torrent = file.torrent(fmt)
    get = start(peers, Ours, "get", lsd=True)
    directory = peers.directory(get)
    get.start("get", file.magnet(torrent, BTT), directory)
    swarm.wait(lambda: get.run.line("listening"), "it to listen")
    seed = start(peers, Ours, "seed", lsd=True)
    seed.start("seed", torrent, file.path.parent)
    get.wait_complete(30)
    file.check(directory)


def test_a_neighbours_announcement_is_heard_and_ours_is_as_it_should_be(
        file, peers, multicast, record):
    record(BTT, BTT, "LSD messages")
    torrent = file.torrent("v1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hearing, \
            socket.create_server(("127.0.0.1", 0)) as peer, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        hearing.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        hearing.bind(("", GROUP_PORT))
        hearing.settimeout(15)
        hearing.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                           socket.inet_aton(GROUP) + socket.inet_aton("127.0.0.1"))
        seed = start(peers, Ours, "seed", lsd=True)
        seed.start("seed", torrent, file.path.parent)
        while True:
            heard, address = hearing.recvfrom(2_000)
            lines = heard.decode().split("\r\n")
            if f"Port: {seed.port}" in lines:
                break
        assert lines[0] == "BT-SEARCH * HTTP/1.1"
        assert lines[1] == f"Host: {GROUP}:{GROUP_PORT}"
        assert heard.endswith(b"\r\n\r\n\r\n")
        assert address[0] == seed.ip
        infohash = next(line for line in lines if line.startswith("Infohash: ")).split()[1]
        sending.bind(("127.0.0.1", 0))
        sending.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                           socket.inet_aton("127.0.0.1"))
        text = (f"BT-SEARCH * HTTP/1.1\r\nHost: {GROUP}:{GROUP_PORT}\r\n"
                f"Port: {peer.getsockname()[1]}\r\nInfohash: {infohash}\r\n\r\n\r\n")
        sending.sendto(text.encode(), (GROUP, GROUP_PORT))
        peer.settimeout(15)
        connection, _ = peer.accept()
        connection.settimeout(5)
        length, protocol = struct.unpack(">B19s", connection.recv(20, socket.MSG_WAITALL))
        assert (length, protocol) == (19, b"BitTorrent protocol")
        connection.close()
