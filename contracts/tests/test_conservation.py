"""Whatever happens, in whatever order: locked = deposited − claimed, and all of it is here."""

import dataclasses
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import deploy
from conftest import DAY

LIMITS = (1, 20_000, 1_000)


def history(seed, length=40):
    """Steps to take, by a seed: an even spread is worth more here than small failing examples."""
    random = Random(seed)

    def amount():
        # Small ones, those about a day's limit, and larger ones.
        least, most = random.choice([(1, 500), (1, 500), (998, 1_002), (1_003, 3_000)])
        return random.randint(least, most)

    steps = {
        "deposit": lambda: (random.randrange(3), random.randint(1, 9_000)),
        "withdraw": lambda: (random.randrange(3), amount()),
        "checkpoint": lambda: (),
        "claim": lambda: (random.randrange(100), random.random() < 0.3),
        "lie": lambda: (random.randrange(100), random.randrange(3)),
        "habits": lambda: (random.randint(0, 30), random.randint(0, 30)),
        "wait": lambda: (random.choice([1, DAY // 2, DAY]),),
        "pause": lambda: (),
        "unpause": lambda: (),
        "gift": lambda: (random.randint(1, 50),),
    }
    weights = [3, 6, 1, 12, 2, 1, 3, 0.4, 1, 1]
    return [(name, *steps[name]()) for name in random.choices(list(steps), weights, k=length)]


class Books:
    """What should be true, kept without looking at the contracts."""

    def __init__(self, world, odd):
        self.world, self.odd = world, odd
        self.tokens = [world.btt.address, deploy.NATIVE, odd.address]
        self.deposited, self.claimed = [0, 0, 0], [0, 0, 0]
        self.fee = self.bonus = 0
        self.paused = False
        self.paid, self.waiting, self.used = set(), {}, {}
        self.checkpointed = 0
        self.messages = world.sender.functions.counter().call()

    def locked(self, t):
        return self.deposited[t] - self.claimed[t]

    def deposit(self, t, amount):
        world = self.world
        arrives = amount
        if t == 2:
            arrives = amount + amount * self.bonus // 100 - amount * self.fee // 100
        if t == 1:
            call, fields = world.manager.functions.depositEtherFor(world.bob), {"value": amount}
        else:
            contract = self.odd if t else world.btt
            call, fields = world.deposit_call(contract, amount, world.bob), {}
        if self.paused or arrives < 1 or self.locked(t) + arrives > LIMITS[1]:
            return world.refused("manager: ", call, **fields)
        receipt = world.send(call, **fields)
        self.deposited[t] += arrives
        self.messages += 1
        assert [m["args"]["id"] for m in world.messages(receipt)] == [self.messages]

    def withdraw(self, t, amount):
        self.world.withdraw(self.tokens[t], self.world.carol, amount)

    def checkpoint(self):
        if len(self.world.withdrawals) > self.checkpointed:
            self.world.checkpoint()
            self.checkpointed = len(self.world.withdrawals)

    def claim(self, index, elsewhere):
        world = self.world
        if not world.withdrawals:
            return
        w = world.withdrawals[index % len(world.withdrawals)]
        index = w.index
        if index >= self.checkpointed:
            self.checkpoint()
        t = self.tokens.index(w.token)
        call = world.claim_call(w, to=world.guardian if elsewhere else None)
        if self.paused or index in self.paid or w.amount > self.locked(t):
            return world.refused("manager: ", call, world.carol)
        if w.amount > LIMITS[2]:
            if index not in self.waiting:
                assert call.call({"from": world.carol}) is False
                world.send(call, world.carol)
                self.waiting[index] = world.now() + DAY
                return
            if world.now() < self.waiting[index]:
                return world.refused("see claimReadyAt", call, world.carol)
        # A transaction comes a second after the newest block, at times a day after it.
        day = (world.now() + 1) // DAY
        small = w.amount <= LIMITS[2]
        if small and self.used.get((t, day), 0) + w.amount > LIMITS[2]:
            if world.now() // DAY == day:
                world.refused("claim tomorrow", call, world.carol)
            return
        world.send(call, world.carol)
        assert world.now() // DAY == day
        if small:
            self.used[t, day] = self.used.get((t, day), 0) + w.amount
        self.claimed[t] += w.amount
        self.paid.add(index)

    def lie(self, index, kind):
        world = self.world
        if not self.checkpointed:
            return
        w = world.withdrawals[index % self.checkpointed]
        false = dataclasses.replace(
            w, **[{"amount": w.amount + 1}, {"receiver": world.bob}, {"index": w.index ^ 1}][kind]
        )
        id = world.checkpoints.functions.checkpointCount().call()
        proof = world.tree.proof(w.index, self.checkpointed)
        world.refused("manager: ", world.manager.functions.claim(id, false.tuple(), proof))

    def habits(self, fee, bonus):
        self.world.send(self.odd.functions.setHabits(fee, bonus, 0, False))
        self.fee, self.bonus = fee, bonus

    def wait(self, seconds):
        self.world.wait(seconds)

    def pause(self):
        if not self.paused:
            self.world.send(self.world.manager.functions.pause(), self.world.guardian)
            self.paused = True

    def unpause(self):
        if self.paused:
            self.world.change("unpause")
            self.paused = False

    def gift(self, amount):
        self.world.send(self.world.btt.functions.transfer(self.world.manager.address, amount))

    def check(self):
        world = self.world
        for t, address in enumerate(self.tokens):
            locked = world.locked(address)
            assert locked == self.locked(t)
            if t == 1:
                assert world.w3.eth.get_balance(world.manager.address) == locked
            else:
                contract = self.odd if t else world.btt
                assert contract.functions.balanceOf(world.manager.address).call() >= locked
        spent = [world.manager.functions.isSpent(w.index).call() for w in world.withdrawals]
        assert {i for i, s in enumerate(spent) if s} == self.paid


@pytest.fixture
def mapped(world):
    odd = world.create("testing/OddToken", 18)
    world.map_ether(LIMITS)
    world.map_token(odd, limits=LIMITS)
    world.change("setLimits", world.btt.address, LIMITS)
    world.fund(odd, world.alice, 10**9)
    return world, odd


def test_locked_is_deposited_less_claimed_after_any_history(mapped):
    world, odd = mapped

    @settings(suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 2**32))
    def check(seed):
        kept = vars(world).copy()
        with world.undone():
            vars(world).update(tree=type(world.tree)(), withdrawals=[], height=0)
            books = Books(world, odd)
            try:
                # Money first, so that most histories have something to claim.
                for t in range(3):
                    books.deposit(t, 5_000)
                for name, *arguments in history(seed):
                    getattr(books, name)(*arguments)
                books.check()
            finally:
                vars(world).update(kept)

    check()
