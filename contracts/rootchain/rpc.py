"""JSON-RPC over the chain: Ethereum's methods as one endpoint shows them, and dev_* to steer."""

import threading

from eth_account import Account
from eth_utils import to_canonical_address

from . import encode
from .chain import TIP, Refused
from .faults import Faults

MAX_LOGS = 10_000


class Node:
    """The chain, the accounts it signs for, and its endpoints, each with faults of its own."""

    def __init__(self, chain, accounts=(), endpoints=1):
        self.chain = chain
        self.accounts = {to_canonical_address(a.address): a for a in accounts}
        self.faults = [Faults() for _ in range(endpoints)]
        self.lock = threading.RLock()


class Endpoint:
    def __init__(self, node, index=0):
        self.node, self.chain, self.index = node, node.chain, index
        self.faults = node.faults[index]

    def answer(self, method, params):
        """The result of a method. Faults are the caller's matter, but for what the view hides."""
        name = method.replace("evm_", "dev_", 1) if method in ALIASES else method
        handler = getattr(self, name, None) if name.partition("_")[0] in SPACES else None
        if handler is None:
            raise Refused(f"the method {method} does not exist/is not available", -32601)
        with self.node.lock:
            try:
                return handler(*params)
            except (TypeError, ValueError, KeyError, AttributeError, IndexError) as problem:
                raise Refused(f"invalid parameters of {method}: {problem}", -32602) from problem

    # What this endpoint sees of the chain

    def canonical(self):
        return self.faults.view(self.chain.canonical)

    def find_block(self, tag, missing_fails=True):
        if isinstance(tag, dict):
            tag = tag.get("blockHash") or tag.get("blockNumber")
        seen = self.canonical()
        block = None
        if isinstance(tag, str) and len(tag) == 66:
            known = self.chain.blocks.get(bytes.fromhex(tag[2:]))
            # A block of another branch can be read by its hash, as from a real node.
            block = known if known and known.number < len(seen) else None
        else:
            place = self.block_number(tag, seen)
            if 0 <= place < len(seen):
                block = self.chain.blocks[seen[place]]
        if block is None and missing_fails:
            raise Refused("header not found")
        return block

    def block_number(self, tag, seen=None):
        seen = self.canonical() if seen is None else seen
        if tag in (None, "latest", "pending"):
            return len(seen) - 1
        if tag == "earliest":
            return 0
        if tag in ("finalized", "safe"):
            return min(self.chain.finalized, len(seen) - 1)
        return int(tag, 16)

    def state(self, tag):
        return self.chain.state(self.find_block(tag))

    # eth_

    def eth_chainId(self):
        return hex(self.chain.chain_id)

    def net_version(self):
        return str(self.chain.chain_id)

    def net_listening(self):
        return True

    def web3_clientVersion(self):
        return "btt-devchain/py-evm"

    def eth_syncing(self):
        return False

    def eth_accounts(self):
        return [encode.address(a) for a in self.node.accounts]

    def eth_blockNumber(self):
        return hex(len(self.canonical()) - 1)

    def eth_getBlockByNumber(self, tag, full=False):
        block = self.find_block(tag, missing_fails=False)
        return encode.block_json(block, full) if block else None

    eth_getBlockByHash = eth_getBlockByNumber

    def eth_getBlockTransactionCountByNumber(self, tag):
        return hex(len(self.find_block(tag).transactions))

    eth_getBlockTransactionCountByHash = eth_getBlockTransactionCountByNumber

    def eth_getBlockReceipts(self, tag):
        block = self.find_block(tag, missing_fails=False)
        if block is None:
            return None
        return [encode.receipt_json(block, i) for i in range(len(block.receipts))]

    def eth_getTransactionReceipt(self, hash):
        place = self.chain.find(bytes.fromhex(hash[2:]), self.canonical())
        return encode.receipt_json(*place) if place else None

    def eth_getTransactionByHash(self, hash):
        wanted = bytes.fromhex(hash[2:])
        place = self.chain.find(wanted, self.canonical())
        if place:
            return encode.transaction_json(place[0].transactions[place[1]], *place)
        for transaction in self.chain.pool.values():
            if transaction.hash == wanted:
                return encode.transaction_json(transaction)
        return None

    def eth_getLogs(self, filter):
        if filter.get("blockHash"):
            blocks = [self.find_block(filter["blockHash"])]
        else:
            seen = self.canonical()
            first = self.block_number(filter.get("fromBlock"), seen)
            last = self.block_number(filter.get("toBlock"), seen)
            if first > last:
                raise Refused("invalid block range params", -32602)
            self.faults.check_range(last - first + 1)
            blocks = [self.chain.blocks[hash] for hash in seen[first : last + 1]]
        emitters = filter.get("address") or []
        emitters = [emitters] if isinstance(emitters, str) else emitters
        emitters = {a.lower() for a in emitters}
        topics = [
            None if t is None else {x.lower() for x in ([t] if isinstance(t, str) else t)}
            for t in filter.get("topics") or []
        ]
        found = []
        for block in blocks:
            if not block.header.bloom:
                continue
            for log in encode.logs_json(block):
                if emitters and log["address"].lower() not in emitters:
                    continue
                if len(topics) > len(log["topics"]):
                    continue
                if all(not t or log["topics"][i] in t for i, t in enumerate(topics)):
                    found.append(log)
                    if len(found) > MAX_LOGS:
                        raise Refused(f"query returned more than {MAX_LOGS} results", -32005)
        return found

    def eth_getBalance(self, address, tag="latest"):
        return hex(self.state(tag).get_balance(to_canonical_address(address)))

    def eth_getCode(self, address, tag="latest"):
        return encode.data(self.state(tag).get_code(to_canonical_address(address)))

    def eth_getStorageAt(self, address, slot, tag="latest"):
        word = self.state(tag).get_storage(to_canonical_address(address), int(slot, 16))
        return encode.data(word.to_bytes(32, "big"))

    def eth_getTransactionCount(self, address, tag="latest"):
        account = to_canonical_address(address)
        if tag == "pending":
            return hex(self.chain.next_nonce(account))
        return hex(self.state(tag).get_nonce(account))

    def eth_gasPrice(self):
        return hex(self.chain.next_fee() + TIP)

    def eth_maxPriorityFeePerGas(self):
        return hex(TIP)

    def eth_feeHistory(self, count, newest="latest", percentiles=()):
        count = int(count, 16) if isinstance(count, str) else count
        last = self.find_block(newest)
        count = max(1, min(count, 1024, last.number + 1))
        seen = self.canonical()
        headers = [
            self.chain.blocks[h].header for h in seen[last.number - count + 1 : last.number + 1]
        ]
        after = self.find_block(hex(last.number + 1), missing_fails=False)
        next_fee = after.header.base_fee_per_gas if after else self.chain.next_fee()
        return {
            "oldestBlock": hex(headers[0].block_number),
            "baseFeePerGas": [hex(h.base_fee_per_gas) for h in headers] + [hex(next_fee)],
            "gasUsedRatio": [h.gas_used / h.gas_limit for h in headers],
            "reward": [[hex(TIP) for _ in percentiles or ()] for _ in headers],
        }

    @staticmethod
    def _fields(call):
        return {
            "sender": to_canonical_address(call["from"]) if call.get("from") else bytes(20),
            "to": to_canonical_address(call["to"]) if call.get("to") else b"",
            "value": int(call.get("value") or "0x0", 16),
            "data": bytes.fromhex((call.get("input") or call.get("data") or "0x")[2:]),
        }

    def eth_call(self, call, tag="latest", *_):
        gas = int(call.get("gas") or "0x2000000", 16)
        return encode.data(self.chain.call(self.find_block(tag), gas=gas, **self._fields(call)))

    def eth_estimateGas(self, call, tag="latest", *_):
        return hex(self.chain.estimate(self.find_block(tag), **self._fields(call)))

    def eth_sendRawTransaction(self, raw):
        return encode.data(self.chain.send(bytes.fromhex(raw[2:])))

    def eth_sendTransaction(self, call):
        account = self.node.accounts.get(to_canonical_address(call["from"]))
        if account is None:
            raise Refused("unknown account: only eth_accounts are unlocked")
        signed = {k: call[k] for k in ("to", "value", "gas", "nonce") if call.get(k)}
        signed["data"] = call.get("input") or call.get("data") or "0x"
        signed["chainId"] = self.chain.chain_id
        signed.setdefault(
            "nonce", hex(self.chain.next_nonce(to_canonical_address(account.address)))
        )
        if call.get("gasPrice"):
            signed["gasPrice"] = call["gasPrice"]
        else:
            signed["type"] = "0x2"
            signed["maxPriorityFeePerGas"] = call.get("maxPriorityFeePerGas") or hex(TIP)
            signed["maxFeePerGas"] = call.get("maxFeePerGas") or hex(
                2 * self.chain.next_fee() + TIP
            )
        if "gas" not in signed:
            signed["gas"] = self.eth_estimateGas(call)
        raw = Account.sign_transaction(signed, account.key).raw_transaction
        return encode.data(self.chain.send(bytes(raw)))

    # dev_: the same whatever faults there are

    def dev_mine(self, count=1, gap=None):
        """Makes `count` blocks, `gap` seconds apart; gives their hashes."""
        return [
            encode.data(h) for h in self.chain.mine(number(count), number(gap) if gap else None)
        ]

    def dev_reorg(self, depth, options=None):
        """Replaces the last `depth` blocks. Options: length, drop (transaction hashes), force."""
        options = options or {}
        unknown = set(options) - {"length", "drop", "force"}
        if unknown:
            raise Refused(f"no such options: {', '.join(sorted(unknown))}", -32602)
        length = options.get("length")
        made = self.chain.reorganise(
            number(depth),
            length=number(length) if length is not None else None,
            drop={bytes.fromhex(h[2:]) for h in options.get("drop", ())},
            force=bool(options.get("force")),
        )
        return [encode.data(h) for h in made]

    def dev_finalize(self, block=None):
        """Makes a block final, the head unless one is named; gives its number."""
        self.chain.finalize(self.chain.head.number if block is None else number(block))
        return hex(self.chain.finalized)

    def dev_setFinalityDepth(self, depth):
        """So many blocks below the head become final by themselves; null for none."""
        self.chain.finality_depth = None if depth is None else number(depth)
        return True

    def dev_setAutomine(self, automine):
        """Whether a transaction makes a block at once."""
        self.chain.automine = bool(automine)
        return True

    def dev_increaseTime(self, seconds):
        """Puts the clock forward; shows in the next block."""
        self.chain.clock_offset += number(seconds)
        return hex(self.chain.clock_offset)

    def dev_setNextBaseFee(self, wei):
        """The base fee of the next block; the ones after follow from it."""
        self.chain.next_base_fee = number(wei)
        return True

    def dev_dropTransaction(self, hash):
        """Forgets a transaction that waits; gives whether there was one."""
        for key, transaction in list(self.chain.pool.items()):
            if encode.data(transaction.hash) == hash:
                del self.chain.pool[key]
                return True
        return False

    def dev_fault(self, fault):
        """Adds a fault (see faults.py); `endpoint` says of which endpoint, of all if absent."""
        fault = dict(fault)
        index = fault.pop("endpoint", None)
        chosen = self.node.faults if index is None else [self.node.faults[number(index)]]
        for faults in chosen:
            faults.add(fault, self.chain.canonical)
        return True

    def dev_clearFaults(self, endpoint=None):
        """Ends all faults of an endpoint, or of all."""
        for faults in (
            self.node.faults if endpoint is None else [self.node.faults[number(endpoint)]]
        ):
            faults.clear()
        return True

    def dev_status(self):
        """Everything that can be set."""
        chain = self.chain
        return {
            "head": hex(chain.head.number),
            "finalized": hex(chain.finalized),
            "finalityDepth": chain.finality_depth,
            "automine": chain.automine,
            "clockOffset": chain.clock_offset,
            "pending": [encode.data(t.hash) for t in chain.pool.values()],
            "endpoint": self.index,
            "faults": [faults.shown() for faults in self.node.faults],
        }


SPACES = ("eth", "net", "web3", "dev")
# What other development chains call the same.
ALIASES = ("evm_mine", "evm_increaseTime", "evm_setAutomine")


def number(value):
    return int(value, 16) if isinstance(value, str) else int(value)
