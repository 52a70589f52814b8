"""The chain itself: py-evm runs transactions, this keeps branches, the pool and finality."""

import itertools
import time

from eth.abc import SignedTransactionAPI
from eth.chains.base import MiningChain
from eth.constants import CREATE_CONTRACT_ADDRESS
from eth.db import get_db_backend
from eth.vm.forks import PragueVM
from eth.vm.message import Message
from eth.vm.spoof import SpoofTransaction
from eth_utils import ValidationError, keccak

GAS_LIMIT = 36_000_000
COINBASE = keccak(text="btt development root chain")[12:]
TIP = 10**9


class Refused(Exception):
    """A request that cannot be done, with its JSON-RPC error code and data."""

    def __init__(self, message, code=-32000, data=None):
        super().__init__(message)
        self.code, self.data = code, data


class Block:
    """A block of any branch, with its receipts."""

    def __init__(self, header, transactions=(), receipts=()):
        self.header = header
        self.hash = header.hash
        self.number = header.block_number
        self.transactions, self.receipts = tuple(transactions), tuple(receipts)


class Chain:
    def __init__(self, chain_id, balances, finality_depth=8, automine=True, block_time=None):
        """`balances` by address. `finality_depth`: so many blocks below the head are final; None
        for finality on command only. `block_time`: seconds from block to block; None for the
        clock's."""

        class RootChain(MiningChain):
            vm_configuration = ((0, PragueVM),)

        RootChain.chain_id = chain_id
        self.chain_id = chain_id
        self.finality_depth, self.automine, self.block_time = finality_depth, automine, block_time
        genesis = {"gas_limit": GAS_LIMIT, "timestamp": int(time.time()), "extra_data": b"btt dev"}
        state = {
            address: {"balance": wei, "nonce": 0, "code": b"", "storage": {}}
            for address, wei in balances.items()
        }
        self.evm = RootChain.from_genesis(get_db_backend(), genesis, state)
        first = Block(self.evm.get_canonical_block_header_by_number(0))
        self.blocks = {first.hash: first}  # of all branches, by hash
        self.canonical = [first.hash]
        self.places = {}  # of mined transactions: hash → [(block hash, index)]
        self.pool = {}  # (sender, nonce) → transaction
        self.finalized = 0
        self.clock_offset = 0
        self.next_base_fee = None
        self.branches = itertools.count()
        self.branch = next(self.branches)

    # Reading

    @property
    def head(self):
        return self.blocks[self.canonical[-1]]

    def at(self, number):
        if 0 <= number < len(self.canonical):
            return self.blocks[self.canonical[number]]
        return None

    def state(self, block):
        return self.evm.get_vm(block.header).state

    def next_nonce(self, address):
        """With what waits in the pool."""
        nonce = self.state(self.head).get_nonce(address)
        while (address, nonce) in self.pool:
            nonce += 1
        return nonce

    def next_fee(self):
        if self.next_base_fee is not None:
            return self.next_base_fee
        return self._child(self.head).base_fee_per_gas

    def find(self, hash, canonical):
        """Where a transaction is in this branch: the block and the index."""
        for block_hash, index in reversed(self.places.get(hash, [])):
            block = self.blocks[block_hash]
            if block.number < len(canonical) and canonical[block.number] == block_hash:
                return block, index
        return None

    # Calling

    def call(self, block, sender, to, value, data, gas):
        """Runs a message on the state after a block, and gives what it returns."""
        state = self.state(block)
        creating = to == CREATE_CONTRACT_ADDRESS
        message = Message(
            gas=gas,
            to=to,
            sender=sender,
            value=value,
            data=b"" if creating else data,
            code=data if creating else state.get_code(to),
            create_address=keccak(b"call" + data)[12:] if creating else None,
        )
        context = state.get_transaction_context_class()(gas_price=0, origin=sender)
        if value > state.get_balance(sender):
            raise Refused("insufficient funds for transfer")
        computation = state.computation_class
        run = computation.apply_create_message if creating else computation.apply_message
        result = run(state, message, context)
        if result.is_error:
            raise failure(result)
        return result.output

    def estimate(self, block, sender, to, value, data, access_list=()):
        """The least gas that a transaction succeeds with."""

        def run(gas):
            state = self.state(block)
            vm = self.evm.get_vm(block.header)
            price = block.header.base_fee_per_gas
            state.set_balance(sender, state.get_balance(sender) + gas * price)
            unsigned = vm.get_transaction_builder().new_unsigned_dynamic_fee_transaction(
                chain_id=self.chain_id,
                nonce=state.get_nonce(sender),
                max_priority_fee_per_gas=0,
                max_fee_per_gas=price,
                gas=gas,
                to=to,
                value=value,
                data=data,
                access_list=access_list,
            )
            try:
                return state.apply_transaction(SpoofTransaction(unsigned, from_=sender))
            except ValidationError as problem:
                raise Refused(f"cannot run: {problem}") from problem

        limit = block.header.gas_limit
        result = run(limit)
        if result.is_error:
            raise failure(result)
        low, high = result.get_gas_used() - 1, limit
        guess = low + 1
        while low + 1 < high:
            try:
                failed = run(guess).is_error
            except Refused:
                failed = True
            if failed:
                low = guess
            else:
                high = guess
            guess = min((low + high) // 2, low + max(1, low // 16))
        return high

    # Taking transactions

    def send(self, raw):
        """Takes a signed transaction as bytes; gives its hash."""
        try:
            decoder = self.evm.get_vm(self.head.header).get_transaction_builder()
            transaction = decoder.decode(raw)
            if transaction.gas < transaction.intrinsic_gas:
                raise Refused("intrinsic gas too low")
            transaction.validate()
            sender = transaction.sender
        except Refused:
            raise
        except Exception as problem:
            raise Refused(f"transaction could not be decoded: {problem}", -32602) from problem
        self._check(transaction, sender)
        self.pool[sender, transaction.nonce] = transaction
        if self.automine:
            self.mine()
        return transaction.hash

    def _check(self, transaction, sender):
        if getattr(transaction, "chain_id", self.chain_id) not in (self.chain_id, None):
            raise Refused("invalid chain id for signer")
        state = self.state(self.head)
        if transaction.nonce < state.get_nonce(sender):
            if self.find(transaction.hash, self.canonical):
                raise Refused("already known")
            raise Refused("nonce too low")
        if transaction.gas > GAS_LIMIT:
            raise Refused("exceeds block gas limit")
        if state.get_balance(sender) < transaction.value + transaction.gas * fee_cap(transaction):
            raise Refused("insufficient funds for gas * price + value")
        waiting = self.pool.get((sender, transaction.nonce))
        if waiting is not None:
            if waiting.hash == transaction.hash:
                raise Refused("already known")
            for old, new in (
                (fee_cap(waiting), fee_cap(transaction)),
                (tip_cap(waiting), tip_cap(transaction)),
            ):
                if new * 10 < old * 11:
                    raise Refused("replacement transaction underpriced")

    # Making blocks

    def mine(self, count=1, gap=None):
        """Makes blocks on the head; the first ones take what the pool has. Gives their hashes."""
        made = []
        for _ in range(count):
            made.append(self._make(self.head, self._candidates(), gap))
            if self.finality_depth is not None:
                self.finalize(max(self.finalized, self.head.number - self.finality_depth))
        return made

    def reorganise(self, depth, length=None, drop=(), force=False):
        """Replaces the last `depth` blocks by a branch of `length` (one more) others. Their
        transactions go into it again but for those in `drop`, which are forgotten."""
        length = depth + 1 if length is None else length
        if not 1 <= depth < len(self.canonical):
            raise Refused(f"cannot take back {depth} of {len(self.canonical) - 1} blocks", -32602)
        if self.head.number - depth < self.finalized and not force:
            raise Refused(f"block {self.finalized} is final; use force to break that", -32602)
        orphans = [self.blocks[hash] for hash in self.canonical[-depth:]]
        del self.canonical[-depth:]
        self.finalized = min(self.finalized, self.head.number)
        self.branch = next(self.branches)
        for block in orphans:
            for transaction in block.transactions:
                if transaction.hash not in drop:
                    self.pool.setdefault((transaction.sender, transaction.nonce), transaction)
        return self.mine(length)

    def finalize(self, number):
        if not self.finalized <= number <= self.head.number:
            raise Refused(f"final is {self.finalized}, the head {self.head.number}", -32602)
        self.finalized = number

    def _child(self, parent, **fields):
        header = PragueVM.create_header_from_parent(
            parent.header, gas_limit=parent.header.gas_limit, coinbase=COINBASE, **fields
        )
        return header

    def _candidates(self):
        """What the pool has for the next block, each sender's in order."""
        state = self.state(self.head)
        base_fee = self.next_fee()
        ready, nonces = [], {}
        for (sender, nonce), transaction in sorted(self.pool.items(), key=lambda e: e[0][1]):
            expected = nonces.setdefault(sender, state.get_nonce(sender))
            if nonce < expected:
                del self.pool[sender, nonce]
            elif nonce == expected and fee_cap(transaction) >= base_fee:
                nonces[sender] += 1
                ready.append(transaction)
        return ready

    def _make(self, parent, candidates, gap):
        now = int(time.time()) + self.clock_offset
        step = gap or self.block_time
        stamp = parent.header.timestamp + step if step else max(parent.header.timestamp + 1, now)
        # Two branches differ from their first block on, whatever is in them.
        seed = keccak(parent.hash + self.branch.to_bytes(8, "big"))
        header = self._child(parent, timestamp=stamp, mix_hash=seed)
        if self.next_base_fee is not None:
            header = header.copy(base_fee_per_gas=self.next_base_fee)
            self.next_base_fee = None
        transactions, receipts, waiting = [], [], set()
        if candidates:
            vm = self.evm.get_vm(header)
            for transaction in candidates:
                # What follows one that has no room any more waits with it.
                full = header.gas_used + transaction.gas > header.gas_limit
                if full or transaction.sender in waiting:
                    waiting.add(transaction.sender)
                    continue
                snapshot = vm.state.snapshot()
                try:
                    receipt, _ = vm.apply_transaction(header, transaction)
                except ValidationError:
                    vm.state.revert(snapshot)
                    del self.pool[transaction.sender, transaction.nonce]
                    continue
                header = vm.add_receipt_to_header(header, receipt)
                transactions.append(transaction)
                receipts.append(receipt)
            block = vm.set_block_transactions_and_withdrawals(
                vm.get_block(), header, transactions, receipts
            )
            header = vm.finalize_block(block).block.header
        self.evm.chaindb.persist_header(header)
        made = Block(header, transactions, receipts)
        self.blocks[made.hash] = made
        self.canonical.append(made.hash)
        for index, transaction in enumerate(transactions):
            self.places.setdefault(transaction.hash, []).append((made.hash, index))
            self.pool.pop((transaction.sender, transaction.nonce), None)
        return made.hash


def fee_cap(transaction):
    if transaction_type(transaction) < 2:
        return transaction.gas_price
    return transaction.max_fee_per_gas


def tip_cap(transaction):
    if transaction_type(transaction) < 2:
        return transaction.gas_price
    return transaction.max_priority_fee_per_gas


def transaction_type(transaction: SignedTransactionAPI):
    kind = getattr(transaction, "type_id", None)
    return 0 if kind is None else kind


def failure(computation):
    """What a node says when a call fails: with the reason, where there is one."""
    output = bytes(computation.output)
    if computation.error.__class__.__name__ != "Revert":
        return Refused(str(computation.error) or computation.error.__class__.__name__)
    reason = ""
    if output[:4] == bytes.fromhex("08c379a0") and len(output) >= 68:
        length = int.from_bytes(output[36:68], "big")
        reason = ": " + output[68 : 68 + length].decode(errors="replace")
    return Refused("execution reverted" + reason, 3, "0x" + output.hex())
