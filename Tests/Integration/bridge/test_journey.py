"""The whole way there and back, against a root chain that is not ours."""

import json

import pytest

import bridging
import node
from bridging import NATIVE, account


@pytest.fixture(scope="module")
def bridge(tmp_path_factory):
    made = bridging.Bridge(tmp_path_factory.mktemp("bridge"))
    yield made
    made.close()


def test_a_deposit_of_btt_is_credited_and_its_proof_checks_offline(bridge, tmp_path):
    user = account(3)
    amount = 25 * 10**18
    before = bridge.balance(user.address)
    sent = bridge.cli("deposit", "25", "--to", user.address, "--yes")
    assert bridge.status(sent["transaction"])[0]["stage"] == "seen"
    bridge.root.finalize()
    status = bridge.await_stage(sent["transaction"], "credited")[0]
    assert status["done"] and status["amount"] == str(amount)
    # The first is the root chain's, whose blocks are dated ahead when they are made on command.
    times = [stage["time"] for stage in status["stages"]][1:]
    assert times == sorted(times)
    assert bridge.balance(user.address) == before + amount

    proof = node.btt("bridge", "proof", sent["transaction"], "--rpc", bridge.url).stdout
    file = tmp_path / "proof.json"
    file.write_text(proof)
    genesis = bridge.path / "bridge" / "genesis.json"
    checked = node.btt_json("bridge", "verify", file, "--genesis", genesis)["proofs"][0]
    block = bridge.root.w3.eth.get_block(checked["blockNumber"])
    assert checked["valid"] and checked["blockHash"] == block["hash"].to_0x_hex()
    assert checked["user"] == user.address and checked["amount"] == str(amount)
    nodes = json.loads(proof)
    last = nodes["nodes"][-1]
    nodes["nodes"][-1] = last[:-2] + ("00" if last[-2:] != "00" else "01")
    file.write_text(json.dumps(nodes))
    refused = node.btt("bridge", "verify", file, "--genesis", genesis, check=False)
    assert refused.returncode == 1


def test_a_withdrawal_is_checkpointed_and_claimed_once(bridge):
    receiver = account(5).address
    before = bridge.btt.functions.balanceOf(receiver).call()
    sent = bridge.cli("withdraw", "1.5", "--to", receiver, "--yes", root=False)
    status = bridge.await_stage(sent["transaction"], "claimable")[0]
    assert not status["done"]
    claimed = bridge.cli("claim", sent["transaction"], key=6)["claims"]
    assert [claim["state"] for claim in claimed] == ["paid"]
    assert bridge.btt.functions.balanceOf(receiver).call() == before + 15 * 10**17
    again = bridge.cli("claim", sent["transaction"], key=6)["claims"]
    assert [claim["state"] for claim in again] == ["paid before"]
    assert bridge.btt.functions.balanceOf(receiver).call() == before + 15 * 10**17
    assert bridge.await_stage(sent["transaction"], "claimed")[0]["done"]


def test_ether_goes_there_and_back(bridge):
    user = account(4)
    sent = bridge.cli(
        "deposit", "0.25", "--token", "ether", "--to", user.address, "--yes", key=1)
    bridge.root.finalize()
    bridge.await_stage(sent["transaction"], "credited")
    token = bridge.child(NATIVE)
    assert token.functions.balanceOf(user.address).call() == 25 * 10**16
    back = bridge.cli(
        "withdraw", "0.25", "--token", token.address, "--to", account(7).address, "--yes", key=4,
        root=False)
    bridge.await_stage(back["transaction"], "claimable")
    before = bridge.root.w3.eth.get_balance(account(7).address)
    bridge.cli("claim", back["transaction"], key=8)
    assert bridge.root.w3.eth.get_balance(account(7).address) == before + 25 * 10**16
    assert token.functions.totalSupply().call() == 0


def test_both_books_agree(bridge):
    for token, amount in bridge.books().items():
        assert bridge.locked(token) == amount


def test_the_doctor_finds_nothing_and_tells_what_is_there(bridge):
    report = bridge.cli("doctor", key=None)
    assert report["well"], report
    tokens = bridge.cli("tokens", key=None, root=False)["tokens"]
    assert {token["symbol"] for token in tokens} == {"BTT", "ETH"}


def test_a_node_that_was_killed_goes_on(bridge):
    user = account(2)
    sent = bridge.cli("deposit", "3", "--to", user.address, "--yes")
    before = bridge.balance(user.address)
    bridge.process.kill()
    bridge.root.finalize()
    bridge.start()
    bridge.await_stage(sent["transaction"], "credited")
    assert bridge.balance(user.address) == before + 3 * 10**18


@pytest.mark.parametrize("endpoint", [0, 1])
@pytest.mark.parametrize(
    "fault", ["stall", "http", "limit", "garbage", "omit", "lie", "forge", "lag", "cut"])
def test_one_bad_endpoint_of_three_holds_up_nothing(bridge, fault, endpoint):
    bridge.root.rpc(
        "dev_fault", {"kind": fault, "endpoint": endpoint, "seconds": 2, "blocks": 3})
    try:
        sent = bridge.cli("deposit", "1", "--to", account(2).address, "--yes")
        bridge.root.finalize()
        bridge.await_stage(sent["transaction"], "credited")
    finally:
        bridge.root.rpc("dev_clearFaults")


def test_a_reorganisation_before_finality_is_no_matter(bridge):
    before = bridge.balance(account(2).address)
    sent = bridge.cli("deposit", "1", "--to", account(2).address, "--yes")
    bridge.root.rpc("dev_reorg", 1)
    bridge.root.finalize()
    bridge.await_stage(sent["transaction"], "credited")
    assert bridge.balance(account(2).address) == before + 10**18


def test_a_chain_with_the_prices_of_bttc_is_crossed_both_ways(tmp_path):
    relayer, user = account(9).address, account(3).address
    bridge = bridging.Bridge(tmp_path / "bridge", preset="bttc", alloc=[relayer, user])
    try:
        sent = bridge.cli("deposit", "50", "--to", account(5).address, "--yes")
        bridge.root.finalize()
        bridge.await_stage(sent["transaction"], "credited")
        assert bridge.balance(account(5).address) == 50 * 10**18
        back = bridge.cli(
            "withdraw", "20", "--to", account(6).address, "--yes", key=3, root=False)
        bridge.await_stage(back["transaction"], "claimable")
        claimed = bridge.cli("claim", back["transaction"], key=6)["claims"]
        assert [claim["state"] for claim in claimed] == ["paid"]
        for token, amount in bridge.books().items():
            assert bridge.locked(token) == amount
        # No account is short of money, and none is said to be.
        assert bridge.cli("doctor", key=None)["well"]
    finally:
        bridge.close()
