"""How much of a core a node takes to catch up with a root chain, against the endpoint that feeds it.

    BTT_BIN=.build/release/btt .build/venv/bin/python Tests/Integration/bridge/catchup.py \\
        [BLOCKS] [DEPOSITS]

Prints one line of JSON: how long it took until all deposits were read with their proofs, the
node's own processor time in that time, and the share of one core that this is.
"""

import json
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import bridging  # noqa: E402


def processor_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def main():
    blocks = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    deposits = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000
    with tempfile.TemporaryDirectory() as directory:
        # Only the reading is measured: what is done on the sidechain waits for its next look.
        bridge = bridging.Bridge(
            directory, endpoints=1, settings=[("bridge.poll", "60s")], block_time="10s")
        bridge.process.stop()
        root, user = bridge.root, bridging.account(0)
        root.rpc("dev_setAutomine", False)
        nonce = root.w3.eth.get_transaction_count(user.address)
        each = max(1, blocks // max(1, deposits))
        call = bridge.manager.functions.depositEtherFor(user.address)
        for _ in range(deposits):
            transaction = call.build_transaction({
                "from": user.address, "value": 1, "gas": 300_000, "nonce": nonce,
                "maxFeePerGas": 10**12, "maxPriorityFeePerGas": 10**9})
            raw = user.sign_transaction(transaction).raw_transaction
            root.w3.eth.send_raw_transaction(raw)
            nonce += 1
            root.mine(each)
        root.mine(4)
        bridge.start()
        pid = bridge.process.process.pid
        begin, before = time.monotonic(), processor_seconds(pid)
        while bridge.rpc("btt_bridgeRoots")[0]["messages"] < deposits + 1:
            time.sleep(0.1)
        took, used = time.monotonic() - begin, processor_seconds(pid) - before
        print(json.dumps({
            "blocks": root.w3.eth.block_number, "deposits": deposits,
            "seconds": round(took, 2), "cpuSeconds": round(used, 2),
            "coreShare": round(used / took, 3)}))
        bridge.close()


if __name__ == "__main__":
    main()
