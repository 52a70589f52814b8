"""The whole life of payment channels by command line, between separate data directories.

Nothing here trusts the node: every command has the chain's genesis file and checks proofs.
"""

import json
import shutil
import signal
import subprocess
import time

import pytest
import requests
from eth_account import Account
from eth_account.messages import encode_typed_data

import node

BTT = 10**18
GRACE = ["--grace", 2, "--grace-blocks", 1]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    """A validator's node that makes two blocks a second."""
    directory = node.NodeDirectory(tmp_path_factory.mktemp("ledger"))
    directory.init()
    with directory.start(block_time="500ms") as process:
        process.genesis = directory.data / "genesis.json"
        yield process


class Party:
    """A key with books of its own, as on a machine of its own."""

    def __init__(self, ledger, state, key, path):
        self.ledger, self.state, self.account = ledger, state, Account.from_key(key)
        self.address = self.account.address
        self.key = path / f"{self.address}.key"
        self.key.write_text(self.account.key.hex())

    def arguments(self, *command, state=None):
        return [
            *command, "--rpc", self.ledger.url, "--genesis", self.ledger.genesis, "--state",
            state or self.state, "--key-file", self.key, "--min-grace", 2, "--min-grace-blocks", 1]

    def __call__(self, *command, **options):
        state = options.pop("state", None)
        return node.btt_json(*self.arguments(*command, state=state), **options)

    def fails(self, *command, state=None):
        """The error object of a command that must fail."""
        done = node.btt(*self.arguments(*command, state=state), "--json", check=False)
        assert done.returncode != 0
        return json.loads(done.stderr.strip().splitlines()[-1])["error"]

    def list(self):
        return self("channel", "list")["channels"]

    def balance(self):
        return int(self.ledger.rpc("eth_getBalance", self.address, "latest"), 16)

    def open(self, payee, deposit):
        [channel] = self(
            "channel", "open", payee.address, "--deposit", deposit, "--fund", *GRACE)["channels"]
        return channel["channelId"]

    def pay(self, channel, amount, path):
        self("channel", "pay", channel, amount, "--out", path)
        return path

    def watch(self, *arguments):
        return Watcher(self.arguments("channel", "watch", *arguments))


class Watcher:
    """A running `btt channel watch`."""

    def __init__(self, arguments):
        self.process = subprocess.Popen(
            [node.binary(), *map(str, arguments), "--json"], stdout=subprocess.PIPE, text=True,
            env=node.clean_environment())
        assert self.wait("watching")

    def wait(self, event):
        for line in self.process.stdout:
            told = json.loads(line)
            if told["event"] == event:
                return told
        raise AssertionError(f"the watcher ended before it told of {event}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(30) == 0
        self.process.stdout.close()


@pytest.fixture
def party(ledger, tmp_path):
    """Makes parties, with a hundred BTT unless told otherwise."""
    rich = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"

    def make(funds=100):
        key = Account.create().key
        made = Party(ledger, tmp_path / f"machine-{Account.from_key(key).address}", key, tmp_path)
        if funds:
            node.btt(
                "send", made.address, funds, "--rpc", ledger.url, "--yes", BTT_PRIVATE_KEY=rich)
        return made

    return make


def typed(voucher):
    """The voucher as EIP-712 has it."""
    return encode_typed_data(
        {"name": "BTT Payment Channels", "version": "1", "chainId": int(voucher["chainId"]),
         "verifyingContract": voucher["module"]},
        {"Voucher": [{"name": "channelId", "type": "bytes32"},
                     {"name": "cumulativeAmount", "type": "uint128"}]},
        {"channelId": bytes.fromhex(voucher["channelId"][2:]),
         "cumulativeAmount": int(voucher["cumulativeAmount"])})


def test_a_channel_is_opened_paid_cashed_and_closed(party, tmp_path):
    payer, payees = party(), [party(0), party(), party()]
    payer("vault", "deposit", 40)
    lines = "".join(f"{payee.address} {i + 1}.5 # the {i}th\n" for i, payee in enumerate(payees))
    opened = payer("channel", "open-many", "-", *GRACE, stdin=lines)["channels"]
    assert [c["payee"] for c in opened] == [payee.address.lower() for payee in payees]
    assert int(payer("vault", "show")["balance"]) == 40 * BTT - int(7.5 * BTT)

    [_, payee, _], [_, channel, _] = payees, [c["channelId"] for c in opened]
    payer.pay(channel, 1, tmp_path / "first")
    voucher = payer.pay(channel[:12], "0.25", tmp_path / "second")
    document = json.loads(voucher.read_text())
    assert document["cumulativeAmount"] == str(int(1.25 * BTT))
    assert Account.recover_message(typed(document), signature=document["signature"]) \
        == payer.address
    assert node.btt_json("voucher", "verify", voucher)["signer"] == payer.address

    credit = payee("channel", "receive", voucher)
    assert (credit["paid"], credit["deposit"]) == (str(int(1.25 * BTT)), str(int(2.5 * BTT)))
    assert payee.fails("channel", "receive", tmp_path / "first")["code"] == "channel"
    [row] = payee.list()
    assert (row["paid"], row["settled"], row["locked"]) \
        == (str(int(1.25 * BTT)), "0", str(int(2.5 * BTT)))
    assert 0 < int(row["net"]) < int(1.25 * BTT)

    assert payee("channel", "settle")["paid"] == str(int(1.25 * BTT))
    [row] = payee.list()
    assert (row["settled"], row["locked"]) == (str(int(1.25 * BTT)), str(int(1.25 * BTT)))
    assert payee("channel", "settle")["paid"] == "0"

    payee("channel", "receive", payer.pay(channel, "0.5", tmp_path / "third"))
    before = int(payer("vault", "show")["balance"])
    payee("channel", "close", channel)
    assert payee.list() == []
    assert int(payer("vault", "show")["balance"]) - before == int(0.75 * BTT)
    assert channel not in [row["channelId"] for row in payer.list()]


def test_both_agree_to_close_at_once(party, tmp_path):
    payer, payee = party(), party()
    channel = payer.open(payee, 2)
    payee("channel", "receive", payer.pay(channel, "1.5", tmp_path / "voucher"))
    release = tmp_path / "release.json"
    payee("channel", "release", channel, "--out", release)
    document = json.loads(release.read_text())
    assert document["capture"] == str(int(1.5 * BTT))
    late = payer.pay(channel, "0.1", tmp_path / "late")
    assert "release" in payee.fails("channel", "receive", late)["message"]
    before, cashed = int(payer("vault", "show")["balance"]), payee.balance()
    payer("channel", "close", channel, "--mutual", release)
    assert int(payer("vault", "show")["balance"]) - before == int(0.5 * BTT)
    assert payee.balance() - cashed == int(1.5 * BTT)
    assert payer.list() == [] and payee.list() == []


def test_a_watcher_answers_the_payers_close_request(party, tmp_path):
    payer, payee = party(), party()
    channel = payer.open(payee, 2)
    payee("channel", "receive", payer.pay(channel, "1.5", tmp_path / "voucher"))
    with payee.watch() as watcher:
        payer("channel", "request-close", channel)
        assert watcher.wait("closeRequested")["channelId"] == channel
        assert watcher.wait("settled")["settled"] == str(int(1.5 * BTT))
    before = int(payer("vault", "show")["balance"])
    deadline = time.monotonic() + 30
    while True:
        done = node.btt(
            *payer.arguments("channel", "withdraw", channel), "--json", check=False)
        if done.returncode == 0:
            break
        assert "grace" in done.stderr and time.monotonic() < deadline
    assert int(payer("vault", "show")["balance"]) - before == int(0.5 * BTT)


def test_a_third_party_guards_a_payee_that_is_offline(party, tmp_path):
    payer, payee, guard = party(), party(), party()
    channel = payer.open(payee, 2)
    voucher = payer.pay(channel, 1, tmp_path / "voucher")
    payee("channel", "receive", voucher)
    before = payee.balance()
    with guard.watch("--guard", voucher) as watcher:
        payer("channel", "request-close", channel)
        assert watcher.wait("settled")["paid"] == str(BTT)
    assert payee.balance() - before == BTT


def test_a_payee_cashes_out_with_an_empty_wallet_when_its_payer_is_gone(party, tmp_path):
    payer, payee = party(), party(0)
    channel = payer.open(payee, 3)
    payee("channel", "receive", payer.pay(channel, 3, tmp_path / "voucher"))
    shutil.rmtree(payer.state)
    assert payee.balance() == 0
    assert payee("channel", "settle")["paid"] == str(3 * BTT)
    assert 2 * BTT < payee.balance() < 3 * BTT


def test_a_payee_moves_to_another_machine(party, tmp_path):
    payer, payee = party(), party()
    channel = payer.open(payee, 2)
    payee("channel", "receive", payer.pay(channel, 1, tmp_path / "voucher"))
    exported = tmp_path / "export.json"
    assert payee("channel", "export", "--out", exported)["channels"] == 1
    payee.state = tmp_path / "other machine"
    assert payee("channel", "import", exported) == {"open": 1, "of": 1}
    assert payee("channel", "settle")["paid"] == str(BTT)


def test_a_payers_channels_come_stopped_to_another_machine(party, tmp_path):
    payer, payee = party(), party()
    channel = payer.open(payee, 2)
    newest = payer.pay(channel, 1, tmp_path / "voucher")
    exported = tmp_path / "export.json"
    payer("channel", "export", "--out", exported)
    payer.state = tmp_path / "other machine"
    payer("channel", "import", exported)
    assert payer.fails("channel", "pay", channel, "0.1")["code"] == "old-books"
    payer("channel", "adopt", channel, "--newest", newest)
    payee("channel", "receive", newest)
    payee("channel", "receive", payer.pay(channel, "0.1", tmp_path / "next"))


def test_two_processes_on_one_key_are_refused(party):
    payee = party()
    with payee.watch():
        error = payee.fails("channel", "list")
        assert error["code"] == "key-in-use" and payee.address.lower() in error["message"].lower()


def test_restored_books_sign_nothing_until_they_are_adopted(party, ledger, tmp_path):
    payer, payee = party(), party()
    channel = payer.open(payee, 8)
    payer.pay(channel, 1, tmp_path / "old")
    backup = tmp_path / "backup"
    shutil.copytree(payer.state, backup)
    newest = payer.pay(channel, 4, tmp_path / "newest")
    payee("channel", "receive", newest)

    # The books alone are restored: the lock file tells that they were opened since.
    books = next(p for p in (payer.state / str(ledger.info["chainId"])).iterdir() if p.is_dir())
    shutil.rmtree(books)
    shutil.copytree(backup / books.relative_to(payer.state), books)
    assert payer.fails("channel", "pay", channel, "0.1")["code"] == "old-books"

    # Everything is restored: the payee shows the newest voucher, and that tells.
    shutil.rmtree(payer.state)
    shutil.copytree(backup, payer.state)
    assert payer.fails("channel", "receive", newest)["code"] == "old-books"
    assert payer.fails("channel", "pay", channel, "0.1")["code"] == "old-books"
    payer("channel", "adopt", channel, "--newest", newest)
    payee("channel", "receive", payer.pay(channel, "0.5", tmp_path / "on"))
    assert [row["paid"] for row in payee.list()] == [str(int(5.5 * BTT))]


def test_a_node_of_another_chain_is_not_believed(party, ledger, tmp_path):
    payer = party()
    genesis = json.loads(ledger.genesis.read_text())
    genesis["btt"]["validators"] = [{"address": payer.address, "weight": 1}]
    path = tmp_path / "genesis.json"
    path.write_text(json.dumps(genesis))
    payer.ledger = type("Other", (), {"url": ledger.url, "genesis": path})
    assert payer.fails("channel", "list")["code"] == "untrusted"
    genesis["config"]["chainId"] = 4
    path.write_text(json.dumps(genesis))
    assert "chain" in payer.fails("channel", "list")["message"]


def test_a_node_runs_channels_and_tells_of_them(party, tmp_path, tmp_path_factory):
    payer, seller = party(), party()
    directory = node.NodeDirectory(tmp_path_factory.mktemp("seller"))
    directory.init()
    settings = [
        "--set", f"channels.key_file={seller.key}", "--set", "channels.receive=all", "--set",
        "channels.min_grace=2", "--set", "channels.min_grace_blocks=1"]
    ledger_genesis = payer.ledger.genesis
    other = node.NodeDirectory(tmp_path_factory.mktemp("follower"))
    other.path.mkdir(parents=True, exist_ok=True)
    node.btt_json("node", "init", "--data-dir", other.data, "--genesis", ledger_genesis)
    with other.follow(payer.ledger.url, *settings) as follower:
        token = (other.data / "admin.token").read_text().strip()
        admin = {"Authorization": f"Bearer {token}"}
        events = f"{follower.url}/events/channels"
        assert requests.get(events, timeout=10).status_code == 401

        def call(method, *params):
            body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            reply = follower.post(body, headers=admin).json()
            assert "error" not in reply, reply
            return reply["result"]

        with requests.get(events, headers=admin, stream=True, timeout=30) as stream:
            lines = stream.iter_lines(decode_unicode=True)
            assert next(lines) == ": subscribed"
            channel = payer.open(seller, 2)

            def event(name):
                for line in lines:
                    if line == f"event: {name}":
                        return json.loads(next(lines).removeprefix("data: "))
                raise AssertionError(f"no event {name}")

            assert event("opened")["channelId"] == channel
            payer("channel", "pay", channel, 1, "--to", follower.url)
            assert event("paid")["total"] == str(BTT)
            assert [row["paid"] for row in call("btt_channelList")] == [str(BTT)]
            assert int(call("btt_channelQuote")["net"]) > 0
            assert call("btt_channelSettle")["paid"] == str(BTT)
            assert event("settled")["settled"] == str(BTT)
        # Without the token only vouchers are taken.
        with pytest.raises(node.RPCFailure):
            follower.rpc("btt_channelList")
        assert follower.stop() == 0
