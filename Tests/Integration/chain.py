"""Ethereum's rules once more, from Python libraries: nothing here is the node's own word."""

import eth_keys
import rlp
from eth_keys.backends import NativeECCBackend
from eth_utils import keccak
from trie import HexaryTrie

EMPTY_CODE = keccak(b"")
EMPTY_ROOT = keccak(rlp.encode(b""))
SEAL_TYPE = keccak(text="BTTBlockSeal(uint256 chainId,uint64 height,bytes32 blockHash)")
TRANSFER = "0x" + keccak(text="Transfer(address,address,uint256)").hex()
# Another curve code than the node's libsecp256k1.
CURVE = eth_keys.KeyAPI(NativeECCBackend())


def raw(text):
    return bytes.fromhex(text.removeprefix("0x"))


def number(text):
    return int(text, 16)


def integer(value):
    return rlp.sedes.big_endian_int.serialize(value)


def header_bytes(block):
    """RLP of a block's header from the fields of its JSON."""
    bytes_before = ("parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot",
                    "receiptsRoot", "logsBloom")
    numbers = ("difficulty", "number", "gasLimit", "gasUsed", "timestamp")
    fields = [raw(block[name]) for name in bytes_before]
    fields += [integer(number(block[name])) for name in numbers]
    fields += [raw(block[name]) for name in ("extraData", "mixHash", "nonce")]
    fields += [integer(number(block["baseFeePerGas"])), raw(block["withdrawalsRoot"])]
    fields += [integer(number(block[name])) for name in ("blobGasUsed", "excessBlobGas")]
    return rlp.encode(fields + [raw(block["parentBeaconBlockRoot"])])


def ordered_root(items):
    trie = HexaryTrie({})
    for index, item in enumerate(items):
        trie[rlp.encode(integer(index))] = item
    return trie.root_hash


def receipt_bytes(receipt):
    """The bytes of a receipt that the receipts root covers (EIP-2718)."""
    logs = [
        [raw(log["address"]), [raw(topic) for topic in log["topics"]], raw(log["data"])]
        for log in receipt["logs"]]
    body = rlp.encode([
        integer(number(receipt["status"])), integer(number(receipt["cumulativeGasUsed"])),
        raw(receipt["logsBloom"]), logs])
    kind = number(receipt["type"])
    return body if kind == 0 else bytes([kind]) + body


def bloom(logs):
    bits = 0
    for log in logs:
        for item in (log["address"], *log["topics"]):
            digest = keccak(raw(item))
            for place in (0, 2, 4):
                bits |= 1 << (int.from_bytes(digest[place:place + 2], "big") & 2047)
    return bits.to_bytes(256, "big")


def prove(root, key, nodes):
    """The value that a proof shows for a key, b"" for none; raises when the proof is wrong."""
    return HexaryTrie.get_from_proof(root, keccak(key), [rlp.decode(raw(node)) for node in nodes])


def check_account_proof(root, proof):
    """Checks an answer of eth_getProof, its account and its slots, against a state root."""
    account = prove(root, raw(proof["address"]), proof["accountProof"])
    if account:
        nonce, balance, storage, code = rlp.decode(account)
    else:
        nonce, balance, storage, code = b"", b"", EMPTY_ROOT, EMPTY_CODE
    assert number(proof["nonce"]) == int.from_bytes(nonce, "big")
    assert number(proof["balance"]) == int.from_bytes(balance, "big")
    assert raw(proof["storageHash"]) == storage
    assert raw(proof["codeHash"]) == code
    for slot in proof["storageProof"]:
        key = number(slot["key"]).to_bytes(32, "big")
        if storage == EMPTY_ROOT:
            assert number(slot["value"]) == 0 and slot["proof"] == []
            continue
        value = prove(storage, key, slot["proof"])
        assert number(slot["value"]) == int.from_bytes(rlp.decode(value) if value else b"", "big")
    return bool(account)


def seal_signer(sealed, chain_id):
    """The address that sealed a block, and the block's hash, from btt_getSealedBlock's bytes."""
    block, seal = rlp.decode(raw(sealed))
    block_hash = keccak(rlp.encode(block[0]))
    height = int.from_bytes(block[0][8], "big")
    words = [chain_id.to_bytes(32, "big"), height.to_bytes(32, "big"), block_hash]
    digest = keccak(SEAL_TYPE + b"".join(words))
    last = seal[64] - 27 if seal[64] >= 27 else seal[64]
    signature = CURVE.Signature(seal[:64] + bytes([last]))
    public = signature.recover_public_key_from_msg_hash(digest)
    return public.to_checksum_address(), block_hash
