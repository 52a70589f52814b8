"""Claims: each withdrawal is paid once, to whom it belongs, as far as the limits go."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

import deploy
import model
from conftest import DAY, E18, World

ZERO = "0x" + "00" * 20


@pytest.fixture
def full(world):
    """A bridge with BTT in it."""
    world.deposit(world.btt, 100_000)
    return world


@pytest.fixture
def ether(world):
    world.map_ether((1, 100 * E18, E18))
    world.deposit_ether(10 * E18)
    return world


@pytest.fixture
def odd(world):
    token = world.create("testing/OddToken", 18)
    world.map_token(token)
    world.fund(token, world.alice, 100_000)
    world.deposit(token, 10_000)
    return token


def balance(token, who):
    return token.functions.balanceOf(who).call()


def test_a_withdrawal_is_paid_to_its_receiver_whoever_claims(full):
    w = full.withdraw(full.btt.address, full.carol, 300)
    full.checkpoint()
    assert full.claim_call(w).call({"from": full.bob}) is True
    receipt = full.claim(w, full.bob)
    assert balance(full.btt, full.carol) == 300
    assert full.locked(full.btt.address) == 99_700
    assert full.manager.functions.isSpent(0).call()
    args = full.events(full.manager.events.Claimed, receipt)[0]
    assert tuple(args.values()) == (0, full.btt.address, full.carol, 300, full.carol, 1)


def test_nothing_is_paid_twice(full):
    w = full.withdraw(full.btt.address, full.carol, 300)
    first = full.checkpoint()
    full.withdraw(full.btt.address, full.carol, 300)
    second = full.checkpoint()
    full.claim(w, checkpoint=first)
    for checkpoint in (first, second):
        full.refused("already paid", full.claim_call(w, checkpoint))
        full.refused("already paid", full.claim_call(w, checkpoint, to=full.bob), full.carol)
    full.wait(3 * DAY)
    full.refused("already paid", full.claim_call(w, second))


def test_two_equal_withdrawals_are_two(full):
    both = [full.withdraw(full.btt.address, full.carol, 300) for _ in range(2)]
    full.checkpoint()
    for w in both:
        full.claim(w)
    assert balance(full.btt, full.carol) == 600


def test_indices_do_not_share_what_marks_them(full):
    ws = [full.withdraw(full.btt.address, full.carol, 1) for _ in range(258)]
    full.checkpoint()
    claimed = [0, 1, 127, 128, 255, 256, 257]
    for index in claimed:
        full.claim(ws[index])
        full.refused("already paid", full.claim_call(ws[index]))
    assert balance(full.btt, full.carol) == len(claimed)
    spent = full.manager.functions.isSpent
    assert [w.index for w in ws if spent(w.index).call()] == claimed
    assert not spent(2**64 - 1).call()


def test_every_accepted_root_stays_good(full):
    """Withdrawals are claimed against the checkpoint of their day, long after it, in any order."""
    made = []
    for count in (1, 2, 1, 3):
        made += [(full.withdraw(full.btt.address, full.carol, 10), len(made)) for _ in range(count)]
        full.checkpoint()
    newest = full.checkpoints.functions.checkpointCount().call()
    for w, _ in reversed(made):
        first = next(
            id
            for id in range(1, newest + 1)
            if full.checkpoints.functions.checkpoint(id).call()[3] > w.index
        )
        full.claim(w, checkpoint=first if w.index % 2 else newest)
    assert balance(full.btt, full.carol) == 70


def test_a_withdrawal_after_the_checkpoint_waits_for_the_next(full):
    full.withdraw(full.btt.address, full.carol, 10)
    id = full.checkpoint()
    late = full.withdraw(full.btt.address, full.carol, 10)
    proof = full.tree.proof(late.index)
    full.refused("name a later one", full.manager.functions.claim(id, late.tuple(), proof))
    full.refused("no such checkpoint", full.manager.functions.claim(id + 1, late.tuple(), proof))
    full.checkpoint()
    full.claim(late)


def test_each_field_of_the_withdrawal_is_proven(full):
    w = full.withdraw(full.btt.address, full.carol, 300)
    full.withdraw(full.btt.address, full.carol, 300)
    id = full.checkpoint()
    proof = full.tree.proof(0)
    for changed in (
        {"index": 1},
        {"token": full.bob},
        {"receiver": full.bob},
        {"amount": 301},
        {"height": 2},
    ):
        other = dataclasses.replace(w, **changed)
        full.refused("wrong proof", full.manager.functions.claim(id, other.tuple(), proof))
    full.claim(w)


def test_any_changed_byte_of_a_proof_is_refused(full):
    ws = [full.withdraw(full.btt.address, full.carol, 10) for _ in range(5)]
    id = full.checkpoint()

    @given(st.sampled_from(ws), st.integers(0, 32 * 32 - 1), st.integers(1, 255))
    def check(w, place, flip):
        bad = bytearray(b"".join(full.tree.proof(w.index)))
        bad[place] ^= flip
        siblings = [bytes(bad[i : i + 32]) for i in range(0, len(bad), 32)]
        full.refused("wrong proof", full.manager.functions.claim(id, w.tuple(), siblings))

    check()


def test_a_proof_of_another_leaf_or_size_is_refused(full):
    ws = [full.withdraw(full.btt.address, full.carol, 10) for _ in range(4)]
    id = full.checkpoint()
    claim = full.manager.functions.claim
    full.refused("wrong proof", claim(id, ws[0].tuple(), full.tree.proof(1)))
    full.refused("wrong proof", claim(id, ws[0].tuple(), full.tree.proof(0, 3)))
    full.refused("wrong proof", claim(id, ws[0].tuple(), full.tree.proof(0)[::-1]))


def test_an_index_beyond_the_tree_is_no_other_name_of_a_leaf(full):
    """224 encodings of one burn were claimed once elsewhere: here an index has one form."""
    w = full.withdraw(full.btt.address, full.carol, 300)
    id = full.checkpoint()
    for index in (1, 2**32, 2**63, 2**64 - 1):
        other = dataclasses.replace(w, index=index)
        full.refused(
            "name a later one", full.manager.functions.claim(id, other.tuple(), full.tree.proof(0))
        )


def test_an_inner_node_or_a_padding_leaf_is_no_withdrawal(full):
    full.withdraw(full.btt.address, full.carol, 10)
    id = full.checkpoint()
    # The empty place beside the only leaf lies beyond the count.
    empty = model.Withdrawal(1, full.btt.address, full.carol, 10, 1)
    full.refused(
        "name a later one", full.manager.functions.claim(id, empty.tuple(), full.tree.proof(1))
    )


def test_a_root_with_another_count_is_another_root(full):
    """The root commits to the count: 3 leaves do not pass for 4."""
    ws = [full.withdraw(full.btt.address, full.carol, 10) for _ in range(3)]
    fields = (0, 9, b"\x01" * 32, full.tree.root(), 4)
    full.send(full.submit_call(fields))
    full.refused("wrong proof", full.manager.functions.claim(1, ws[0].tuple(), full.tree.proof(0)))


def test_a_withdrawal_of_another_sidechain_root_or_outbox_is_refused(world):
    for domain in ({"sidechain": 1029}, {"root": 3}, {"outbox": deploy.STATE_RECEIVER}):
        with world.undone():
            w = model.Withdrawal(0, world.btt.address, world.carol, 10, 1)
            tree = model.Tree([w.leaf(**domain)])
            world.send(world.submit_call((0, 1, bytes(32), tree.root(), 1)))
            call = world.manager.functions.claim(1, w.tuple(), tree.proof(0))
            world.refused("wrong proof", call)


def test_a_withdrawal_above_its_checkpoints_height_is_refused(full):
    w = model.Withdrawal(0, full.btt.address, full.carol, 10, 8)
    tree = model.Tree([w.leaf()])
    full.send(full.submit_call((0, 7, bytes(32), tree.root(), 1)))
    full.refused("above the checkpoint", full.manager.functions.claim(1, w.tuple(), tree.proof(0)))


def test_what_a_quorum_must_not_sign_is_refused_still(full):
    """A wrong outbox cannot pay more than is locked, nothing at all, unmapped tokens or nobody."""
    cases = [
        (full.btt.address, full.carol, 100_001, "more than is locked"),
        (full.btt.address, full.carol, 2**256 - 1, "more than is locked"),
        (full.btt.address, full.carol, 0, "amount is zero"),
        (full.btt.address, ZERO, 10, "receiver must not be zero"),
        (full.btt.address, full.manager.address, 10, "receiver must not be zero or the manager"),
        (full.carol, full.carol, 10, "not mapped"),
        (ZERO, full.carol, 10, "not mapped"),
    ]
    ws = [full.withdraw(token, receiver, amount) for token, receiver, amount, _ in cases]
    full.checkpoint()
    for w, case in zip(ws, cases):
        full.refused(case[3], full.claim_call(w))


def test_over_the_days_rest_a_claim_waits_for_the_next_day(full):
    """The limit of the test bridge is 1 000 a day."""
    ws = [full.withdraw(full.btt.address, full.carol, amount) for amount in (700, 300, 1, 1_000)]
    full.checkpoint()
    full.to_next_day()
    rest = full.manager.functions.claimableToday(full.btt.address)
    full.claim(ws[0])
    full.claim(ws[1])
    assert rest.call() == 0
    for w in ws[2:]:
        full.refused("claim tomorrow", full.claim_call(w))
        assert not full.manager.functions.isSpent(w.index).call()
    full.to_next_day()
    assert rest.call() == 1_000
    full.claim(ws[3])
    full.refused("claim tomorrow", full.claim_call(ws[2]))
    full.to_next_day()
    full.claim(ws[2])
    assert balance(full.btt, full.carol) == 2_001


def test_above_a_whole_days_limit_a_claim_is_paid_after_a_day(full):
    w = full.withdraw(full.btt.address, full.carol, 1_001)
    full.checkpoint()
    assert full.claim_call(w).call() is False
    receipt = full.claim(w)
    args = full.events(full.manager.events.ClaimDelayed, receipt)[0]
    ready = full.now() + DAY
    assert tuple(args.values()) == (0, full.btt.address, full.carol, 1_001, ready)
    assert full.manager.functions.claimReadyAt(w.leaf()).call() == ready
    assert balance(full.btt, full.carol) == 0 and full.locked(full.btt.address) == 100_000
    full.refused("see claimReadyAt", full.claim_call(w))
    full.wait(DAY - 1)
    full.refused("see claimReadyAt", full.claim_call(w))
    full.claim(w)
    assert full.now() == ready
    assert balance(full.btt, full.carol) == 1_001
    full.refused("already paid", full.claim_call(w))
    # It left the small ones their day.
    assert full.manager.functions.claimableToday(full.btt.address).call() == 1_000


def test_a_limit_that_rose_meanwhile_frees_the_claim(full):
    w = full.withdraw(full.btt.address, full.carol, 1_001)
    full.checkpoint()
    full.claim(w)
    full.change("setLimits", full.btt.address, (10, 1_000_000, 5_000))
    full.claim(w)
    assert full.manager.functions.claimableToday(full.btt.address).call() == 3_999


def test_a_limit_that_fell_below_what_was_claimed_leaves_no_rest(full):
    w = full.withdraw(full.btt.address, full.carol, 1_000)
    full.checkpoint()
    full.send(
        full.manager.functions.scheduleChange(
            full.manager.encode_abi("setLimits", [full.btt.address, (1, 1, 1)])
        ),
        full.admin,
    )
    full.wait(8 * DAY)
    full.to_next_day()
    full.claim(w)
    full.send(
        full.manager.functions.makeChange(
            full.manager.encode_abi("setLimits", [full.btt.address, (1, 1, 1)])
        ),
        full.admin,
    )
    assert full.manager.functions.claimableToday(full.btt.address).call() == 0


def test_limits_are_each_tokens_own(full):
    full.map_ether((1, 100 * E18, 500))
    full.deposit_ether(E18)
    ws = [
        full.withdraw(full.btt.address, full.carol, 1_000),
        full.withdraw(deploy.NATIVE, full.carol, 500),
    ]
    full.checkpoint()
    for w in ws:
        full.claim(w)


def test_ether_is_paid(ether):
    before = ether.w3.eth.get_balance(ether.carol)
    w = ether.withdraw(deploy.NATIVE, ether.carol, E18)
    ether.checkpoint()
    ether.claim(w)
    assert ether.w3.eth.get_balance(ether.carol) == before + E18
    assert ether.locked(deploy.NATIVE) == ether.w3.eth.get_balance(ether.manager.address) == 9 * E18


def test_a_contract_receives_ether_with_gas_enough_to_work(ether):
    puppet = ether.create("testing/Puppet")
    w = ether.withdraw(deploy.NATIVE, puppet.address, 5)
    ether.checkpoint()
    ether.claim(w)
    assert puppet.functions.received().call() == 5


def test_a_contract_that_refuses_ether_has_it_paid_elsewhere(ether):
    puppet = ether.create("testing/Puppet")
    ether.send(puppet.functions.setUp(True, ZERO, b""))
    w = ether.withdraw(deploy.NATIVE, puppet.address, 5)
    id = ether.checkpoint()
    ether.refused("receiver refused", ether.claim_call(w))
    ether.refused("only the receiver", ether.claim_call(w, to=ether.bob), ether.bob)
    before = ether.w3.eth.get_balance(ether.carol)
    data = ether.manager.encode_abi("claimTo", [id, w.tuple(), ether.tree.proof(0), ether.carol])
    ether.send(puppet.functions.act(ether.manager.address, data))
    assert ether.w3.eth.get_balance(ether.carol) == before + 5
    ether.refused("already paid", ether.claim_call(w))


def test_a_receiver_that_claims_again_inside_a_claim_gets_nothing_more(ether):
    puppet = ether.create("testing/Puppet")
    ws = [ether.withdraw(deploy.NATIVE, puppet.address, 5) for _ in range(2)]
    id = ether.checkpoint()
    for inner in ws:
        with ether.undone():
            data = ether.manager.encode_abi(
                "claim", [id, inner.tuple(), ether.tree.proof(inner.index)]
            )
            ether.send(puppet.functions.setUp(False, ether.manager.address, data))
            ether.claim(ws[0])
            assert puppet.functions.callSucceeded().call() is False
            assert puppet.functions.received().call() == 5
            assert ether.locked(deploy.NATIVE) == 10 * E18 - 5


def test_too_little_gas_leaves_the_claim_as_it_was(ether):
    """Nobody can spend a withdrawal by starving the payment of gas."""
    puppet = ether.create("testing/Puppet")
    w = ether.withdraw(deploy.NATIVE, puppet.address, 5)
    ether.checkpoint()
    call = ether.claim_call(w)
    needed = call.estimate_gas({"from": ether.alice})
    for gas in range(60_000, needed, 7_000):
        with ether.undone():
            hash = call.transact({"from": ether.alice, "gas": gas})
            paid = ether.w3.eth.get_transaction_receipt(hash)["status"] == 1
            assert puppet.functions.received().call() == (5 if paid else 0)
            assert ether.manager.functions.isSpent(0).call() == paid


def test_a_token_that_refuses_the_receiver_leaves_the_claim_open(world, odd):
    world.send(odd.functions.setRefused(world.carol, True))
    w = world.withdraw(odd.address, world.carol, 100)
    world.checkpoint()
    world.refused("ODD: refused", world.claim_call(w))
    world.claim(w, world.carol, to=world.bob)
    assert balance(odd, world.bob) == 100 and world.locked(odd.address) == 9_900


def test_a_token_that_answers_false_leaves_the_claim_open(world, odd):
    w = world.withdraw(odd.address, world.carol, 100)
    world.checkpoint()
    world.send(odd.functions.setHabits(0, 0, 0, True))
    world.refused("token refused", world.claim_call(w))
    world.send(odd.functions.setHabits(0, 0, 0, False))
    world.claim(w)


def test_a_token_that_takes_more_than_was_claimed_is_refused(world, odd):
    w = world.withdraw(odd.address, world.carol, 100)
    world.checkpoint()
    world.send(odd.functions.setHabits(0, 0, 5, False))
    world.refused("took too much", world.claim_call(w))


def test_a_fee_on_a_claim_is_the_receivers(world, odd):
    w = world.withdraw(odd.address, world.carol, 100)
    world.checkpoint()
    world.send(odd.functions.setHabits(10, 0, 0, False))
    world.claim(w)
    assert balance(odd, world.carol) == 90
    assert world.locked(odd.address) == balance(odd, world.manager.address) == 9_900


def test_a_token_that_claims_again_inside_a_claim_gets_nothing_more(world, odd):
    ws = [world.withdraw(odd.address, world.carol, 100) for _ in range(2)]
    id = world.checkpoint()
    data = world.manager.encode_abi("claim", [id, ws[1].tuple(), world.tree.proof(1)])
    world.send(odd.functions.setCall(world.manager.address, data))
    world.claim(ws[0])
    assert odd.functions.callSucceeded().call() is False
    assert balance(odd, world.carol) == 100


def test_a_token_that_answers_nothing_is_paid(world):
    token = world.create("testing/MuteToken")
    world.map_token(token, decimals=6)
    world.send(token.functions.mint(world.alice, 100))
    world.send(token.functions.approve(world.manager.address, 100))
    world.deposit(token, 100)
    w = world.withdraw(token.address, world.carol, 60)
    world.checkpoint()
    world.claim(w)
    assert balance(token, world.carol) == 60


def test_money_of_one_token_never_pays_for_another(full):
    full.map_ether((1, 100 * E18, E18))
    full.send(full.btt.functions.transfer(full.manager.address, 5))
    w = full.withdraw(deploy.NATIVE, full.carol, 5)
    full.checkpoint()
    full.refused("more than is locked", full.claim_call(w))


def test_claims_of_two_bridges_do_not_mix(chain):
    """One burn, two root chains: the leaf names its root, so only one of them pays."""
    first, second = World(*chain), World(*chain, root=3)
    for world in (first, second):
        world.fund(world.btt, world.alice, 1_000)
        world.deposit(world.btt, 1_000)
    w = first.withdraw(first.btt.address, first.carol, 10)
    first.checkpoint()
    first.claim(w)
    second.domain = dataclasses.replace(second.domain, root=3)
    second.send(second.submit_call((0, 1, bytes(32), first.tree.root(), 1)))
    second.refused("wrong proof", second.manager.functions.claim(1, w.tuple(), first.tree.proof(0)))


def test_what_a_claim_costs(full):
    """A bound against surprises, not a figure: 32 hashes and a transfer."""
    w = full.withdraw(full.btt.address, full.carol, 10)
    full.checkpoint()
    assert full.claim(w)["gasUsed"] < 200_000
