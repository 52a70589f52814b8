#!/usr/bin/env python3
"""What is locked on the root chain, against what is on the sidechain or on its way back.

Usage: demo-bridge-books.py SIDECHAIN_URL ROOT_URL MANAGER; fails unless they are equal.
"""

import json
import sys
import urllib.request

TOKEN = "0x6d46a1db"  # token(address) of the root chain's manager


def rpc(url, method, *params):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    reply = json.load(urllib.request.urlopen(request, timeout=20))
    if "error" in reply:
        sys.exit(f"{method}: {reply['error']['message']}")
    return reply["result"]


def main():
    sidechain, root, manager = sys.argv[1:]
    for token in rpc(sidechain, "btt_bridgeTokens"):
        data = TOKEN + token["rootToken"][2:].lower().rjust(64, "0")
        words = rpc(root, "eth_call", {"to": manager, "data": data}, "latest")[2:]
        locked = int(words[-64:], 16)
        here = int(token["supply"])
        print(f"{token['symbol']:4} locked there {locked:>26} wei   here {here:>26} wei")
        if locked != here:
            sys.exit(f"the books of {token['symbol']} differ by {locked - here} wei")
    print("equal, to the last wei")


if __name__ == "__main__":
    main()
