"""The demo's own books, kept from receipts alone and held against what the nodes say.

    receipts URL BOOKS FILE        keep every receipt there is
    same URL BOOKS FILE            the receipts that were kept are still there, unchanged
    check URL FOLLOWER BOOKS GENESIS   balances, supply and the follower, to the last wei
    verified REPORT BOOKS          what `btt node verify` found agrees with the books
"""

import json
import pathlib
import sys
import time
import urllib.request

BTT = 10**18
RESERVE = "0x" + "1010".zfill(40)


def ask(url, method, *params):
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        reply = json.load(reply)
    if "error" in reply:
        fail(f"{method}: {reply['error']['message']}")
    return reply["result"]


def fail(reason):
    sys.exit(f"demo: {reason}")


def hashes(books):
    names = [books / "payments", *sorted(books.glob("load-*"))]
    return [line for name in names if name.exists() for line in name.read_text().split()]


def amount(wei):
    text = f"{wei // BTT:,}.{wei % BTT:018d}".rstrip("0").rstrip(".")
    return f"{text} BTT"


def receipts(url, books, file):
    found = {h: ask(url, "eth_getTransactionReceipt", h) for h in hashes(books)}
    found = {h: receipt for h, receipt in found.items() if receipt}
    pathlib.Path(file).write_text(json.dumps(found))


def same(url, books, file):
    kept = json.loads(pathlib.Path(file).read_text())
    for h, receipt in kept.items():
        if ask(url, "eth_getTransactionReceipt", h) != receipt:
            fail(f"the receipt of {h} is lost or changed")
    if not kept:
        fail("no receipt was there before the kill")
    print(f"  the {len(kept)} receipts read before the kill are all there, unchanged")


def wait_for(what, probe, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if result := probe():
            return result
        time.sleep(0.1)
    fail(f"{what} took more than {seconds} s")


def check(url, follower, books, genesis):
    genesis = json.loads(pathlib.Path(genesis).read_text())
    balances = {a.lower(): int(v["balance"]) for a, v in genesis["alloc"].items()}
    supply = int(genesis["btt"]["supply"])
    balances[RESERVE] = supply - sum(balances.values())
    burned, moved, sent = 0, 0, hashes(books)
    if len(set(sent)) != len(sent):
        fail("one payment has two entries")
    for h in sent:
        receipt = wait_for(f"the receipt of {h}", lambda: ask(url, "eth_getTransactionReceipt", h))
        if receipt["status"] != "0x1":
            fail(f"payment {h} failed")
        payment = ask(url, "eth_getTransactionByHash", h)
        block = ask(url, "eth_getBlockByNumber", receipt["blockNumber"], False)
        value, gas = int(payment["value"], 16), int(receipt["gasUsed"], 16)
        price, base = int(receipt["effectiveGasPrice"], 16), int(block["baseFeePerGas"], 16)
        balances[payment["from"]] -= value + gas * price
        balances[payment["to"]] = balances.get(payment["to"], 0) + value
        balances[block["miner"]] = balances.get(block["miner"], 0) + gas * (price - base)
        burned += gas * base
        moved += value
    head = ask(url, "eth_blockNumber")
    for address, expected in balances.items():
        found = int(ask(url, "eth_getBalance", address, head), 16)
        if found != expected:
            fail(f"{address} should have {amount(expected)} and has {amount(found)}")
    print(f"  {len(sent)} payments moved {amount(moved)}; {amount(burned)} of fees burned")
    print(f"  {len(balances)} balances are what the receipts say, to the last wei")
    if sum(balances.values()) + burned != supply:
        fail("balances and burned fees are not the supply")
    print(f"  their sum and what was burned are the supply, {amount(supply)}")
    total = ask(url, "eth_call", {"to": RESERVE, "data": "0x18160ddd"}, head)
    if int(total, 16) != supply - burned:
        fail("totalSupply() of 0x…1010 is not the supply less what was burned")
    wait_for("the follower", lambda: int(ask(follower, "eth_blockNumber"), 16) >= int(head, 16))
    for number in range(int(head, 16) + 1):
        ours = ask(url, "eth_getBlockByNumber", hex(number), False)
        theirs = ask(follower, "eth_getBlockByNumber", hex(number), False)
        if ours != theirs:
            fail(f"the follower has another block {number}")
    print(f"  the follower has the same {int(head, 16)} blocks and state roots")
    (books / "burned").write_text(str(burned))
    (books / "supply").write_text(str(supply))


def verified(report, books):
    report = json.loads(pathlib.Path(report).read_text())
    burned, supply = (int((books / name).read_text()) for name in ("burned", "supply"))
    if int(report["burned"]) != burned or int(report["balances"]) != supply - burned:
        fail("`btt node verify` counts other sums than the receipts")
    print(f"  both nodes: {report['height']} blocks, {report['accounts']} accounts, root")
    print(f"  {report['stateRoot']}, and the same sums")


if __name__ == "__main__":
    command, *words = sys.argv[1:]
    run = {"receipts": receipts, "same": same, "check": check, "verified": verified}[command]
    paths = {"receipts": [1], "same": [1], "check": [2], "verified": [1]}[command]
    run(*(pathlib.Path(w) if i in paths else w for i, w in enumerate(words)))
