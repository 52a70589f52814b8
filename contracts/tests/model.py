"""The bridge's formats once more, in Python with eth-abi and eth-account: what the contracts are
held against. Nothing here comes from them."""

from dataclasses import dataclass

from eth_abi import encode
from eth_account import Account
from eth_account.messages import _hash_eip191_message, encode_typed_data
from eth_utils import keccak, to_checksum_address

DEPTH = 32
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
OUTBOX = "0x0000000000000000000000000000000000001010"

ZEROS = [bytes(32)]
for _ in range(DEPTH):
    ZEROS.append(keccak(b"\x01" + ZEROS[-1] + ZEROS[-1]))


@dataclass(frozen=True)
class Withdrawal:
    index: int
    token: str
    receiver: str
    amount: int
    height: int

    def tuple(self):
        return (self.index, self.token, self.receiver, self.amount, self.height)

    def preimage(self, sidechain=199, root=2, outbox=OUTBOX):
        return b"\x00" + encode(
            [
                "uint256",
                "uint64",
                "address",
                "uint64",
                "address",
                "address",
                "uint256",
                "uint64",
            ],
            [sidechain, root, outbox, *self.tuple()],
        )

    def leaf(self, sidechain=199, root=2, outbox=OUTBOX):
        return keccak(self.preimage(sidechain, root, outbox))


def mix(top, count):
    return keccak(b"\x02" + top + count.to_bytes(32, "big"))


class Tree:
    """All leaves, level by level, as far as there are any: slow and plain."""

    def __init__(self, leaves=()):
        self.leaves = list(leaves)

    def append(self, leaf):
        self.leaves.append(leaf)

    def _levels(self, count):
        level = self.leaves[:count]
        for height in range(DEPTH):
            yield level
            if len(level) % 2:
                level = [*level, ZEROS[height]]
            level = [keccak(b"\x01" + level[i] + level[i + 1]) for i in range(0, len(level), 2)]
        yield level

    def top(self, count=None):
        *_, last = self._levels(len(self.leaves) if count is None else count)
        return last[0] if last else ZEROS[DEPTH]

    def root(self, count=None):
        return mix(self.top(count), len(self.leaves) if count is None else count)

    def proof(self, index, count=None):
        siblings = []
        for height, level in enumerate(self._levels(len(self.leaves) if count is None else count)):
            if height == DEPTH:
                break
            other = (index >> height) ^ 1
            siblings.append(level[other] if other < len(level) else ZEROS[height])
        return siblings


class Branch:
    """The incremental form: 32 hashes and a count, as Ethereum's deposit contract keeps them."""

    def __init__(self):
        self.branch = [bytes(32)] * DEPTH
        self.count = 0

    def append(self, leaf):
        self.count += 1
        size, node = self.count, leaf
        for height in range(DEPTH):
            if size & 1:
                self.branch[height] = node
                return
            node = keccak(b"\x01" + self.branch[height] + node)
            size >>= 1

    def root(self):
        size, node = self.count, bytes(32)
        for height in range(DEPTH):
            if size & 1:
                node = keccak(b"\x01" + self.branch[height] + node)
            else:
                node = keccak(b"\x01" + node + ZEROS[height])
            size >>= 1
        return mix(node, self.count)


CHECKPOINT = [
    ("sidechainId", "uint256"),
    ("rootId", "uint64"),
    ("epoch", "uint64"),
    ("endHeight", "uint64"),
    ("endBlockHash", "bytes32"),
    ("outboxRoot", "bytes32"),
    ("outboxCount", "uint64"),
]
VALIDATOR_SET = [
    ("sidechainId", "uint256"),
    ("rootId", "uint64"),
    ("epoch", "uint64"),
    ("validators", "address[]"),
    ("weights", "uint256[]"),
]


@dataclass(frozen=True)
class Domain:
    chain: int
    contract: str
    sidechain: int = 199
    root: int = 2

    def _message(self, name, fields, values):
        return encode_typed_data(
            full_message={
                "types": {
                    "EIP712Domain": [
                        {"name": "name", "type": "string"},
                        {"name": "version", "type": "string"},
                        {"name": "chainId", "type": "uint256"},
                        {"name": "verifyingContract", "type": "address"},
                    ],
                    name: [{"name": n, "type": t} for n, t in fields],
                },
                "primaryType": name,
                "domain": {
                    "name": "BTT Bridge",
                    "version": "1",
                    "chainId": self.chain,
                    "verifyingContract": self.contract,
                },
                "message": dict(zip((n for n, _ in fields), values)),
            }
        )

    def separator(self):
        return self._message("Checkpoint", CHECKPOINT, [0, 0, 0, 0, bytes(32), bytes(32), 0]).header

    def checkpoint(self, epoch, height, block, root, count):
        return self._message(
            "Checkpoint",
            CHECKPOINT,
            [self.sidechain, self.root, epoch, height, block, root, count],
        )

    def validator_set(self, epoch, validators, weights):
        return self._message(
            "ValidatorSet",
            VALIDATOR_SET,
            [self.sidechain, self.root, epoch, validators, weights],
        )


def digest(message):
    return bytes(_hash_eip191_message(message))


def sign(message, signers):
    """The signatures of all, ascending by address, joined."""
    ordered = sorted(signers, key=lambda a: int(a.address, 16))
    return b"".join(bytes(Account.sign_message(message, a.key).signature) for a in ordered)


def twin(signature):
    """The other signature over the same digest by the same key: n − s and the other v."""
    s = int.from_bytes(signature[32:64], "big")
    return signature[:32] + (ORDER - s).to_bytes(32, "big") + bytes([55 - signature[64]])


def child_token(root_token, root=2):
    word = keccak(encode(["string", "uint64", "address"], ["btt.token", root, root_token]))
    return to_checksum_address(word[12:])
