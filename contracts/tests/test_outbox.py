"""The outbox tree: two Python forms of it agree, and the contract with both."""

from eth_utils import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

import deploy
import model

hashes = st.binary(min_size=32, max_size=32)
addresses = st.binary(min_size=20, max_size=20).map(to_checksum_address)
withdrawals = st.builds(
    model.Withdrawal,
    index=st.integers(0, 2**64 - 1),
    token=addresses,
    receiver=addresses,
    amount=st.integers(0, 2**256 - 1),
    height=st.integers(0, 2**64 - 1),
)


def climb(leaf, index, proof):
    for height, sibling in enumerate(proof):
        pair = (sibling, leaf) if index >> height & 1 else (leaf, sibling)
        leaf = model.keccak(b"\x01" + pair[0] + pair[1])
    return leaf


@given(st.lists(hashes, max_size=40))
def test_the_incremental_form_has_the_root_of_the_whole_tree_after_every_leaf(leaves):
    branch, tree = model.Branch(), model.Tree(leaves)
    assert branch.root() == tree.root(0)
    for count, leaf in enumerate(leaves, 1):
        branch.append(leaf)
        assert branch.root() == tree.root(count)


@given(st.lists(hashes, min_size=1, max_size=20), st.data())
def test_every_leaf_of_every_size_is_proven_against_that_size(leaves, data):
    count = data.draw(st.integers(1, len(leaves)))
    index = data.draw(st.integers(0, count - 1))
    tree = model.Tree(leaves)
    assert climb(leaves[index], index, tree.proof(index, count)) == tree.top(count)


def test_one_leaf_two_and_three_are_proven(world):
    for amount in (10, 20, 30):
        world.deposit(world.btt, amount)
        w = world.withdraw(world.btt.address, world.bob, amount)
        world.checkpoint()
        world.claim(w)
    assert world.locked(world.btt.address) == 0


def test_the_contract_hashes_leaves_like_the_model(world):
    @given(withdrawals)
    def check(w):
        assert world.manager.functions.leafHash(w.tuple()).call() == w.leaf()

    check()


def test_leaves_of_another_sidechain_root_or_outbox_differ():
    w = model.Withdrawal(0, deploy.NATIVE, deploy.BTT_OUTBOX, 1, 1)
    assert len({w.leaf(), w.leaf(198), w.leaf(root=3), w.leaf(outbox=deploy.STATE_RECEIVER)}) == 4
