"""Programs that speak BitTorrent, each started as a seed or a downloader on loopback.

Every one has a loopback address of its own, so that none takes two peers for one.
"""

import base64
import itertools
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
_addresses = (f"127.7.{high}.{low}" for high in range(256) for low in range(1, 255))


def free_port(ip):
    with socket.socket() as probe:
        probe.bind((ip, 0))
        return probe.getsockname()[1]


def wait(condition, what, timeout=60, pause=0.02):
    """Waits until the condition gives something true, and gives that."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if got := condition():
            return got
        time.sleep(pause)
    raise AssertionError(f"{what}: not within {timeout} s")


class Lines:
    """A process whose lines of output are kept as they come."""

    def __init__(self, argv, log, stdin=False, env=None):
        self.log = open(log, "wb")
        self.lines = []
        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE if stdin else subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=self.log, env=env, start_new_session=True)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for raw in self.process.stdout:
            self.log.write(raw)
            self.log.flush()
            self.lines.append(raw.decode(errors="replace").rstrip())

    def line(self, start):
        return next((line for line in list(self.lines) if line.startswith(start)), None)

    def say(self, text):
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def stop(self, number=signal.SIGTERM, timeout=10):
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None
        finally:
            self.reader.join(2)
            self.log.close()


class Client:
    """A program; subclasses say how it is started and how it tells that it is complete."""

    name = "?"
    formats = ("v1", "hybrid")
    magnets = True
    # Whether it can be told of a peer at loopback, by a tracker or by hand.
    finds_peers = True
    # Whether it reads links with two infohashes; one that does not gets the first alone.
    reads_hybrid_links = True
    # Whether it makes files without bytes.
    makes_empty_files = True
    # Whether it is told to exchange peers; libtorrent always does.
    pex = False
    # What it is told of encryption: off, or required with plain or rc4 streams behind it.
    encryption = "off"
    # Whether a torrent's pad files are files like others to it, which a seed must have.
    pads_are_files = False

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ip = next(_addresses)
        self.port = free_port(self.ip)
        self.run = None

    @property
    def address(self):
        return f"{self.ip}:{self.port}"

    @classmethod
    def available(cls):
        return True

    def start(self, role, source, directory, peers=()):
        raise NotImplementedError

    def is_complete(self):
        raise NotImplementedError

    def wait_complete(self, timeout=60):
        def look():
            done = self.is_complete()
            if not done and self.run.process.poll() not in (None, 0):
                raise AssertionError(f"{self.name} ended with {self.run.process.returncode}: "
                                     f"{(self.folder / 'log').read_text(errors='replace')[-2000:]}")
            return done
        wait(look, f"{self.name} to complete", timeout)

    def stop(self, number=signal.SIGTERM):
        if self.run:
            return self.run.stop(number)


class BTT(Client):
    name = "btt"
    formats = ("v1", "v2", "hybrid")
    binary = os.environ.get("BTT_BIN", "btt")
    extra = ()

    def start(self, role, source, directory, peers=(), extra=()):
        argv = [self.binary, "torrent", role, str(source), "--data", str(directory), "--listen",
                self.address, "--state", str(self.folder / "state"), *self.extra, *extra]
        for peer in peers:
            argv += ["--peer", peer]
        if role == "get" and "--no-seed" not in extra:
            argv.append("--seed")
        argv = [word for word in argv if word != "--no-seed"]
        self.run = Lines(argv, self.folder / "log", stdin=True)

    def is_complete(self):
        return self.run.line("complete") is not None

    def dial(self, address):
        self.run.say(f"PEER {address}")


class Libtorrent(Client):
    formats = ("v1", "v2", "hybrid")
    python = sys.executable

    @classmethod
    def available(cls):
        probe = [cls.python, "-c", "import libtorrent; print(libtorrent.version)"]
        try:
            done = subprocess.run(probe, capture_output=True, text=True)
        except OSError:
            return False
        return done.returncode == 0 and done.stdout.startswith(cls.version)

    def start(self, role, source, directory, peers=()):
        self.run = Lines(
            [self.python, str(HERE / "lt_peer.py"), role, str(source), str(directory), self.ip,
             str(self.port), *peers], self.folder / "log", stdin=True,
            env=dict(os.environ, ENCRYPTION=self.encryption))
        wait(lambda: self.run.line("READY"), f"{self.name} to start", 20)

    def is_complete(self):
        return self.run.line("COMPLETE") is not None


class Libtorrent21(Libtorrent):
    name = "libtorrent-2.1"
    version = "2.1"


class Libtorrent20(Libtorrent):
    name = "libtorrent-2.0"
    version = "2.0"
    python = "/usr/bin/python3"


class Marked(Client):
    """A program that runs a command when it is complete."""

    program = "?"

    @classmethod
    def available(cls):
        return shutil.which(cls.program) is not None

    @property
    def mark(self):
        return self.folder / "complete"

    def is_complete(self):
        return self.mark.exists()


class Aria2(Marked):
    name, program = "aria2", "aria2c"
    # It drops the empty key that each file tree has, and so gets another infohash of a hybrid.
    formats = ("v1",)
    extra = ()
    ENCRYPTION = {"off": [],
                  "plain": ["--bt-require-crypto=true", "--bt-min-crypto-level=plain"],
                  "rc4": ["--bt-require-crypto=true", "--bt-min-crypto-level=arc4"]}

    def start(self, role, source, directory, peers=()):
        hook = self.folder / "hook.sh"
        hook.write_text(f"#!/bin/sh\n: > {shlex.quote(str(self.mark))}\n")
        hook.chmod(0o755)
        self.run = Lines(
            ["aria2c", "--no-conf", "--disable-ipv6=true", "--enable-dht=false",
             "--enable-dht6=false", "--bt-enable-lpd=false",
             f"--enable-peer-exchange={str(self.pex).lower()}",
             f"--listen-port={self.port}", f"--interface={self.ip}", f"--dir={directory}",
             "--file-allocation=none", "--summary-interval=0", "--show-console-readout=false",
             "--seed-ratio=0.0", "--check-integrity=true", "--bt-hash-check-seed=true",
             "--follow-torrent=mem", f"--on-bt-download-complete={hook}",
             "--allow-overwrite=true", "--stop=600", *self.ENCRYPTION[self.encryption],
             *self.extra, str(source)], self.folder / "log")


class Rtorrent(Marked):
    name = program = "rtorrent"
    pads_are_files = True
    reads_hybrid_links = False
    ENCRYPTION = {"off": "none", "plain": "allow_incoming,require",
                  "rc4": "allow_incoming,require,require_RC4"}

    def start(self, role, source, directory, peers=()):
        session = self.folder / "session"
        session.mkdir(exist_ok=True)
        settings = self.folder / "rtorrent.rc"
        settings.write_text("\n".join([
            "system.daemon.set = true", f"directory.default.set = {directory}",
            f"session.path.set = {session}", f"network.bind_address.set = {self.ip}",
            f"network.local_address.set = {self.ip}",
            f"network.port_range.set = {self.port}-{self.port}", "network.port_random.set = no",
            "dht.mode.set = disable", f"protocol.pex.set = {'yes' if self.pex else 'no'}",
            "trackers.use_udp.set = yes",
            f"protocol.encryption.set = {self.ENCRYPTION[self.encryption]}",
            "pieces.hash.on_completion.set = no",
            f'method.set_key = event.download.finished,mark,"execute2={{touch,{self.mark}}}"',
            # It dials whom other peers named at a tracker's next answer, or when this is set.
            'schedule2 = dial,5,5,"d.multicall2=main,d.peers_min.set=100"',
            f'load.start = "{source}"', ""]))
        self.run = Lines(["rtorrent", "-n", "-o", f"import={settings}"], self.folder / "log")


class Transmission(Client):
    name = "transmission"
    finds_peers = False
    makes_empty_files = False
    # Before version 4 it drops the empty key that each file tree has, as aria2 does.
    formats = ("v1",)

    @classmethod
    def available(cls):
        return shutil.which("transmission-daemon") is not None

    def start(self, role, source, directory, peers=()):
        self.rpc_port = free_port("127.0.0.1")
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        (home / "settings.json").write_text(json.dumps({
            "bind-address-ipv4": self.ip, "bind-address-ipv6": "::1", "peer-port": self.port,
            "peer-port-random-on-start": False, "rpc-bind-address": "127.0.0.1",
            "rpc-port": self.rpc_port, "rpc-whitelist": "127.0.0.1",
            "rpc-authentication-required": False, "dht-enabled": False, "lpd-enabled": False,
            "pex-enabled": False, "utp-enabled": False, "port-forwarding-enabled": False,
            "encryption": {"off": 0, "rc4": 2}[self.encryption], "preallocation": 0,
            "download-dir": str(directory),
            "download-queue-enabled": False, "seed-queue-enabled": False,
            "rename-partial-files": False, "message-level": 1, **({"pex-enabled": True} if self.pex
                                                                   else {})}))
        self.session = ""
        self.run = Lines(["transmission-daemon", "-f", "--config-dir", str(home)],
                         self.folder / "log")

        def answers():
            try:
                return self.rpc("session-get", {})
            except OSError:
                return None
        wait(answers, "transmission's RPC", 20)
        arguments = {"download-dir": str(directory)}
        if str(source).startswith("magnet:"):
            arguments["filename"] = str(source)
        else:
            arguments["metainfo"] = base64.b64encode(Path(source).read_bytes()).decode()
        reply = self.rpc("torrent-add", arguments)["arguments"]
        self.torrent = next(iter(reply.values()))["id"]

    def rpc(self, method, arguments):
        body = json.dumps({"method": method, "arguments": arguments}).encode()
        for _ in range(2):
            request = urllib.request.Request(
                f"http://127.0.0.1:{self.rpc_port}/transmission/rpc", body,
                {"X-Transmission-Session-Id": self.session})
            try:
                with urllib.request.urlopen(request, timeout=10) as reply:
                    return json.load(reply)
            except urllib.error.HTTPError as error:
                if error.code != 409:
                    raise
                self.session = error.headers["X-Transmission-Session-Id"]
        raise OSError("transmission gives no session id")

    def is_complete(self):
        fields = ["percentDone", "status", "leftUntilDone", "metadataPercentComplete"]
        reply = self.rpc("torrent-get", {"ids": [self.torrent], "fields": fields})
        got = reply["arguments"]["torrents"][0]
        return (got["metadataPercentComplete"] == 1 and got["leftUntilDone"] == 0
                and got["percentDone"] == 1 and got["status"] not in (1, 2))


class Qbittorrent(Client):
    name = "qbittorrent"
    formats = ("v1", "v2", "hybrid")

    @classmethod
    def available(cls):
        return shutil.which("qbittorrent-nox") is not None

    def start(self, role, source, directory, peers=()):
        self.web = free_port("127.0.0.1")
        home = self.folder / "profile"
        settings = home / "qBittorrent" / "config" / "qBittorrent.conf"
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text("\n".join([
            "[LegalNotice]", "Accepted=true", "[BitTorrent]", f"Session\\Port={self.port}",
            f"Session\\InterfaceAddress={self.ip}", "Session\\DHTEnabled=false",
            "Session\\LSDEnabled=false", f"Session\\PeXEnabled={str(self.pex).lower()}",
            "Session\\MultiConnectionsPerIp=true", "Session\\BTProtocol=TCP",
            f"Session\\Encryption={2 if self.encryption == 'off' else 1}",
            "Session\\QueueingSystemEnabled=false",
            "Session\\Preallocation=false", "Session\\RefreshInterval=200",
            "[Network]", "PortForwardingEnabled=false",
            "[Preferences]", "WebUI\\Enabled=true", "WebUI\\Address=127.0.0.1",
            f"WebUI\\Port={self.web}", "WebUI\\LocalHostAuth=false", "WebUI\\UseUPnP=false", ""]))
        self.run = Lines(["qbittorrent-nox", f"--profile={home}"], self.folder / "log",
                         env=dict(os.environ, HOME=str(self.folder)))

        def answers():
            try:
                return self.api("app/version")
            except OSError:
                return None
        wait(answers, "qBittorrent's API", 30)
        fields = {"savepath": str(directory), "paused": "false", "autoTMM": "false"}
        upload = None
        if str(source).startswith("magnet:"):
            fields["urls"] = str(source)
        else:
            upload = Path(source).read_bytes()
        self.api("torrents/add", fields, upload)

    def api(self, path, fields=None, upload=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.web}/api/v2/{path}")
        if fields is not None:
            edge = "----interop"
            body = b"".join(
                f'--{edge}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
                .encode() for key, value in fields.items())
            if upload is not None:
                body += (f'--{edge}\r\nContent-Disposition: form-data; name="torrents"; '
                         f'filename="a.torrent"\r\nContent-Type: application/x-bittorrent\r\n\r\n'
                         ).encode() + upload + b"\r\n"
            request.data = body + f"--{edge}--\r\n".encode()
            request.add_header("Content-Type", f"multipart/form-data; boundary={edge}")
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.read()

    def is_complete(self):
        listed = json.loads(self.api("torrents/info"))
        return bool(listed) and listed[0]["state"] in ("uploading", "stalledUP", "forcedUP")


class Opentracker:
    """The tracker of that name, over HTTP and UDP on one port, for torrents of its list."""

    name = "opentracker"

    @classmethod
    def available(cls):
        return shutil.which(cls.name) is not None

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir()
        self.port = free_port("127.0.0.1")
        self.run = None

    def url(self, scheme):
        return f"{scheme}://127.0.0.1:{self.port}/announce"

    def start(self, *infohashes):
        # As root it makes the folder its root, and gives its rights away: hence no path.
        (self.folder / "list").write_text("".join(f"{infohash}\n" for infohash in infohashes))
        port = str(self.port)
        self.run = Lines(["opentracker", "-i", "127.0.0.1", "-p", port, "-P", port, "-d",
                          str(self.folder), "-w", "list"], self.folder / "log")

        def answers():
            try:
                return socket.create_connection(("127.0.0.1", self.port), 1).close() is None
            except OSError:
                return False
        wait(answers, "opentracker", 10)
        self.infohashes = infohashes

    def counts(self):
        """How many seeds and downloaders it knows; a torrent that nobody announced is not told."""
        names = "&".join(f"info_hash={urllib.parse.quote(bytes.fromhex(infohash))}"
                         for infohash in self.infohashes)
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/scrape?{names}", timeout=5) as it:
            answer = it.read()
        return tuple(sum(map(int, re.findall(rb":%si(\d+)e" % key, answer)))
                     for key in (b"complete", b"incomplete"))

    def knows_a_seed(self):
        return self.counts()[0] > 0

    def knows_a_downloader(self):
        return self.counts()[1] > 0

    def stop(self):
        if self.run:
            self.run.stop()


CLIENTS = [Libtorrent21, Libtorrent20, Transmission, Aria2, Rtorrent, Qbittorrent]
