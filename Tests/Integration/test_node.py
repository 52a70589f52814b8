"""`btt node`: followers, files in and out, and what stops a node that can't go on safely."""

import json
import shutil
import subprocess
import time

import pytest
from eth_account import Account
from web3 import Web3

import chain as rules
import node
from conftest import Chain, TOKEN

RICH = Account.from_key("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")


def transfer(process, to, value, nonce, account=RICH):
    """The bytes of a transfer."""
    return "0x" + account.sign_transaction({
        "chainId": 1337, "nonce": nonce, "to": to, "value": value, "gas": 21_000,
        "maxFeePerGas": 10**12, "maxPriorityFeePerGas": 10**9}).raw_transaction.hex()


def make_blocks(process, count, to=None):
    """Makes blocks of a transfer each, and returns their receipts."""
    nonce = int(process.rpc("eth_getTransactionCount", RICH.address, "latest"), 16)
    return [
        process.rpc(
            "eth_sendRawTransactionSync",
            transfer(process, to or Account.create().address, 5, nonce + i), 10_000)
        for i in range(count)]


def wait_for(condition, limit=20):
    deadline = time.monotonic() + limit
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.01)
    return value


def heights(process):
    """Hash and state root of every block."""
    calls = [("eth_getBlockByNumber", hex(i), False) for i in range(process.number() + 1)]
    blocks = [reply["result"] for reply in process.batch(calls)]
    return [(block["hash"], block["stateRoot"]) for block in blocks]


def failure(done):
    """What a command that failed says, which must be one line for people or one JSON object."""
    assert done.returncode == 1, (done.returncode, done.stderr)
    assert done.stderr.strip() and "Fatal" not in done.stderr and "Trace" not in done.stderr
    return done.stderr


def cannot_start(directory, *arguments):
    return failure(directory.run(
        "run", "--key-file", directory.key, "--rpc-port", "0", *arguments, check=False))


def follower_of(path, source):
    """A data directory with the chain of another one's genesis."""
    directory = node.NodeDirectory(path)
    directory.path.mkdir()
    genesis = source.data / "genesis.json"
    node.btt("node", "init", "--data-dir", directory.data, "--genesis", genesis)
    return directory


def test_a_follower_has_the_same_blocks_and_states(node_directory, tmp_path):
    follower = follower_of(tmp_path / "follower", node_directory)
    with node_directory.start() as maker:
        make_blocks(maker, 20)
        with follower.follow(maker.url, "--set", "follow.interval=20ms") as copy:
            wait_for(lambda: copy.number() >= 20)
            receiver = Account.create().address
            make_blocks(maker, 10, to=receiver)
            wait_for(lambda: copy.number() >= 30)
            assert heights(copy) == heights(maker)

            # Reads are the follower's own, and give what the maker gives.
            for method, *params in [
                ("eth_getBalance", receiver, "latest"), ("eth_getBalance", receiver, "0x19"),
                ("eth_getBlockReceipts", "0x1e"), ("eth_getProof", receiver, [], "0x1e"),
                ("eth_getProof", TOKEN, ["0x1"], "0xa"), ("btt_getSealedBlock", "0x5"),
                ("eth_feeHistory", "0x5", "latest", [50]), ("eth_getLogs", {"fromBlock": "0x0"}),
            ]:
                assert copy.rpc(method, *params) == maker.rpc(method, *params)
            root = rules.raw(copy.rpc("eth_getBlockByNumber", "latest", False)["stateRoot"])
            assert rules.check_account_proof(root, copy.rpc("eth_getProof", receiver, [], "latest"))

            # What is sent to it goes on to the maker, and so do the maker's refusals.
            nonce = int(copy.rpc("eth_getTransactionCount", RICH.address, "latest"), 16)
            raw = transfer(copy, receiver, 7, nonce)
            receipt = copy.rpc("eth_sendRawTransactionSync", raw, 10_000)
            assert receipt["status"] == "0x1"
            assert maker.rpc("eth_getTransactionReceipt", receipt["transactionHash"]) == receipt
            with pytest.raises(node.RPCFailure, match="nonce too low"):
                copy.rpc("eth_sendRawTransaction", raw)
            assert copy.rpc("btt_nodeInfo")["role"] == "follower"
            assert copy.rpc("eth_syncing") is False
            with pytest.raises(node.RPCFailure):
                copy.rpc("eth_coinbase")
            assert copy.session.get(copy.url + "/health/ready").status_code == 200
            assert copy.stop() == 0
        assert maker.stop() == 0
    ours, theirs = node_directory.verify(), follower.verify()
    assert ours == theirs and ours["ok"] and ours["height"] == 31


def test_a_follower_goes_on_when_its_node_comes_back(node_directory, tmp_path):
    follower = follower_of(tmp_path / "follower", node_directory)
    with node_directory.start() as maker:
        port, url = maker.port, maker.url
        make_blocks(maker, 3)
        copy = follower.follow(url, "--set", "follow.interval=20ms").wait()
        wait_for(lambda: copy.number() == 3)
        maker.kill()
    assert copy.number() == 3
    with pytest.raises(node.RPCFailure):
        copy.rpc("eth_sendRawTransaction", transfer(copy, TOKEN, 1, 3))
    with node_directory.start("--set", f"rpc.port={port}") as other:
        other.stop()
    again = subprocess.Popen(
        [node.binary(), "node", "run", "--data-dir", node_directory.data, "--key-file",
         node_directory.key, "--rpc-port", str(port), "--block-time", "50ms"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=node.clean_environment())
    try:
        wait_for(lambda: copy.number() >= 6)
    finally:
        again.terminate()
        assert again.wait(20) == 0
        assert copy.stop() == 0


def test_a_follower_of_another_chain_stops(node_directory, tmp_path):
    other = node.NodeDirectory(tmp_path / "other")
    other.path.mkdir()
    node.btt("node", "init", "--data-dir", other.data, "--preset", "devnet", "--chain-id", "77",
             "--validator", node.MAKER)
    with node_directory.start() as maker:
        done = other.run("run", "--follow", maker.url, "--rpc-port", "0", check=False)
        assert "another chain" in failure(done)


def test_export_and_import_give_the_same_chain(node_directory, tmp_path):
    with node_directory.start() as maker:
        make_blocks(maker, 15)
        expected = heights(maker)
        busy = failure(node_directory.run("export", tmp_path / "busy.btt", check=False))
        assert "in use" in busy
    file = tmp_path / "chain.btt"
    assert json.loads(node_directory.run("export", file, "--json").stdout)["blocks"] == 15
    copy = node.NodeDirectory(tmp_path / "copy")
    copy.path.mkdir()
    assert json.loads(copy.run("import", file, "--json").stdout) == {"blocks": 15, "head": 15}
    assert json.loads(copy.run("import", file, "--json").stdout) == {"blocks": 0, "head": 15}
    assert copy.verify() == node_directory.verify()
    copy.key.write_text(node.MAKER_KEY)
    with copy.start() as process:
        assert heights(process) == expected

    whole = file.read_bytes()
    for name, damaged in {
        "cut": whole[:-7], "changed": whole[:-300] + bytes([whole[-300] ^ 1]) + whole[-299:],
        "empty": b"", "other": b"not a chain" * 10,
    }.items():
        file.write_bytes(damaged)
        fresh = node.NodeDirectory(tmp_path / name)
        fresh.path.mkdir()
        assert "chain.btt" in failure(fresh.run("import", file, check=False))


def test_a_second_node_on_one_data_directory_is_refused(node_directory):
    with node_directory.start() as first:
        make_blocks(first, 2)
        assert "in use" in cannot_start(node_directory)
        assert "in use" in failure(node_directory.run("verify", check=False))
        make_blocks(first, 1)
        assert first.number() == 3


def test_a_restored_older_chain_is_not_sealed_upon(node_directory):
    with node_directory.start() as process:
        make_blocks(process, 3)
        process.stop()
    old = node_directory.path / "old-chain"
    shutil.copytree(node_directory.data / "chain", old)
    with node_directory.start() as process:
        make_blocks(process, 3)
        process.stop()
    shutil.rmtree(node_directory.data / "chain")
    shutil.move(old, node_directory.data / "chain")
    message = cannot_start(node_directory)
    assert "block 3" in message and "block 6" in message and "--follow" in message
    # The database is sound as it is, only old.
    assert node_directory.verify()["height"] == 3


def test_a_damaged_guard_stops_the_node(node_directory):
    with node_directory.start() as process:
        make_blocks(process, 2)
    guard = node_directory.data / "validator.guard"
    guard.write_bytes(b"\x55" * len(guard.read_bytes()))
    assert "validator.guard" in cannot_start(node_directory)


def chain_files(directory, suffixes):
    return sorted(p for p in (directory.data / "chain").iterdir() if p.name.endswith(suffixes))


@pytest.mark.parametrize("damage", ["manifest-gone", "current-gone", "log-changed", "table-changed",
                                    "table-gone"])
def test_damaged_database_files_are_told_apart_from_sound_ones(node_directory, damage):
    with node_directory.start() as process:
        make_blocks(process, 40)
    # Each start turns the log into a table.
    for _ in range(2):
        with node_directory.start() as process:
            make_blocks(process, 20)
    files = node_directory.data / "chain"
    if damage == "manifest-gone":
        [path] = [p for p in files.iterdir() if p.name.startswith("MANIFEST")]
        path.unlink()
    elif damage == "current-gone":
        (files / "CURRENT").unlink()
    else:
        suffixes = (".log",) if damage == "log-changed" else (".ldb", ".sst")
        path = max(chain_files(node_directory, suffixes), key=lambda p: p.stat().st_size)
        if damage == "table-gone":
            path.unlink()
        else:
            data = bytearray(path.read_bytes())
            for place in range(200, len(data) - 200, 4096):
                data[place] ^= 0xFF
            path.write_bytes(data)
    done = node_directory.run("verify", check=False)
    message = failure(done)
    assert str(node_directory.data) in message or "block" in message or "state" in message
    print(f"{damage}: {message.strip()[:300]}")


def test_a_directory_without_a_chain_says_how_to_make_one(tmp_path):
    directory = node.NodeDirectory(tmp_path)
    directory.key.write_text(node.MAKER_KEY)
    assert "btt node init" in cannot_start(directory)
    assert "btt node init" in failure(directory.run("verify", check=False))


def test_a_chain_is_not_made_over_another(node_directory):
    done = node_directory.run("init", "--preset", "devnet", "--validator", node.MAKER, check=False)
    assert "holds a chain already" in failure(done)


def test_a_key_that_makes_no_blocks_is_refused(node_directory):
    node_directory.key.write_text("0x" + "11" * 32)
    assert "may make no blocks" in cannot_start(node_directory)


def test_the_validators_key_needs_its_password(tmp_path):
    directory = node.NodeDirectory(tmp_path)
    password = tmp_path / "password"
    password.write_text("right\n")
    made = json.loads(directory.run(
        "init", "--preset", "bttc", "--alloc", f"{RICH.address}=1000", "--password-file", password,
        "--json").stdout)
    run = ["run", "--rpc-port", "0"]
    process = node.Process(
        ["node", "run", "--data-dir", directory.data, "--password-file", password,
         "--block-time", "100ms"], directory.log)
    with process as running:
        chain_id = running.info["chainId"]
        wait_for(lambda: running.number() >= 2)
        sealed = running.rpc("btt_getSealedBlock", "0x1")
        assert [rules.seal_signer(sealed, chain_id)[0]] == made["blockMakers"]
        assert int(running.rpc("eth_getBalance", RICH.address, "latest"), 16) == 1000 * 10**18
    password.write_text("wrong\n")
    message = failure(directory.run(*run, "--password-file", password, check=False))
    assert "password" in message and "wrong" not in message.replace("wrong password", "").replace(
        "wrong-password", "")
    [key_file] = (directory.data / "keystore").iterdir()
    key_file.write_text(key_file.read_text()[:-40])
    password.write_text("right\n")
    assert key_file.name in failure(directory.run(*run, "--password-file", password, check=False))


def test_settings_that_cannot_be_are_refused(node_directory):
    for line in ("[rpc]\nport = 99999", "[rpc]\nprot = 1", "rpc = 5", "[rpc\n"):
        (node_directory.data / "config.toml").write_text(line)
        message = cannot_start(node_directory)
        assert "config.toml" in message or "rpc." in message


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 12 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", place], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("only root may mount a small file system")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_read_only_disk_is_said_so(small_disk):
    directory = node.NodeDirectory(small_disk)
    directory.init()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    message = cannot_start(directory)
    assert str(small_disk) in message and "read-only" in message.lower()


def test_a_full_disk_stops_the_node_and_loses_nothing(small_disk):
    directory = node.NodeDirectory(small_disk)
    directory.init()
    receipts = []
    with directory.start() as process:
        receipts += make_blocks(process, 5)
        with open(small_disk / "ballast", "wb", buffering=0) as ballast:
            try:
                while ballast.write(b"\0" * 4096):
                    pass
            except OSError:
                pass
        with pytest.raises((node.RPCFailure, node.requests.RequestException)):
            for _ in range(200):
                receipts += make_blocks(process, 1)
        assert process.process.wait(30) == 1
    (small_disk / "ballast").unlink(missing_ok=True)
    assert directory.verify()["ok"]
    with directory.start() as again:
        for receipt in receipts:
            found = again.rpc("eth_getTransactionReceipt", receipt["transactionHash"])
            assert found == receipt
        make_blocks(again, 3)
    assert "space" in directory.log.read_text().lower()


def test_it_ends_in_order_on_a_signal_and_keeps_what_waits(node_directory):
    nonce_gap = transfer(None, TOKEN, 1, 5)
    with node_directory.start(block_time="10h") as process:
        first = process.rpc("eth_sendRawTransaction", transfer(process, RICH.address, 1, 0))
        gapped = process.rpc("eth_sendRawTransaction", nonce_gap)
        assert process.stop() == 0
    with node_directory.start(block_time="10h") as process:
        for tx_hash in (first, gapped):
            assert process.rpc("eth_getTransactionByHash", tx_hash)["blockNumber"] is None
        process.kill()
    with node_directory.start() as process:
        wait_for(lambda: process.rpc("eth_getTransactionReceipt", first))
        assert process.rpc("txpool_status") == {"pending": "0x0", "queued": "0x1"}


def test_web3_works_on_a_node_as_on_a_devnet(node_directory):
    with node_directory.start() as process:
        process.info["accounts"] = [{"privateKey": RICH.key}]
        chain = Chain(process)
        receipt = chain.send(RICH, chain.transaction(RICH, TOKEN[:-4] + "2222", 1))
        assert receipt.status == 1
        assert Web3.to_int(hexstr=process.rpc("eth_coinbase")) == int(node.MAKER, 16)
