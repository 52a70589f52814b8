"""What can be wrong with an endpoint.

A fault is {"kind": …} with, as they apply, "methods" (a list; all but dev_* if absent), "times"
(so many answers, then it is over; for ever if absent), "seconds", "blocks":

    error      answers every call with an internal error
    limit      refuses for too many requests: HTTP 429
    http       answers with a web page: HTTP 502
    stall      waits `seconds` before it answers
    drop       closes the connection instead of answering
    garbage    answers what is no JSON
    cut        ends its answer in the middle
    missing    does not know the methods
    range      refuses eth_getLogs over more than `blocks` blocks
    nofinal    does not know the tags finalized and safe
    lag        is `blocks` blocks behind
    pin        stays where it is: new blocks and reorganisations pass it by
    omit       leaves logs out of eth_getLogs
    lie        changes a byte of the first log's data, or of a block's receiptsRoot
    forge      shows blocks with another receiptsRoot, and the hash that goes with it
"""

import copy
import threading

import rlp
from eth_utils import keccak

from .chain import Refused

KINDS = {
    "error",
    "limit",
    "http",
    "stall",
    "drop",
    "garbage",
    "cut",
    "missing",
    "range",
    "nofinal",
    "lag",
    "pin",
    "omit",
    "lie",
    "forge",
}
VIEWS = {"lag", "pin", "range"}


class Faults:
    def __init__(self):
        self.active = []
        self.lock = threading.Lock()

    def add(self, fault, canonical):
        unknown = set(fault) - {"kind", "methods", "times", "seconds", "blocks"}
        if fault.get("kind") not in KINDS or unknown:
            raise Refused(f"no such fault: {fault}", -32602)
        kept = dict(fault)
        if kept["kind"] == "pin":
            kept["view"] = list(canonical)
        with self.lock:
            self.active.append(kept)

    def clear(self):
        with self.lock:
            self.active.clear()

    def shown(self):
        with self.lock:
            return [{k: v for k, v in fault.items() if k != "view"} for fault in self.active]

    def take(self, method, params=()):
        """The faults that this call meets, each counted as used."""
        if method.startswith(("dev_", "evm_")):
            return {}
        met = {}
        with self.lock:
            for fault in list(self.active):
                if fault["kind"] in VIEWS or method not in fault.get("methods", [method]):
                    continue
                if fault["kind"] == "nofinal" and not {"finalized", "safe"} & set(map(str, params)):
                    continue
                met[fault["kind"]] = fault
                if "times" in fault:
                    fault["times"] -= 1
                    if fault["times"] <= 0:
                        self.active.remove(fault)
        return met

    def view(self, canonical):
        """The chain as far as this endpoint knows it."""
        with self.lock:
            for fault in self.active:
                if fault["kind"] == "pin":
                    canonical = fault["view"]
                elif fault["kind"] == "lag":
                    canonical = canonical[: max(1, len(canonical) - fault.get("blocks", 1))]
        return canonical

    def check_range(self, blocks):
        with self.lock:
            for fault in self.active:
                if fault["kind"] == "range" and blocks > fault.get("blocks", 100):
                    raise Refused(
                        f"block range is too wide: at most {fault.get('blocks', 100)}", -32005
                    )


def twist(result, met):
    """What a lying endpoint makes of an honest answer."""
    result = copy.deepcopy(result)
    items = result if isinstance(result, list) else [result]
    if "omit" in met and items and isinstance(items[0], dict) and "logIndex" in items[0]:
        return []
    if "lie" in met:
        for item in items:
            if not isinstance(item, dict):
                continue
            for log in [item] if "logIndex" in item else item.get("logs", []):
                if len(log["data"]) > 2:
                    log["data"] = flip(log["data"])
                    return result
            if "receiptsRoot" in item:
                item["receiptsRoot"] = flip(item["receiptsRoot"])
                return result
    if "forge" in met and isinstance(result, dict) and "receiptsRoot" in result:
        result["receiptsRoot"] = flip(result["receiptsRoot"])
        result["hash"] = "0x" + keccak(header_rlp(result)).hex()
    return result


def flip(text):
    return text[:-1] + "0123456789abcdef"[int(text[-1], 16) ^ 1]


def header_rlp(block):
    """A header's RLP from its JSON."""
    from .encode import HEADER, number

    fields = []
    for name, _, form in HEADER:
        raw = bytes.fromhex(block[name][2:].zfill(len(block[name]) - 2 + len(block[name]) % 2))
        fields.append(raw.lstrip(b"\x00") if form is number else raw)
    return rlp.encode(fields)
