"""Blocks, transactions, receipts and logs as JSON-RPC shows them."""

import rlp
from eth_utils import keccak, to_checksum_address

from .chain import fee_cap, tip_cap, transaction_type


def number(value):
    return hex(value)


def data(value):
    return "0x" + bytes(value).hex()


def address(value):
    return to_checksum_address(value) if value else None


HEADER = (
    ("parentHash", "parent_hash", data),
    ("sha3Uncles", "uncles_hash", data),
    ("miner", "coinbase", address),
    ("stateRoot", "state_root", data),
    ("transactionsRoot", "transaction_root", data),
    ("receiptsRoot", "receipt_root", data),
    ("logsBloom", "bloom", lambda bloom: data(bloom.to_bytes(256, "big"))),
    ("difficulty", "difficulty", number),
    ("number", "block_number", number),
    ("gasLimit", "gas_limit", number),
    ("gasUsed", "gas_used", number),
    ("timestamp", "timestamp", number),
    ("extraData", "extra_data", data),
    ("mixHash", "mix_hash", data),
    ("nonce", "nonce", data),
    ("baseFeePerGas", "base_fee_per_gas", number),
    ("withdrawalsRoot", "withdrawals_root", data),
    ("blobGasUsed", "blob_gas_used", number),
    ("excessBlobGas", "excess_blob_gas", number),
    ("parentBeaconBlockRoot", "parent_beacon_block_root", data),
    ("requestsHash", "requests_hash", data),
)


def block_json(block, full=False):
    header = block.header
    shown = {"hash": data(block.hash)}
    shown |= {name: form(getattr(header, field)) for name, field, form in HEADER}
    size = len(rlp.encode(header)) + sum(len(t.encode()) for t in block.transactions) + 8
    return shown | {
        "size": number(size),
        "uncles": [],
        "withdrawals": [],
        "transactions": [
            transaction_json(t, block, i) if full else data(t.hash)
            for i, t in enumerate(block.transactions)
        ],
    }


def transaction_json(transaction, block=None, index=None):
    kind = transaction_type(transaction)
    shown = {
        "type": number(kind),
        "hash": data(transaction.hash),
        "blockHash": data(block.hash) if block else None,
        "blockNumber": number(block.number) if block else None,
        "transactionIndex": number(index) if block else None,
        "from": address(transaction.sender),
        "to": address(transaction.to),
        "nonce": number(transaction.nonce),
        "gas": number(transaction.gas),
        "value": number(transaction.value),
        "input": data(transaction.data),
        "gasPrice": number(price(transaction, block) if block else fee_cap(transaction)),
        "r": number(transaction.r),
        "s": number(transaction.s),
    }
    if kind == 0:
        return shown | {"v": number(transaction.v)}
    shown |= {
        "chainId": number(transaction.chain_id),
        "v": number(transaction.y_parity),
        "yParity": number(transaction.y_parity),
        "accessList": [
            {"address": address(a), "storageKeys": [data(k.to_bytes(32, "big")) for k in keys]}
            for a, keys in transaction.access_list
        ],
    }
    if kind >= 2:
        shown |= {
            "maxFeePerGas": number(fee_cap(transaction)),
            "maxPriorityFeePerGas": number(tip_cap(transaction)),
        }
    return shown


def price(transaction, block):
    base_fee = block.header.base_fee_per_gas
    return min(fee_cap(transaction), tip_cap(transaction) + base_fee)


def receipt_json(block, index):
    transaction, receipt = block.transactions[index], block.receipts[index]
    before = block.receipts[index - 1].gas_used if index else 0
    created = None
    if not transaction.to:
        created = address(keccak(rlp.encode([transaction.sender, transaction.nonce]))[12:])
    return {
        "type": number(transaction_type(transaction)),
        "transactionHash": data(transaction.hash),
        "transactionIndex": number(index),
        "blockHash": data(block.hash),
        "blockNumber": number(block.number),
        "from": address(transaction.sender),
        "to": address(transaction.to),
        "contractAddress": created,
        "status": number(int.from_bytes(receipt.state_root, "big")),
        "cumulativeGasUsed": number(receipt.gas_used),
        "gasUsed": number(receipt.gas_used - before),
        "effectiveGasPrice": number(price(transaction, block)),
        "logsBloom": data(receipt.bloom.to_bytes(256, "big")),
        "logs": logs_json(block, index),
    }


def logs_json(block, index=None):
    """The logs of a block, or of one of its transactions."""
    shown, place = [], 0
    for i, receipt in enumerate(block.receipts):
        for log in receipt.logs:
            if index is None or index == i:
                shown.append(
                    {
                        "address": address(log.address),
                        "topics": [data(t.to_bytes(32, "big")) for t in log.topics],
                        "data": data(log.data),
                        "blockNumber": number(block.number),
                        "blockHash": data(block.hash),
                        "blockTimestamp": number(block.header.timestamp),
                        "transactionHash": data(block.transactions[i].hash),
                        "transactionIndex": number(i),
                        "logIndex": number(place),
                        "removed": False,
                    }
                )
            place += 1
    return shown
