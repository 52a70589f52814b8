"""Running `btt` and talking to it."""

import json
import os
import pathlib
import select
import signal
import subprocess
import time

import requests

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The accounts of the mnemonic that everybody's devnet uses; the block maker is the eleventh.
MAKER = "0xBcd4042DE499D14e55001CcbB24a551F3b954096"
MAKER_KEY = "0xf214f2b2cd398c806f84e317254e0f0b801d0643303237d97a22a48e01628897"
START_LIMIT = 30


def binary():
    """The path of `btt`: BTT_BIN, or what was built for release, or for debugging."""
    named = os.environ.get("BTT_BIN")
    built = [ROOT / f".build/{kind}/btt" for kind in ("release", "debug")]
    candidates = [named] if named else built
    for path in candidates:
        if os.access(path, os.X_OK):
            return str(path)
    raise RuntimeError(f"no btt at {candidates}: build it, or set BTT_BIN")


def clean_environment(**extra):
    """The environment without the caller's settings of btt, and with `extra`."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("BTT_")}
    return kept | extra


def btt(*arguments, check=True, timeout=60, stdin="", **environment):
    """Runs a command to its end."""
    done = subprocess.run(
        [binary(), *map(str, arguments)], capture_output=True, text=True, timeout=timeout,
        input=stdin, env=clean_environment(**environment))
    if check and done.returncode != 0:
        raise AssertionError(f"btt {arguments} ended with {done.returncode}: {done.stderr}")
    return done


def btt_json(*arguments, **options):
    """What a command prints with --json."""
    return json.loads(btt(*arguments, "--json", **options).stdout)


class RPCFailure(Exception):
    """The error member of a reply."""

    def __init__(self, error):
        super().__init__(error["message"])
        self.code, self.message, self.data = error["code"], error["message"], error.get("data")


class Process:
    """A running `btt devnet` or `btt node run`."""

    def __init__(self, arguments, log, **environment):
        self.log = open(log, "ab")
        self.log_path = log
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [binary(), *map(str, arguments), "--rpc-port", "0", "--json"],
            stdout=subprocess.PIPE, stderr=self.log, stdin=subprocess.DEVNULL,
            env=clean_environment(**environment))
        self.info = None
        self.session = requests.Session()

    def wait(self):
        """Waits until requests are answered."""
        if self.info is not None:
            return self
        ready, _, _ = select.select([self.process.stdout], [], [], START_LIMIT)
        if not ready:
            self.process.kill()
        line = self.process.stdout.readline()
        if not line:
            code = self.process.wait(START_LIMIT)
            cause = self.errors()[-2000:]
            raise AssertionError(f"btt ended with {code} instead of starting: {cause}")
        self.start_time = time.monotonic() - self.started
        self.info = json.loads(line)
        self.url = self.info["rpc"]
        self.port = int(self.url.rsplit(":", 1)[1])
        return self

    def errors(self):
        return pathlib.Path(self.log_path).read_text(errors="replace")

    def post(self, body, **options):
        data = body if isinstance(body, (bytes, str)) else json.dumps(body)
        headers = {"Content-Type": "application/json"} | options.pop("headers", {})
        return self.session.post(self.url, data=data, headers=headers, timeout=60, **options)

    def rpc(self, method, *params):
        reply = self.post({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).json()
        if "error" in reply:
            raise RPCFailure(reply["error"])
        return reply["result"]

    def batch(self, calls):
        """The replies of several calls, in their order."""
        if not calls:
            return []
        body = [
            {"jsonrpc": "2.0", "id": i, "method": method, "params": params}
            for i, (method, *params) in enumerate(calls)]
        replies = self.post(body).json()
        assert [reply["id"] for reply in replies] == list(range(len(calls)))
        return replies

    def number(self):
        return int(self.rpc("eth_blockNumber"), 16)

    def stop(self):
        """Ends it in order, and returns the exit code."""
        return self.end(signal.SIGTERM)

    def kill(self):
        return self.end(signal.SIGKILL)

    def end(self, how):
        """Sends a signal, none for 0, and returns the exit code."""
        self.session.close()
        if how and self.process.poll() is None:
            self.process.send_signal(how)
        try:
            code = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("btt did not end within 30 s of a signal") from None
        finally:
            self.process.stdout.close()
            self.log.close()
        return code

    def __enter__(self):
        return self.wait()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()


def devnet(directory, *arguments, **environment):
    """A devnet that answers."""
    log = pathlib.Path(directory) / "devnet.log"
    return Process(["devnet", *arguments], log, **environment).wait()


class NodeDirectory:
    """A data directory of a validator's node with the devnet's accounts."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.data = self.path / "node"
        self.key = self.path / "maker.key"
        self.log = self.path / "node.log"

    def init(self):
        self.path.mkdir(parents=True, exist_ok=True)
        self.key.write_text(MAKER_KEY + "\n")
        self.key.chmod(0o600)
        return btt_json(
            "node", "init", "--data-dir", self.data, "--preset", "devnet", "--validator", MAKER)

    def start(self, *arguments, block_time="on-demand"):
        """Starts the node without waiting for it."""
        return Process(
            ["node", "run", "--data-dir", self.data, "--key-file", self.key, "--block-time",
             block_time, *arguments], self.log)

    def run(self, *arguments, check=True, **options):
        """A `btt node` command on the directory."""
        return btt("node", *arguments, "--data-dir", self.data, check=check, **options)

    def follow(self, url, *arguments):
        return Process(
            ["node", "run", "--data-dir", self.data, "--follow", url, *arguments], self.log)

    def verify(self):
        return btt_json("node", "verify", "--data-dir", self.data)
