"""Administration: announced first, and never over money."""

import pytest
from eth_abi import decode, encode
from eth_utils import keccak

import deploy
import model
from conftest import DAY, DELAY, LIMITS

ZERO = "0x" + "00" * 20
GRACE = 14 * DAY


def schedule(world, name, *arguments):
    data = world.manager.encode_abi(name, list(arguments))
    world.send(world.manager.functions.scheduleChange(data), world.admin)
    return data, world.manager.functions.makeChange(data)


@pytest.mark.parametrize(
    "name, arguments",
    [
        ("unpause", []),
        ("setGuardian", [ZERO]),
        ("setAdmin", [deploy.BTT_OUTBOX]),
        ("setLimits", [deploy.NATIVE, LIMITS]),
        ("mapToken", [deploy.NATIVE, "Ether", "ETH", 18, LIMITS]),
    ],
)
def test_no_change_is_made_directly_by_anybody(world, name, arguments):
    call = getattr(world.manager.functions, name)(*arguments)
    for sender in (world.admin, world.guardian, world.alice):
        world.refused("only as a scheduled change", call, sender)


def test_no_function_but_these_exists(world):
    """No drain, no remapping, no replacing of signers, no upgrade."""
    changing = {
        f["name"]
        for f in world.manager.abi
        if f["type"] == "function" and f["stateMutability"] in ("payable", "nonpayable")
    }
    assert changing == {
        "depositFor",
        "depositEtherFor",
        "claim",
        "claimTo",
        "pause",
        "scheduleChange",
        "cancelChange",
        "makeChange",
        "setAdmin",
        "setGuardian",
        "setLimits",
        "mapToken",
        "unpause",
    }
    changing = {
        f["name"]
        for f in world.checkpoints.abi
        if f["type"] == "function" and f["stateMutability"] != "view"
    }
    assert changing == {"submitCheckpoint", "changeValidators"}


def test_a_change_waits_its_time_and_lapses(world):
    new = (1, 2, 3)
    with world.undone():
        _, make = schedule(world, "setLimits", world.btt.address, new)
        world.refused("too early", make, world.admin)
        world.wait(DELAY - 1)
        world.refused("too early", make, world.admin)
        world.send(make, world.admin)
        assert world.manager.functions.token(world.btt.address).call()[1] == new
        world.refused("no such change", make, world.admin)
    _, make = schedule(world, "setLimits", world.btt.address, new)
    world.wait(DELAY + GRACE)
    assert make.call({"from": world.admin}) is not None
    world.wait(1)
    world.refused("lapsed", make, world.admin)


def test_a_change_is_announced_with_its_call_data(world):
    data = world.manager.encode_abi("setGuardian", [world.bob])
    call = world.manager.functions.scheduleChange(data)
    event = world.events(world.manager.events.ChangeScheduled, world.send(call, world.admin))[0]
    id = keccak(hexstr=data)
    assert (event["id"], event["readyAt"]) == (id, world.now() + DELAY)
    assert event["change"] == bytes.fromhex(data[2:])
    assert world.manager.functions.changeReadyAt(id).call() == world.now() + DELAY
    world.refused("already scheduled", call, world.admin)


def test_a_cancelled_change_is_not_made(world):
    data, make = schedule(world, "setGuardian", world.bob)
    cancel = world.manager.functions.cancelChange(keccak(hexstr=data))
    world.refused("only the admin", cancel, world.bob)
    world.send(cancel, world.admin)
    world.wait(DELAY)
    world.refused("no such change", make, world.admin)
    world.refused("no such change", cancel, world.admin)


def test_only_the_admin_schedules_and_makes_changes(world):
    data, make = schedule(world, "setGuardian", world.bob)
    world.wait(DELAY)
    world.refused("only the admin", make, world.guardian)
    world.refused("only the admin", world.manager.functions.scheduleChange(data), world.guardian)


def test_a_new_admin_replaces_the_old(world):
    world.change("setAdmin", world.bob)
    data = world.manager.encode_abi("unpause", [])
    world.refused("only the admin", world.manager.functions.scheduleChange(data), world.admin)
    world.send(world.manager.functions.scheduleChange(data), world.bob)


def test_a_change_that_fails_says_why_and_stays(world):
    _, make = schedule(world, "setAdmin", ZERO)
    world.wait(DELAY)
    world.refused("admin must not be zero", make, world.admin)


def test_a_pause_stops_money_both_ways_and_only_a_scheduled_change_ends_it(world):
    world.map_ether()
    world.deposit(world.btt, 1_000)
    w = world.withdraw(world.btt.address, world.carol, 10)
    world.checkpoint()
    world.refused("only the guardian", world.manager.functions.pause(), world.bob)
    world.send(world.manager.functions.pause(), world.guardian)
    world.refused("already paused", world.manager.functions.pause(), world.guardian)
    world.refused("paused", world.deposit_call(world.btt, 10, world.alice))
    world.refused("paused", world.manager.functions.depositEtherFor(world.alice), value=10)
    world.refused("paused", world.claim_call(w))
    world.refused("paused", world.claim_call(w, to=world.bob), world.carol)
    world.refused("only as a scheduled change", world.manager.functions.unpause(), world.guardian)
    world.change("unpause")
    world.deposit(world.btt, 10)
    world.claim(w)


def test_checkpoints_go_on_while_paused(world):
    world.send(world.manager.functions.pause(), world.admin)
    world.withdraw(world.btt.address, world.carol, 10)
    world.checkpoint()


def test_a_wait_that_ran_before_a_pause_is_not_paid_during_it(world):
    world.deposit(world.btt, 5_000)
    w = world.withdraw(world.btt.address, world.carol, 2_000)
    world.checkpoint()
    world.claim(w)
    world.send(world.manager.functions.pause(), world.guardian)
    world.wait(2 * DAY)
    world.refused("paused", world.claim_call(w))


def test_a_guardian_may_be_nobody(world):
    world.change("setGuardian", ZERO)
    world.refused("only the guardian", world.manager.functions.pause(), world.guardian)
    world.send(world.manager.functions.pause(), world.admin)


def test_a_mapping_is_told_to_the_sidechain(world):
    token = world.create("testing/OddToken", 9)
    receipt = world.change("mapToken", token.address, "Odd Token ₿", "ODD", 9, LIMITS)
    child = model.child_token(token.address)
    data = world.messages(receipt)[0]["args"]["data"]
    assert data == encode(
        ["bytes32", "bytes"],
        [
            keccak(text="MAP_TOKEN"),
            encode(
                ["address", "address", "uint64", "bytes32", "string", "string", "uint8"],
                [token.address, child, 2, keccak(text="ERC20"), "Odd Token ₿", "ODD", 9],
            ),
        ],
    )
    # BTTC's decoders read the first four words as they always did.
    _, sync = decode(["bytes32", "bytes"], data)
    assert decode(["address", "address", "uint64", "bytes32"], sync)[1] == child.lower()
    event = world.events(world.manager.events.TokenMapped, receipt)[0]
    assert tuple(event.values()) == (token.address, child, keccak(text="ERC20"))
    topic = "9e651a8866fbea043e911d816ec254b0e3c992c06fff32d605e72362d6023bd9"
    assert topic in [log["topics"][0].hex() for log in receipt["logs"]]


def test_ether_is_mapped_as_ether(world):
    data = world.messages(world.map_ether())[0]["args"]["data"]
    _, sync = decode(["bytes32", "bytes"], data)
    assert decode(["address", "address", "uint64", "bytes32"], sync)[3] == keccak(text="Ether")


def test_the_longest_names_fit_a_message(world):
    receipt = world.change("mapToken", deploy.NATIVE, "n" * 64, "s" * 32, 18, LIMITS)
    assert len(world.messages(receipt)[0]["args"]["data"]) == 480


@pytest.mark.parametrize(
    "changed, text",
    [
        ({"token": ZERO}, "must not be zero"),
        ({"name": ""}, "must not be empty"),
        ({"symbol": ""}, "must not be empty"),
        ({"decimals": 6}, "ether has 18 decimals"),
        ({"limits": (0, 2**128, 0)}, "above 128 bits"),
        ({"limits": (0, 0, 2**128)}, "above 128 bits"),
        ({"token": deploy.BTT_OUTBOX}, ""),
    ],
    ids=str,
)
def test_a_mapping_that_makes_no_sense_is_refused(world, changed, text):
    fields = {
        "token": deploy.NATIVE,
        "name": "Ether",
        "symbol": "ETH",
        "decimals": 18,
        "limits": LIMITS,
    }
    _, make = schedule(world, "mapToken", *(fields | changed).values())
    world.wait(DELAY)
    world.refused(text, make, world.admin)


def test_a_mapping_is_for_ever(world):
    for token, decimals in ((world.btt.address, 18), (deploy.NATIVE, 18)):
        if token == deploy.NATIVE:
            world.map_ether()
        _, make = schedule(world, "mapToken", token, "Again", "AGN", decimals, LIMITS)
        world.wait(DELAY)
        world.refused("mapped already", make, world.admin)


def test_decimals_are_the_tokens_own(world):
    token = world.create("testing/OddToken", 6)
    _, make = schedule(world, "mapToken", token.address, "Odd", "ODD", 18, LIMITS)
    world.wait(DELAY)
    world.refused("token has other decimals", make, world.admin)


def test_limits_of_an_unmapped_token_are_refused(world):
    _, make = schedule(world, "setLimits", deploy.NATIVE, LIMITS)
    world.wait(DELAY)
    world.refused("not mapped", make, world.admin)


def test_a_scheduled_call_of_another_function_moves_no_money(world):
    """The manager as its own caller has no approval, no ether and no withdrawals."""
    world.map_ether()
    world.deposit(world.btt, 1_000)
    word = (100).to_bytes(32, "big")
    _, make = schedule(world, "depositFor", world.admin, world.btt.address, word)
    world.wait(DELAY)
    world.refused("not approved", make, world.admin)
    _, make = schedule(world, "depositEtherFor", world.admin)
    world.wait(DELAY)
    world.refused("below the least", make, world.admin)


def test_what_the_constructors_refuse(world):
    w3, admin = world.w3, world.admin
    good = [
        admin,
        0,
        admin,
        world.sender.address,
        world.checkpoints.address,
        deploy.BTT_OUTBOX,
        deploy.STATE_RECEIVER,
        world.btt.address,
        LIMITS,
    ]
    for place, value in ((0, ZERO), (1, 366 * DAY), (3, admin), (5, ZERO), (6, ZERO), (7, admin)):
        bad = [*good]
        bad[place] = value
        with pytest.raises(Exception):
            deploy.create(w3, "RootChainManager", *bad)
    for ids in ((0, 2), (199, 0)):
        with pytest.raises(Exception):
            deploy.create(w3, "Checkpoints", *ids, 0, [admin], [1])
