import contextlib
import os
import pathlib
import sys

import pytest
from eth.constants import GENESIS_PARENT_HASH
from eth_account import Account
from eth_tester import EthereumTester, PyEVMBackend
from eth_tester.exceptions import TransactionFailed
from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir
from web3 import EthereumTesterProvider, Web3
from web3.exceptions import ContractLogicError
from web3.logs import DISCARD

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parents[1])]

import deploy  # noqa: E402
import model  # noqa: E402

# Failing examples are tried again next time; they lie with what is built, not with the sources.
set_hypothesis_home_dir(pathlib.Path(__file__).parents[2] / ".build/hypothesis")
# A failing example prints the line that repeats it.
settings.register_profile(
    "bridge",
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
    max_examples=int(os.environ.get("BTT_EXAMPLES", "8")),
)
settings.load_profile("bridge")

DAY = 86_400
E18 = 10**18
LIMITS = (10, 1_000_000, 1_000)  # least deposit, most locked, most claimed a day
DELAY = 7 * DAY


class World:
    """A bridge on eth-tester's chain, its validators, and the sidechain's side in Python."""

    def __init__(self, w3, tester, weights=(40, 30, 20, 10), **options):
        self.w3, self.tester = w3, tester
        self.keys = [
            Account.from_key(i.to_bytes(32, "big")) for i in range(1001, 1001 + len(weights))
        ]
        self.weights = dict(zip((k.address for k in self.keys), weights))
        accounts = w3.eth.accounts
        self.admin, self.guardian, self.alice, self.bob, self.carol = accounts[:5]
        options = {"delay": DELAY, "limits": LIMITS} | options
        bridge = deploy.deploy_bridge(
            w3, list(self.weights.items()), admin=self.admin, guardian=self.guardian, **options
        )
        self.btt, self.sender, self.checkpoints, self.manager = bridge.values()
        self.domain = model.Domain(w3.eth.chain_id, self.checkpoints.address)
        self.tree = model.Tree()
        self.withdrawals = []
        self.height = 0
        self.epoch = 0

    # Calls

    def create(self, name, *arguments):
        return deploy.create(self.w3, name, *arguments)

    def send(self, call, sender=None, **fields):
        sender = sender or self.alice
        hash = call.transact({"from": sender, "gas": 3_000_000, **fields})
        receipt = self.w3.eth.wait_for_transaction_receipt(hash)
        if receipt["status"] != 1:
            call.call({"from": sender, **fields})
            raise AssertionError("the transaction failed, but the call does not")
        return receipt

    def refused(self, text, call, sender=None, **fields):
        """The call reverts, and says why."""
        with pytest.raises((ContractLogicError, TransactionFailed)) as caught:
            call.call({"from": sender or self.alice, **fields})
        assert text in str(caught.value)

    def events(self, event, receipt):
        return [e["args"] for e in event().process_receipt(receipt, errors=DISCARD)]

    @contextlib.contextmanager
    def undone(self):
        """What happens inside is taken back afterwards."""
        backend = self.tester.backend
        snapshot = backend.take_snapshot()
        try:
            yield
        finally:
            chain, db = backend.chain, backend.chain.chaindb
            head = chain.get_block_by_hash(snapshot).header
            db._set_as_canonical_chain_head(db.db, head, GENESIS_PARENT_HASH)
            chain.header = chain.create_header_from_parent(head)

    def now(self):
        return self.w3.eth.get_block("latest")["timestamp"]

    def wait(self, seconds):
        # eth-tester's newest block is then a second before the time that is asked for.
        self.tester.time_travel(self.now() + seconds + 1)

    def to_next_day(self):
        self.wait(DAY - self.now() % DAY)

    # Administration

    def change(self, name, *arguments):
        data = self.manager.encode_abi(name, list(arguments))
        self.send(self.manager.functions.scheduleChange(data), self.admin)
        self.wait(DELAY)
        return self.send(self.manager.functions.makeChange(data), self.admin)

    def map_ether(self, limits=LIMITS):
        return self.change("mapToken", deploy.NATIVE, "Ether", "ETH", 18, limits)

    def map_token(self, token, decimals=18, limits=LIMITS):
        return self.change("mapToken", token.address, "A Token", "TKN", decimals, limits)

    # Deposits

    def fund(self, token, who, amount, mint_by=None):
        self.send(token.functions.mint(who, amount), mint_by or self.admin)
        self.send(token.functions.approve(self.manager.address, 2**256 - 1), who)

    def deposit(self, token, amount, sender=None, user=None):
        sender = sender or self.alice
        return self.send(self.deposit_call(token, amount, user or sender), sender)

    def deposit_call(self, token, amount, user):
        return self.manager.functions.depositFor(user, token.address, amount.to_bytes(32, "big"))

    def deposit_ether(self, amount, sender=None):
        sender = sender or self.alice
        return self.send(self.manager.functions.depositEtherFor(sender), sender, value=amount)

    def locked(self, token):
        return self.manager.functions.token(token).call()[2]

    def messages(self, receipt):
        return self.sender.events.StateSynced().process_receipt(receipt, errors=DISCARD)

    # Withdrawals

    def withdraw(self, token, receiver, amount):
        """What the sidechain does: appends to the outbox."""
        self.height += 1
        w = model.Withdrawal(len(self.withdrawals), token, receiver, amount, self.height)
        self.withdrawals.append(w)
        self.tree.append(w.leaf())
        return w

    def checkpoint_fields(self, count=None):
        count = len(self.withdrawals) if count is None else count
        return (
            self.epoch,
            self.height,
            self.height.to_bytes(32, "big"),
            self.tree.root(count),
            count,
        )

    def submit_call(self, fields, signers=None, signatures=None):
        if signatures is None:
            signatures = model.sign(self.domain.checkpoint(*fields), signers or self.keys)
        return self.checkpoints.functions.submitCheckpoint(*fields, signatures)

    def checkpoint(self, signers=None):
        self.send(self.submit_call(self.checkpoint_fields(), signers))
        return self.checkpoints.functions.checkpointCount().call()

    def claim_call(self, w, checkpoint=None, to=None):
        if checkpoint is None:
            checkpoint = self.checkpoints.functions.checkpointCount().call()
        count = self.checkpoints.functions.checkpoint(checkpoint).call()[3]
        proof = self.tree.proof(w.index, count)
        if to:
            return self.manager.functions.claimTo(checkpoint, w.tuple(), proof, to)
        return self.manager.functions.claim(checkpoint, w.tuple(), proof)

    def claim(self, w, sender=None, **options):
        return self.send(self.claim_call(w, **options), sender)


@pytest.fixture(scope="session")
def chain():
    tester = EthereumTester(PyEVMBackend())
    return Web3(EthereumTesterProvider(tester)), tester


@pytest.fixture(scope="session")
def made(chain):
    w3, tester = chain
    world = World(w3, tester)
    world.fund(world.btt, world.alice, 2_000_000)
    world.fund(world.btt, world.bob, 2_000_000)
    return world, vars(world).copy()


@pytest.fixture
def world(made):
    """A fresh bridge: every test starts from the same state of the chain."""
    world, start = made
    world.__dict__.clear()
    world.__dict__.update(start | {"tree": model.Tree(), "withdrawals": []})
    with world.undone():
        yield world
