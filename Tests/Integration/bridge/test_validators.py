"""Several validators, each with a node of its own; and a root chain that breaks its word."""

import time

import pytest

import bridging
import node
from bridging import account


class Committee(bridging.Bridge):
    """Four validators of equal weight, of which three are needed: the block maker and two more."""

    def __init__(self, path):
        self.extra = [f"{account(index).address}:1" for index in (11, 12, 13)]
        self.others = []
        super().__init__(path, validators=self.extra, alloc=[account(i).address for i in (11, 12)])

    def join(self, index):
        """Starts a validator's own node, which makes no blocks."""
        directory = node.NodeDirectory(self.path / f"validator{index}")
        directory.path.mkdir(exist_ok=True)
        key = directory.path / "validator.key"
        key.write_text(account(index).key.to_0x_hex() + "\n")
        if not directory.data.exists():
            node.btt_json(
                "node", "init", "--data-dir", directory.data, "--genesis",
                self.path / "bridge" / "genesis.json")
        options = {
            "bridge.eth_rpc": ",".join(self.root.urls),
            "bridge.eth_start": self.deployed["start"], "bridge.poll": "100ms",
            "bridge.checkpoint_blocks": 1, "bridge.validator_key_file": key,
            "follow.interval": "50ms"}
        process = directory.follow(
            self.url, *[f"--set={name}={value}" for name, value in options.items()]).wait()
        self.others.append(process)
        return process

    def close(self):
        for process in self.others:
            if process.process.poll() is None:
                process.stop()
        super().close()


@pytest.fixture(scope="module")
def committee(tmp_path_factory):
    made = Committee(tmp_path_factory.mktemp("committee"))
    yield made
    made.close()


def stages(bridge, transaction):
    return {s["stage"] for s in bridge.status(transaction)[0]["stages"] if s["done"]}


def test_three_of_four_validators_carry_a_deposit_and_a_withdrawal_two_do_not(committee):
    user = account(3)
    committee.join(11)
    sent = committee.cli("deposit", "7", "--to", user.address, "--yes")
    committee.root.finalize()
    committee.await_stage(sent["transaction"], "finalised")
    # Two have had time enough to vote, and are not a quorum.
    time.sleep(2)
    assert "attested" not in stages(committee, sent["transaction"])
    committee.join(12)
    committee.await_stage(sent["transaction"], "credited")
    back = committee.cli(
        "withdraw", "2", "--to", account(4).address, "--yes", key=3, root=False)
    committee.await_stage(back["transaction"], "claimable")
    claimed = committee.cli("claim", back["transaction"], key=6)["claims"]
    assert [claim["state"] for claim in claimed] == ["paid"]
    for token, amount in committee.books().items():
        assert committee.locked(token) == amount


def test_a_root_chain_that_takes_back_what_was_final_is_paused(tmp_path):
    bridge = bridging.Bridge(tmp_path / "bridge")
    try:
        first = bridge.cli("deposit", "5", "--to", account(3).address, "--yes")
        bridge.root.finalize()
        bridge.await_stage(first["transaction"], "credited")
        bridge.root.rpc(
            "dev_reorg", 5, {"force": True, "length": 9, "drop": [first["transaction"]]})
        end = time.monotonic() + 40
        kinds = set()
        while time.monotonic() < end and not {"contradicted", "reorganised"} <= kinds:
            kinds = {alarm["kind"] for alarm in bridge.rpc("btt_bridgeAlarms")}
            time.sleep(0.1)
        assert {"contradicted", "reorganised"} <= kinds, bridge.process.errors()[-3000:]
        while time.monotonic() < end and not bridge.rpc("btt_bridgeRoots")[0]["paused"]:
            time.sleep(0.1)
        assert bridge.rpc("btt_bridgeRoots")[0]["paused"]
        before = bridge.balance(account(3).address)
        # It gets the number that the first one had.
        second = bridge.cli("deposit", "6", "--to", account(3).address, "--yes")
        bridge.root.finalize()
        bridge.await_stage(second["transaction"], "finalised")
        time.sleep(1)
        assert "proven" not in stages(bridge, second["transaction"])
        assert "took back" in bridge.status(second["transaction"])[0]["note"]
        assert bridge.balance(account(3).address) == before
        doctor = bridge.cli("doctor", key=None, check=False)
        assert doctor.returncode == 1 and "bridge resume" in doctor.stdout
        # Its validator's owner lets it go on: the node does not pause again for the same reason.
        node.btt(
            "bridge", "resume", "--rpc", bridge.url, "--key-file", bridge.directory.key)
        third = bridge.cli("deposit", "7", "--to", account(3).address, "--yes")
        bridge.root.finalize()
        bridge.await_stage(third["transaction"], "credited")
        assert bridge.balance(account(3).address) == before + 7 * 10**18
    finally:
        bridge.close()
