"""Checkpoints and validator sets: what a quorum signed is taken, and nothing else."""

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

import model
from conftest import World

BLOCK = b"\xbb" * 32
ROOT = b"\xaa" * 32
FIELDS = (0, 7, BLOCK, ROOT, 3)


def ascending(keys):
    return sorted(keys, key=lambda k: int(k.address, 16))


def signatures(message, keys):
    return [bytes(Account.sign_message(message, k.key).signature) for k in keys]


def test_the_digests_are_those_of_eip_712(world):
    calls = world.checkpoints.functions
    assert calls.domainSeparator().call() == world.domain.separator()
    assert calls.checkpointDigest(*FIELDS).call() == model.digest(world.domain.checkpoint(*FIELDS))
    new = (1, [k.address for k in ascending(world.keys)], [9, 8, 7, 2**128 - 1])
    assert calls.validatorSetDigest(*new).call() == model.digest(world.domain.validator_set(*new))


def test_a_quorum_is_taken_and_everything_is_kept(world):
    first = world.send(world.submit_call(FIELDS))
    event = world.events(world.checkpoints.events.CheckpointAccepted, first)[0]
    assert (event["id"], event["endHeight"], event["outboxRoot"]) == (1, 7, ROOT)
    assert (event["endBlockHash"], event["outboxCount"], event["epoch"]) == (BLOCK, 3, 0)
    time = world.now()
    highest = (0, 2**64 - 1, ROOT, BLOCK, 2**32 - 1)
    world.send(world.submit_call(highest))
    calls = world.checkpoints.functions
    assert calls.checkpointCount().call() == 2
    assert calls.checkpoint(1).call() == (ROOT, BLOCK, 7, 3, 0, time)
    assert calls.checkpoint(2).call()[:5] == (BLOCK, ROOT, 2**64 - 1, 2**32 - 1, 0)


@pytest.mark.parametrize("id", [0, 1, 2**256 - 1])
def test_a_checkpoint_that_was_never_accepted_is_not_found(world, id):
    world.refused("no such checkpoint", world.checkpoints.functions.checkpoint(id))


def test_more_than_two_thirds_of_the_weight_is_needed(chain):
    # Of 99, 66 are two thirds and not more.
    world = World(*chain, weights=(33, 33, 32, 1))
    a, b, c, d = world.keys
    refusal = "not more than two thirds"
    world.refused(refusal, world.submit_call(FIELDS, [a, b]))
    world.refused(refusal, world.submit_call(FIELDS, [a, c, d]))
    world.refused(refusal, world.submit_call(FIELDS, signatures=b""))
    world.send(world.submit_call(FIELDS, [a, b, d]))


def test_validators_are_weighed_and_not_counted(chain):
    world = World(*chain, weights=(1_000, 1, 1, 1))
    world.refused("not more than two thirds", world.submit_call(FIELDS, world.keys[1:]))
    world.send(world.submit_call(FIELDS, world.keys[:1]))


def test_weights_near_the_limit_do_not_overflow(chain):
    top = 2**128 - 1
    world = World(*chain, weights=(top, top, top, top))
    world.refused("not more than two thirds", world.submit_call(FIELDS, world.keys[:2]))
    world.send(world.submit_call(FIELDS, world.keys[:3]))


def test_signers_must_ascend_and_none_counts_twice(world):
    message = world.domain.checkpoint(*FIELDS)
    good = signatures(message, ascending(world.keys))
    for bad in (good[::-1], [good[0], *good], [*good, good[-1]], [good[1], good[0], *good[2:]]):
        world.refused("signers must ascend", world.submit_call(FIELDS, signatures=b"".join(bad)))


def test_a_stranger_among_the_signers_spoils_the_whole(world):
    keys = [*world.keys, Account.from_key(b"\x07" * 32)]
    world.refused("signer is no validator", world.submit_call(FIELDS, keys))


def test_the_other_form_of_a_signature_is_refused(world):
    good = signatures(world.domain.checkpoint(*FIELDS), ascending(world.keys))
    for i in range(len(good)):
        bad = b"".join([*good[:i], model.twin(good[i]), *good[i + 1 :]])
        world.refused("s is in the upper half", world.submit_call(FIELDS, signatures=bad))


@pytest.mark.parametrize("v", [0, 1, 26, 29, 255])
def test_v_is_27_or_28(world, v):
    good = model.sign(world.domain.checkpoint(*FIELDS), world.keys)
    world.refused(
        "v must be 27 or 28", world.submit_call(FIELDS, signatures=good[:-1] + bytes([v]))
    )


@pytest.mark.parametrize("cut", [1, 64, 66])
def test_a_length_that_is_no_multiple_of_65_is_refused(world, cut):
    good = model.sign(world.domain.checkpoint(*FIELDS), world.keys)
    world.refused("65 bytes each", world.submit_call(FIELDS, signatures=good[:-cut]))
    world.refused("65 bytes each", world.submit_call(FIELDS, signatures=good + b"\x00" * cut))


def test_zero_is_no_signature(world):
    for r, s in ((0, 0), (0, 1), (1, 0)):
        bad = r.to_bytes(32, "big") + s.to_bytes(32, "big") + b"\x1b"
        world.refused("recovers nobody", world.submit_call(FIELDS, signatures=bad))


def test_any_changed_byte_of_any_signature_is_refused(world):
    good = model.sign(world.domain.checkpoint(*FIELDS), world.keys)

    @given(st.integers(0, len(good) - 1), st.integers(1, 255))
    def check(place, flip):
        bad = bytearray(good)
        bad[place] ^= flip
        world.refused("checkpoints: ", world.submit_call(FIELDS, signatures=bytes(bad)))

    check()


@pytest.mark.parametrize(
    "other",
    [
        {"chain": 1},
        {"contract": "0x00000000000000000000000000000000000000Aa"},
        {"sidechain": 1029},
        {"root": 3},
    ],
    ids=lambda o: next(iter(o)),
)
def test_signatures_for_another_chain_root_or_contract_are_refused(world, other):
    domain = model.Domain(**(vars(world.domain) | other))
    for epoch, call in (
        (0, lambda m: world.submit_call(FIELDS, signatures=m)),
        (1, lambda m: world.checkpoints.functions.changeValidators(1, [world.alice], [1], m)),
    ):
        if epoch == 0:
            message = domain.checkpoint(*FIELDS)
        else:
            message = domain.validator_set(1, [world.alice], [1])
        world.refused("checkpoints: sign", call(model.sign(message, world.keys)))


def test_each_field_is_signed(world):
    good = model.sign(world.domain.checkpoint(*FIELDS), world.keys)
    for other in (
        (0, 8, BLOCK, ROOT, 3),
        (0, 7, ROOT, ROOT, 3),
        (0, 7, BLOCK, BLOCK, 3),
        (0, 7, BLOCK, ROOT, 4),
    ):
        world.refused("checkpoints: sign", world.submit_call(other, signatures=good))


def test_height_and_count_only_rise(world):
    world.send(world.submit_call(FIELDS))
    for height in (0, 6, 7):
        world.refused("height is not above", world.submit_call((0, height, BLOCK, ROOT, 4)))
    for count in (0, 2, 3):
        world.refused("nothing new", world.submit_call((0, 8, BLOCK, ROOT, count)))
    world.refused("more leaves", world.submit_call((0, 8, BLOCK, ROOT, 2**32)))
    world.send(world.submit_call((0, 8, BLOCK, ROOT, 4)))


def test_the_same_checkpoint_is_not_taken_twice(world):
    world.send(world.submit_call(FIELDS))
    world.refused("height is not above", world.submit_call(FIELDS))


def hand_over(world, keys, weights, epoch=None, signers=None, **domain):
    pairs = sorted(zip((k.address for k in keys), weights), key=lambda p: int(p[0], 16))
    new = (
        world.epoch + 1 if epoch is None else epoch,
        [p[0] for p in pairs],
        [p[1] for p in pairs],
    )
    signature = model.sign(world.domain.validator_set(*new), signers or world.keys)
    return world.checkpoints.functions.changeValidators(*new, signature)


def test_a_handover_makes_the_old_set_powerless(world):
    fresh = [Account.from_key(bytes([i]) * 32) for i in (1, 2, 3)]
    receipt = world.send(hand_over(world, fresh, [5, 5, 5]))
    event = world.events(world.checkpoints.events.ValidatorSetChanged, receipt)[0]
    assert (event["epoch"], list(event["weights"])) == (1, [5, 5, 5])
    calls = world.checkpoints.functions
    assert (calls.epoch().call(), calls.totalWeight().call()) == (1, 15)
    world.refused("another validator set", world.submit_call(FIELDS))
    newer = (1, *FIELDS[1:])
    world.refused("signer is no validator", world.submit_call(newer))
    world.send(world.submit_call(newer, fresh))


def test_a_validator_that_stays_has_its_new_weight_only(world):
    world.send(hand_over(world, world.keys, [1, 1, 1, 97]))
    world.epoch = 1
    fields = (1, *FIELDS[1:])
    world.refused("not more than two thirds", world.submit_call(fields, world.keys[:3]))
    world.send(world.submit_call(fields, world.keys[3:]))
    assert world.checkpoints.functions.totalWeight().call() == 100


def test_the_total_is_the_sum_of_the_set_after_any_handovers(world):
    """The double subtraction of an exit and the like cannot happen: nothing is kept running."""
    calls = world.checkpoints.functions

    @given(st.lists(st.lists(st.integers(1, 1000), min_size=1, max_size=5), min_size=1, max_size=3))
    def check(sets):
        keys, world.epoch = world.keys, 0
        with world.undone():
            for weights in sets:
                first = world.epoch * 3 + 1  # so that sets overlap
                fresh = [
                    Account.from_key((first + i).to_bytes(32, "big")) for i in range(len(weights))
                ]
                world.send(hand_over(world, fresh, weights, signers=keys))
                keys, world.epoch = fresh, world.epoch + 1
                kept = [calls.weightOf(world.epoch, k.address).call() for k in keys]
                assert calls.totalWeight().call() == sum(kept) == sum(weights)

    check()


def test_a_handover_needs_the_quorum_of_the_outgoing_set(world):
    fresh = [Account.from_key(b"\x01" * 32)]
    world.refused("signer is no validator", hand_over(world, fresh, [1], signers=fresh))
    world.refused("not more than two thirds", hand_over(world, fresh, [1], signers=world.keys[1:3]))


@pytest.mark.parametrize("epoch", [0, 2, 2**64 - 1])
def test_handovers_go_one_by_one(world, epoch):
    world.refused("not the next validator set", hand_over(world, world.keys, [1] * 4, epoch=epoch))


def test_a_handover_is_not_played_twice(world):
    call = hand_over(world, world.keys, [1] * 4)
    world.send(call)
    world.refused("not the next validator set", call)


@pytest.mark.parametrize(
    "validators, weights, text",
    [
        ([], [], "no validators"),
        ([1], [], "as many weights"),
        ([1], [1, 1], "as many weights"),
        ([0], [1], "must ascend"),
        ([2, 1], [1, 1], "must ascend"),
        ([1, 1], [1, 1], "must ascend"),
        ([1], [0], "weight is zero"),
        ([1], [2**128], "above 128 bits"),
    ],
)
def test_an_irregular_set_is_refused_though_signed(world, validators, weights, text):
    addresses = [model.to_checksum_address(v.to_bytes(20, "big")) for v in validators]
    message = world.domain.validator_set(1, addresses, weights)
    signed = model.sign(message, world.keys)
    call = world.checkpoints.functions.changeValidators(1, addresses, weights, signed)
    world.refused(text, call)


def test_a_checkpoint_signature_is_worth_nothing_in_a_handover_and_the_reverse(world):
    good = model.sign(world.domain.checkpoint(*FIELDS), world.keys)
    world.refused(
        "checkpoints: sign",
        world.checkpoints.functions.changeValidators(1, [world.alice], [1], good),
    )
    good = model.sign(world.domain.validator_set(1, [world.alice], [1]), world.keys)
    world.refused("checkpoints: sign", world.submit_call(FIELDS, signatures=good))


def test_as_many_validators_as_there_may_be_fit_one_block(chain):
    world = World(*chain, weights=(1,) * 128)
    receipt = world.send(world.submit_call(FIELDS), gas=25_000_000)
    assert receipt["gasUsed"] < 2_500_000


def test_anybody_may_bring_a_checkpoint_and_a_handover(world):
    world.send(world.submit_call(FIELDS), world.carol)
    world.send(hand_over(world, world.keys, [1] * 4), world.carol)
