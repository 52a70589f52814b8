"""Deposits: what is measured is announced, in BTTC's form."""

import pytest
from eth_abi import decode, encode
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

import deploy
import model
from conftest import DAY, E18, LIMITS

DEPOSIT = keccak(text="DEPOSIT")


def deposit_data(user, token, amount, depositor, root=2):
    return encode(
        ["bytes32", "bytes"],
        [
            DEPOSIT,
            encode(
                ["address", "address", "uint64", "bytes"],
                [user, token, root, encode(["uint256", "address"], [amount, depositor])],
            ),
        ],
    )


@pytest.fixture
def odd(world):
    token = world.create("testing/OddToken", 18)
    world.map_token(token)
    world.fund(token, world.alice, 100_000)
    return token


def test_the_message_has_bttcs_topic_and_layout(world):
    receipt = world.deposit(world.btt, 500, user=world.carol)
    log = next(log for log in receipt["logs"] if log["address"] == world.sender.address)
    assert log["topics"][0] == keccak(text="StateSynced(uint256,address,bytes)")
    assert int.from_bytes(log["topics"][1], "big") == 1
    assert log["topics"][2][12:] == bytes.fromhex(deploy.STATE_RECEIVER[2:])
    (data,) = decode(["bytes"], log["data"])
    assert data == deposit_data(world.carol, world.btt.address, 500, world.alice)
    assert len(data) == 320


def test_bttcs_decoders_read_the_amount_in_the_first_word(world):
    data = world.messages(world.deposit(world.btt, 77))[0]["args"]["data"]
    _, sync = decode(["bytes32", "bytes"], data)
    user, token, root, deposit = decode(["address", "address", "uint64", "bytes"], sync)
    assert (user, token, root) == (world.alice.lower(), world.btt.address.lower(), 2)
    assert decode(["uint256"], deposit) == (77,)


def test_ids_follow_each_other_without_a_gap(world):
    ids = [world.messages(world.deposit(world.btt, 10))[0]["args"]["id"] for _ in range(4)]
    assert ids == [1, 2, 3, 4]
    world.refused("below the least", world.deposit_call(world.btt, 9, world.alice))
    assert world.messages(world.deposit(world.btt, 10))[0]["args"]["id"] == 5
    assert world.sender.functions.counter().call() == 5


def test_the_lock_is_logged_as_bttcs_predicates_do(world):
    receipt = world.deposit(world.btt, 500, user=world.carol)
    args = world.events(world.manager.events.LockedERC20, receipt)[0]
    assert tuple(args.values()) == (world.alice, world.carol, world.btt.address, 500)
    topic = "9b217a401a5ddf7c4d474074aff9958a18d48690d77cc2151c4706aa7348b401"
    assert topic in [log["topics"][0].hex() for log in receipt["logs"]]


def test_what_is_locked_is_here(world):
    world.deposit(world.btt, 500)
    world.deposit(world.btt, 70)
    assert world.locked(world.btt.address) == 570
    assert world.btt.functions.balanceOf(world.manager.address).call() == 570


@pytest.mark.parametrize("fee, bonus, credited", [(1, 0, 990), (50, 0, 500), (0, 10, 1_100)])
def test_a_fee_or_bonus_on_transfer_is_measured(world, odd, fee, bonus, credited):
    world.send(odd.functions.setHabits(fee, bonus, 0, False))
    receipt = world.deposit(odd, 1_000)
    data = world.messages(receipt)[0]["args"]["data"]
    assert data == deposit_data(world.alice, odd.address, credited, world.alice)
    assert world.locked(odd.address) == credited
    assert odd.functions.balanceOf(world.manager.address).call() == credited


def test_a_transfer_that_brings_nothing_is_no_deposit(world, odd):
    world.send(odd.functions.setHabits(100, 0, 0, False))
    world.refused("brought nothing", world.deposit_call(odd, 1_000, world.alice))


def test_a_fee_that_leaves_less_than_the_least_deposit_is_refused(world, odd):
    world.send(odd.functions.setHabits(50, 0, 0, False))
    world.refused("below the least", world.deposit_call(odd, 18, world.alice))
    world.deposit(odd, 19)


def test_a_token_that_answers_false_is_refused(world, odd):
    world.send(odd.functions.setHabits(0, 0, 0, True))
    world.refused("token refused", world.deposit_call(odd, 1_000, world.alice))


def test_a_token_that_answers_nothing_is_taken(world):
    token = world.create("testing/MuteToken")
    world.map_token(token, decimals=6)
    world.send(token.functions.mint(world.alice, 100))
    world.send(token.functions.approve(world.manager.address, 100))
    world.deposit(token, 100)
    assert world.locked(token.address) == 100


def test_a_token_that_deposits_again_inside_a_deposit_gets_nowhere(world, odd):
    """The inner deposit would be measured twice: as its own, and as part of the outer one."""
    puppet = world.create("testing/Puppet")
    world.send(odd.functions.mint(puppet.address, 1_000))
    approve = odd.encode_abi("approve", [world.manager.address, 1_000])
    world.send(puppet.functions.act(odd.address, approve))
    inner = world.manager.encode_abi(
        "depositFor", [world.bob, odd.address, (1_000).to_bytes(32, "big")]
    )
    act = puppet.encode_abi("act", [world.manager.address, inner])
    with world.undone():
        # On its own the same call is a deposit like any other.
        world.send(puppet.functions.act(world.manager.address, inner))
        assert world.locked(odd.address) == 1_000
    world.send(odd.functions.setCall(puppet.address, act))
    assert len(world.messages(world.deposit(odd, 100))) == 1
    assert odd.functions.callSucceeded().call() is False
    assert odd.functions.balanceOf(world.manager.address).call() == world.locked(odd.address) == 100


def test_ether_is_deposited_by_call_and_by_plain_transfer(world):
    world.map_ether((10, 10 * E18, E18))
    receipt = world.send(world.manager.functions.depositEtherFor(world.carol), value=E18)
    assert world.messages(receipt)[0]["args"]["data"] == deposit_data(
        world.carol, deploy.NATIVE, E18, world.alice
    )
    args = world.events(world.manager.events.LockedEther, receipt)[0]
    assert tuple(args.values()) == (world.alice, world.carol, E18)
    plain = {"from": world.bob, "to": world.manager.address, "value": 11, "gas": 300_000}
    receipt = world.w3.eth.wait_for_transaction_receipt(world.w3.eth.send_transaction(plain))
    assert world.messages(receipt)[0]["args"]["data"] == deposit_data(
        world.bob, deploy.NATIVE, 11, world.bob
    )
    assert (
        world.locked(deploy.NATIVE) == world.w3.eth.get_balance(world.manager.address) == E18 + 11
    )


def test_ether_with_unknown_call_data_is_refused(world):
    world.map_ether()
    call = {"from": world.alice, "to": world.manager.address, "value": 100, "data": "0x12345678"}
    with pytest.raises(Exception, match="no such function"):
        world.w3.eth.call(call)


def test_ether_is_not_deposited_as_a_token(world):
    world.map_ether()
    call = world.manager.functions.depositFor(world.alice, deploy.NATIVE, (100).to_bytes(32, "big"))
    world.refused("call depositEtherFor", call)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_deposit_data_is_one_word(world, length):
    call = world.manager.functions.depositFor(world.alice, world.btt.address, b"\x00" * length)
    world.refused("", call)


def test_the_zero_user_and_tokens_without_a_mapping_are_refused(world):
    zero = "0x" + "00" * 20
    world.refused("user must not be zero", world.deposit_call(world.btt, 100, zero))
    token = world.create("testing/OddToken", 18)
    world.refused("not mapped", world.deposit_call(token, 100, world.alice))
    world.refused("not mapped", world.manager.functions.depositEtherFor(world.alice), value=100)


def test_limits_hold_to_the_wei(world):
    least, cap, _ = LIMITS
    world.refused("below the least", world.deposit_call(world.btt, least - 1, world.alice))
    world.refused(
        "above the token's deposit cap", world.deposit_call(world.btt, cap + 1, world.bob)
    )
    world.deposit(world.btt, cap - least)
    world.refused(
        "above the token's deposit cap", world.deposit_call(world.btt, least + 1, world.bob)
    )
    world.deposit(world.btt, least, sender=world.bob)
    assert world.locked(world.btt.address) == cap


def test_tokens_sent_without_a_deposit_are_nobodys_and_count_for_nothing(world):
    world.send(world.btt.functions.transfer(world.manager.address, 1_000))
    assert world.locked(world.btt.address) == 0
    receipt = world.deposit(world.btt, 100)
    assert world.messages(receipt)[0]["args"]["data"] == deposit_data(
        world.alice, world.btt.address, 100, world.alice
    )


def test_only_the_manager_sends_and_it_is_named_once(world):
    world.refused("only the manager", world.sender.functions.syncState(world.alice, b""))
    again = world.sender.functions.setManager(world.alice)
    world.refused("set for ever", again, world.w3.eth.accounts[0])
    world.refused("only the deployer", again, world.bob)
    fresh = world.create("StateSender")
    world.refused("must not be zero", fresh.functions.setManager("0x" + "00" * 20), world.admin)


def test_a_message_has_at_most_a_kibibyte(world):
    fresh = world.create("StateSender")
    world.send(fresh.functions.setManager(world.bob), world.admin)
    world.send(fresh.functions.syncState(world.alice, b"\x01" * 1024), world.bob)
    world.refused("", fresh.functions.syncState(world.alice, b"\x01" * 1025), world.bob)


def test_the_faucet_gives_once_a_day(world):
    drip = world.btt.functions.drip()
    world.send(drip, world.carol)
    assert world.btt.functions.balanceOf(world.carol).call() == 10**24
    world.refused("one draw a day", drip, world.carol)
    world.wait(DAY)
    world.send(drip, world.carol)
    world.refused("only the owner", world.btt.functions.mint(world.bob, 1), world.bob)


def test_any_deposit_is_announced_as_measured(world, odd):
    @given(st.integers(10, 5_000), st.integers(0, 60), st.integers(0, 60))
    def check(asked, fee, bonus):
        arrives = asked + asked * bonus // 100 - asked * fee // 100
        with world.undone():
            world.send(odd.functions.setHabits(fee, bonus, 0, False))
            if arrives < 10:
                world.refused("below the least", world.deposit_call(odd, asked, world.bob))
            else:
                data = world.messages(world.deposit(odd, asked))[0]["args"]["data"]
                assert data == deposit_data(world.alice, odd.address, arrives, world.alice)

    check()


def test_a_child_token_has_the_derived_address(world):
    for token in (deploy.NATIVE, world.btt.address, world.alice):
        assert world.manager.functions.childTokenOf(token).call() == model.child_token(token)
    assert world.manager.functions.rootToChildToken(world.btt.address).call() == deploy.BTT_OUTBOX
