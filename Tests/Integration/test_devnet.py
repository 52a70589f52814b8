"""`btt devnet`: quick, repeatable, and kept when asked to."""

import os
import statistics
import time

import pytest
from eth_account import Account
from web3 import Web3

import node

Account.enable_unaudited_hdwallet_features()


def pay(process, to, value, index=0):
    """A transfer by `btt send`."""
    return node.btt_json(
        "send", to, f"{value} wei", "--devnet", "--mnemonic-index", index, "--yes",
        "--rpc", process.url)


def test_it_answers_in_under_two_seconds(tmp_path, capsys):
    times = []
    for _ in range(3):
        with node.devnet(tmp_path) as process:
            assert process.number() == 0
            times.append(process.start_time)
    with capsys.disabled():
        print(f"\ndevnet answers after {statistics.median(times):.3f} s (median of {len(times)})")
    assert max(times) < 2


def test_its_accounts_are_those_of_the_mnemonic_and_funded(chain):
    info = chain.process.info
    assert len(info["accounts"]) == 10
    for i, entry in enumerate(info["accounts"]):
        account = Account.from_mnemonic(info["mnemonic"], account_path=f"m/44'/60'/0'/0/{i}")
        assert entry == {"address": account.address, "privateKey": "0x" + account.key.hex()}
        assert chain.w3.eth.get_balance(account.address, 0) == 10**7 * 10**18


def test_a_seed_gives_other_accounts_and_always_the_same(tmp_path):
    infos = []
    for seed in ("a", "a", "b"):
        with node.devnet(
            tmp_path, "--seed", seed, "--accounts", "3", "--balance", "5 BTT", "--chain-id", "4242"
        ) as process:
            infos.append(process.info)
            assert process.rpc("eth_chainId") == hex(4242)
            for i, entry in enumerate(process.info["accounts"]):
                path = f"m/44'/60'/0'/0/{i}"
                expected = Account.from_mnemonic(process.info["mnemonic"], account_path=path)
                assert entry["address"] == expected.address
                balance = process.rpc("eth_getBalance", entry["address"], "latest")
                assert int(balance, 16) == 5 * 10**18
    first, again, other = infos
    assert first["accounts"] == again["accounts"] and len(first["accounts"]) == 3
    assert first["accounts"] != other["accounts"] and first["mnemonic"] != other["mnemonic"]


def test_a_state_file_brings_the_chain_back(tmp_path):
    state = tmp_path / "state.btt"
    receiver = Account.create().address
    heads = []
    for round_number in range(1, 4):
        with node.devnet(tmp_path, "--state", state) as process:
            if heads:
                assert process.info["head"] == heads[-1]["number"]
                block = process.rpc("eth_getBlockByNumber", hex(heads[-1]["number"]), False)
                assert block["hash"] == heads[-1]["hash"]
            pay(process, receiver, 5)
            assert int(process.rpc("eth_getBalance", receiver, "latest"), 16) == 5 * round_number
            heads.append(process.rpc("btt_nodeInfo")["head"])
            heads[-1]["number"] = int(heads[-1]["number"], 16)
            assert process.stop() == 0
    refused = node.btt(
        "devnet", "--rpc-port", "0", "--state", state, "--seed", "other", check=False)
    assert refused.returncode == 1 and "--seed" in refused.stderr
    data = bytearray(state.read_bytes())
    data[len(data) // 2] ^= 1
    state.write_bytes(data)
    damaged = node.btt("devnet", "--rpc-port", "0", "--state", state, check=False)
    assert damaged.returncode == 1 and "damaged" in damaged.stderr
    assert state.read_bytes() == data


def test_a_data_directory_brings_the_chain_back_after_a_kill(tmp_path):
    receiver = Account.create().address
    with node.devnet(tmp_path, "--data-dir", tmp_path / "data") as process:
        paid = pay(process, receiver, 5)
        process.kill()
    with node.devnet(tmp_path, "--data-dir", tmp_path / "data") as process:
        assert int(process.rpc("eth_getBalance", receiver, "latest"), 16) == 5
        assert process.rpc("eth_getTransactionReceipt", paid["hash"])["status"] == "0x1"


def test_time_never_goes_back_when_the_clock_does(tmp_path):
    receiver = Account.create().address
    with node.devnet(tmp_path, "--data-dir", tmp_path / "data") as process:
        process.rpc("evm_increaseTime", 10**6)
        pay(process, receiver, 5)
        ahead = int(process.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
        assert ahead >= time.time() + 10**6 - 5
    # The clock is now far behind the newest block.
    with node.devnet(tmp_path, "--data-dir", tmp_path / "data") as process:
        pay(process, receiver, 5)
        assert int(process.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16) == ahead
        assert int(process.rpc("eth_getBalance", receiver, "latest"), 16) == 10
    verified = node.btt_json("node", "verify", "--data-dir", tmp_path / "data")
    assert verified["ok"] and verified["height"] == 2


def test_nothing_is_left_behind(tmp_path):
    with node.devnet(tmp_path, TMPDIR=str(tmp_path)) as process:
        assert any(name.startswith("btt-devnet") for name in os.listdir(tmp_path))
        assert process.stop() == 0
    assert os.listdir(tmp_path) == ["devnet.log"]


def test_blocks_come_at_their_pace(tmp_path):
    with node.devnet(tmp_path, "--block-time", "100ms") as process:
        start, first = time.monotonic(), process.number()
        while process.number() < first + 10:
            assert time.monotonic() < start + 10
            time.sleep(0.02)
        assert 0.7 < time.monotonic() - start < 3
        stamps = [
            int(process.rpc("eth_getBlockByNumber", hex(i), False)["timestamp"], 16)
            for i in range(1, first + 10)]
        assert stamps == sorted(stamps) and abs(stamps[-1] - time.time()) < 5


@pytest.mark.parametrize("arguments, cause", [
    (["--accounts", "0"], "accounts"), (["--balance", "lots"], "amount"),
    (["--block-time", "0s"], "block_time"), (["--balance", "1000000000000000"], "supply"),
    (["--rpc-port", "70000"], "port"), (["--set", "no.such=1"], "no.such")])
def test_what_cannot_be_is_refused(arguments, cause):
    done = node.btt("devnet", *arguments, check=False)
    assert done.returncode in (1, 2) and cause in done.stderr
    assert done.stdout == ""


def test_the_commands_agree_with_web3(chain, account):
    url = ["--rpc", chain.process.url]
    paid = pay(chain.process, account.address, 10**18, index=5)
    receipt = chain.w3.eth.get_transaction_receipt(paid["hash"])
    shown = node.btt_json("tx", paid["hash"], *url)
    assert receipt.status == 1 and paid["hash"] in str(shown)
    balance = node.btt_json("balance", account.address, *url)
    assert str(chain.w3.eth.get_balance(account.address)) in str(balance)
    block = node.btt_json("block", str(receipt.blockNumber), *url)
    assert "0x" + receipt.blockHash.hex() in str(block)
    assert node.btt_json("rpc", "eth_chainId", *url)["result"] == Web3.to_hex(chain.id)
    dead = node.btt("balance", account.address, "--rpc", "http://127.0.0.1:1", check=False)
    assert dead.returncode == 1 and "127.0.0.1:1" in dead.stderr
