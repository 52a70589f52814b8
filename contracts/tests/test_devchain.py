"""The development root chain, over HTTP, with clients that are not ours."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
import requests
import rlp
from eth_account import Account
from eth_utils import keccak
from trie import HexaryTrie
from web3 import Web3
from web3.exceptions import ContractLogicError, Web3RPCError

import deploy
import devchain
import model
from conftest import E18
from rootchain.faults import header_rlp
from rootchain.http import serve

SCRIPT = pathlib.Path(devchain.__file__)


class Client:
    def __init__(self, **options):
        self.node = devchain.make_node(**options)
        self.servers = serve(self.node)
        self.urls = [s.url for s in self.servers]
        self.w3s = [
            Web3(Web3.HTTPProvider(url, request_kwargs={"timeout": 10})) for url in self.urls
        ]
        self.w3 = self.w3s[0]
        self.chain = self.node.chain
        for w3 in self.w3s:
            w3.eth.default_account = w3.eth.accounts[0]

    def rpc(self, method, *params, endpoint=0):
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        answer = requests.post(self.urls[endpoint], json=body, timeout=10).json()
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]

    def pay(self, amount=1, who=0, **fields):
        accounts = self.w3.eth.accounts
        return self.w3.eth.send_transaction(
            {"from": accounts[who], "to": accounts[9], "value": amount, **fields}
        )

    def head(self):
        return int(self.rpc("eth_blockNumber"), 16)


@pytest.fixture
def client():
    client = Client()
    yield client
    for server in client.servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def three():
    client = Client(endpoints=3)
    yield client
    for server in client.servers:
        server.shutdown()
        server.server_close()


def raw(text):
    return bytes.fromhex(text[2:])


def whole(value):
    return int(value, 16) if isinstance(value, str) else value


def receipts_root(receipts):
    """The root of the receipts trie from JSON, by a library that is not py-evm."""
    trie = HexaryTrie({})
    for r in receipts:
        body = rlp.encode(
            [
                whole(r["status"]),
                whole(r["cumulativeGasUsed"]),
                raw(r["logsBloom"]),
                [
                    [raw(log["address"]), [raw(t) for t in log["topics"]], raw(log["data"])]
                    for log in r["logs"]
                ],
            ]
        )
        kind = whole(r["type"])
        key = rlp.encode(whole(r["transactionIndex"]))
        trie[key] = (bytes([kind]) if kind else b"") + body
    return trie.root_hash


VECTORS = pathlib.Path(os.environ.get("BTT_VECTORS", "../../../shared/vectors"))
MAINNET = sorted((VECTORS / "mainnet-receipts").glob("*-block.json"))


@pytest.mark.skipif(not MAINNET, reason="no public vectors: set BTT_VECTORS")
def test_blocks_and_receipts_look_like_those_of_mainnet(client):
    """What checks the roots here checks those of real blocks, and no field of theirs is missing."""
    client.pay()
    ours = client.rpc("eth_getBlockByNumber", "latest", False)
    receipt = client.rpc("eth_getBlockReceipts", "latest")[0]
    for path in MAINNET:
        block = json.loads(path.read_text())
        receipts = json.loads(path.with_name(path.name.replace("block", "receipts")).read_text())
        for r in receipts:
            r.setdefault("type", "0x0")
        assert receipts_root(receipts) == raw(block["receiptsRoot"])
        assert set(block) - set(ours) <= {"totalDifficulty"}
        assert set(receipts[0]) - set(receipt) <= {"root"}
        for fields in (block, receipts[0]):
            for name, value in fields.items():
                own = (ours if fields is block else receipt).get(name)
                if isinstance(value, str) and isinstance(own, str) and len(value) in (42, 66, 514):
                    assert len(own) == len(value), name


def test_headers_hash_to_their_blocks_and_hold_together(client):
    client.rpc("dev_mine", 3)
    client.pay()
    parent = None
    for n in range(client.head() + 1):
        block = client.rpc("eth_getBlockByNumber", hex(n), False)
        assert "0x" + keccak(header_rlp(block)).hex() == block["hash"]
        assert len(rlp.decode(header_rlp(block))) == 21
        assert parent in (None, block["parentHash"])
        assert client.rpc("eth_getBlockByHash", block["hash"], False) == block
        parent = block["hash"]


def test_the_receipts_served_have_the_headers_receipts_root(client):
    """Of every kind of transaction, with and without logs, in blocks of many."""
    btt = deploy.create(client.w3, "BTT", client.w3.eth.accounts[0])
    client.rpc("dev_setAutomine", False)
    sent = []
    for who in range(9):
        fields = {"from": client.w3.eth.accounts[who], "gas": 100_000}
        if who % 3 == 0:
            fields["gasPrice"] = 10**10
        sent.append(btt.functions.drip().transact(fields))
        sent.append(client.pay(who=who, gas=21_000 if who % 2 else 50_000))
    raw = Account.sign_transaction(
        {
            "type": 1,
            "chainId": 1337,
            "nonce": client.w3.eth.get_transaction_count(client.w3.eth.accounts[9]),
            "gasPrice": 10**10,
            "gas": 100_000,
            "to": btt.address,
            "value": 0,
            "data": "0xdeadbeef",
            "accessList": [{"address": btt.address, "storageKeys": ["0x" + "00" * 31 + "07"]}],
        },
        devchain.derive(devchain.MNEMONIC, 10)[9].key,
    ).raw_transaction
    sent.append(client.w3.eth.send_raw_transaction(raw))
    client.rpc("dev_mine")
    block = client.rpc("eth_getBlockByNumber", "latest", True)
    assert {t["hash"] for t in block["transactions"]} == {"0x" + h.hex() for h in sent}
    receipts = client.rpc("eth_getBlockReceipts", "latest")
    assert {r["type"] for r in receipts} == {"0x0", "0x1", "0x2"}
    assert {r["status"] for r in receipts} == {"0x0", "0x1"}
    assert receipts_root(receipts) == bytes.fromhex(block["receiptsRoot"][2:])
    assert [
        client.rpc("eth_getTransactionReceipt", r["transactionHash"]) for r in receipts
    ] == receipts
    logs = client.rpc("eth_getLogs", {"blockHash": block["hash"]})
    assert logs == [log for r in receipts for log in r["logs"]]
    assert [int(log["logIndex"], 16) for log in logs] == list(range(9))
    bloom = 0
    for r in receipts:
        bloom |= int(r["logsBloom"], 16)
    assert bloom == int(block["logsBloom"], 16)


def test_transactions_served_hash_to_what_was_signed(client):
    client.pay(gasPrice=10**10)
    client.pay()
    common = ("gas", "to", "value", "input")
    forms = (
        (b"", ("nonce", "gasPrice", *common, "v", "r", "s")),
        (
            b"\x02",
            (
                "chainId",
                "nonce",
                "maxPriorityFeePerGas",
                "maxFeePerGas",
                *common,
                "accessList",
                "yParity",
                "r",
                "s",
            ),
        ),
    )
    for n, (kind, fields) in enumerate(forms, 1):
        shown = client.rpc("eth_getBlockByNumber", hex(n), True)["transactions"][0]
        body = []
        for field in fields:
            value = shown[field]
            if field in ("to", "input"):
                body.append(bytes.fromhex(value[2:]))
            else:
                body.append(value if isinstance(value, list) else int(value, 16))
        assert shown["hash"] == "0x" + keccak(kind + rlp.encode(body)).hex()
        assert client.rpc("eth_getTransactionByHash", shown["hash"]) == shown
        assert shown["from"] == client.w3.eth.accounts[0]


def test_logs_are_found_by_range_address_and_topics(client):
    bridge = deploy.deploy_bridge(client.w3, [(client.w3.eth.accounts[5], 1)])
    btt, manager = bridge["btt"], bridge["manager"]
    alice = client.w3.eth.accounts[0]
    btt.functions.mint(alice, 1000).transact()
    btt.functions.approve(manager.address, 1000).transact()
    for amount in (1, 2, 3):
        manager.functions.depositFor(alice, btt.address, amount.to_bytes(32, "big")).transact()
    found = bridge["stateSender"].events.StateSynced().get_logs(from_block=0)
    assert [e["args"]["id"] for e in found] == [1, 2, 3]
    topic = "0x103fed9db65eac19c4d870f49ab7520fe03b99f1838e5996caf47e9e43308392"
    second = "0x" + (2).to_bytes(32, "big").hex()
    query = {"fromBlock": "0x0", "toBlock": "latest"}

    def by(**more):
        return len(client.rpc("eth_getLogs", query | more))

    assert by(topics=[topic]) == 3
    assert by(topics=[[topic, second]]) == 3
    assert by(topics=[topic, second]) == 1
    assert by(topics=[None, second]) == 1
    assert by(topics=[topic], address=bridge["stateSender"].address.lower()) == 3
    assert by(topics=[topic], address=[btt.address, manager.address]) == 0
    assert by(topics=[topic, None, None, None]) == 0
    head = client.head()
    assert len(client.rpc("eth_getLogs", {"topics": [topic], "fromBlock": hex(head)})) == 1


def test_calls_fail_with_their_reason_and_estimates_are_exact(client):
    btt = deploy.create(client.w3, "BTT", client.w3.eth.accounts[0])
    with pytest.raises(ContractLogicError, match="only the owner"):
        btt.functions.mint(btt.address, 1).call({"from": client.w3.eth.accounts[1]})
    call = btt.functions.mint(client.w3.eth.accounts[1], 5)
    gas = call.estimate_gas({"from": client.w3.eth.accounts[0]})

    def used(gas):
        return client.w3.eth.get_transaction_receipt(call.transact({"gas": gas}))

    assert used(gas)["status"] == 1
    gas = call.estimate_gas({"from": client.w3.eth.accounts[0]})
    assert used(gas - 1)["status"] == 0
    with pytest.raises(ContractLogicError, match="only the owner"):
        btt.functions.mint(btt.address, 1).estimate_gas({"from": client.w3.eth.accounts[1]})
    assert (
        client.rpc("eth_call", {"to": btt.address, "data": "0x18160ddd"})
        == "0x" + (5).to_bytes(32, "big").hex()
    )
    # Anybody may ask, money or not, and of old blocks too.
    assert btt.functions.totalSupply().call({"from": btt.address}, 1) == 0


def test_a_transfer_costs_what_it_should(client):
    assert (
        client.w3.eth.estimate_gas(
            {"from": client.w3.eth.accounts[0], "to": client.w3.eth.accounts[1], "value": 1}
        )
        == 21_000
    )
    before = client.w3.eth.get_balance(client.w3.eth.accounts[0])
    receipt = client.w3.eth.get_transaction_receipt(client.pay(7))
    cost = receipt["gasUsed"] * receipt["effectiveGasPrice"]
    assert client.w3.eth.get_balance(client.w3.eth.accounts[0]) == before - 7 - cost


def test_the_accounts_are_those_of_the_mnemonic(client):
    assert client.w3.eth.accounts[0] == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    assert client.w3.eth.get_balance(client.w3.eth.accounts[9]) == 10_000 * E18


def test_fees_chain_id_and_history_are_told(client):
    assert client.w3.eth.chain_id == 1337 and client.w3.net.version == "1337"
    client.rpc("dev_mine", 5)
    history = client.w3.eth.fee_history(4, "latest", [10, 50])
    assert history["oldestBlock"] == 2
    assert len(history["baseFeePerGas"]) == 5 and len(history["gasUsedRatio"]) == 4
    assert [len(r) for r in history["reward"]] == [2] * 4
    assert client.w3.eth.gas_price == history["baseFeePerGas"][-1] + client.w3.eth.max_priority_fee


def test_finality_follows_at_its_depth_or_on_command(client):
    client.rpc("dev_mine", 10)
    assert client.w3.eth.get_block("finalized")["number"] == 2
    assert client.w3.eth.get_block("safe")["number"] == 2
    client.rpc("dev_setFinalityDepth", None)
    client.rpc("dev_mine", 5)
    assert client.w3.eth.get_block("finalized")["number"] == 2
    assert client.rpc("dev_finalize", 7) == "0x7"
    assert client.w3.eth.get_block("finalized")["number"] == 7
    with pytest.raises(RuntimeError, match="final is 7"):
        client.rpc("dev_finalize", 6)
    assert client.rpc("dev_finalize") == "0xf"


def test_a_reorganisation_replaces_blocks_and_keeps_transactions(client):
    client.rpc("dev_setFinalityDepth", None)
    first, second = client.pay(1), client.pay(2)
    old = [client.rpc("eth_getBlockByNumber", hex(n), False)["hash"] for n in range(3)]
    made = client.rpc("dev_reorg", 2)
    assert len(made) == 3 and client.head() == 3
    new = [client.rpc("eth_getBlockByNumber", hex(n), False)["hash"] for n in range(4)]
    assert new[0] == old[0] and new[1:] == made and not set(old[1:]) & set(new)
    for hash in (first, second):
        receipt = client.w3.eth.get_transaction_receipt(hash)
        assert "0x" + receipt["blockHash"].hex() == made[0]
    # The old branch can be read by hash still, but is not the chain.
    assert client.rpc("eth_getBlockByHash", old[2], False)["hash"] == old[2]


def test_a_reorganisation_can_forget_a_transaction(client):
    client.rpc("dev_setFinalityDepth", None)
    kept, gone = client.pay(1, who=0), client.pay(2, who=1)
    balance = client.w3.eth.get_balance(client.w3.eth.accounts[9])
    client.rpc("dev_reorg", 2, {"drop": ["0x" + gone.hex()], "length": 1})
    assert client.head() == 1
    assert client.rpc("eth_getTransactionReceipt", "0x" + gone.hex()) is None
    assert client.w3.eth.get_transaction_receipt(kept)["status"] == 1
    assert client.w3.eth.get_balance(client.w3.eth.accounts[9]) == balance - 2


def test_branches_that_meet_again_have_their_own_state(client):
    """Back to a shorter history and forward again: every state is that of its own branch."""
    client.rpc("dev_setFinalityDepth", None)
    account = client.w3.eth.accounts[9]
    start = client.w3.eth.get_balance(account)
    for round in range(3):
        hashes = [client.pay(10**round) for _ in range(3)]
        client.rpc("dev_reorg", 3, {"drop": ["0x" + h.hex() for h in hashes]})
        assert client.w3.eth.get_balance(account) == start


def test_final_blocks_stay_unless_forced(client):
    client.rpc("dev_mine", 10)
    with pytest.raises(RuntimeError, match="block 2 is final"):
        client.rpc("dev_reorg", 9)
    client.rpc("dev_reorg", 8)
    client.rpc("dev_reorg", 11, {"force": True})
    with pytest.raises(RuntimeError, match="cannot take back"):
        client.rpc("dev_reorg", 1_000, {"force": True})


def test_a_transaction_waits_for_its_fee_and_can_be_replaced(client):
    client.rpc("dev_setAutomine", False)
    client.rpc("dev_setNextBaseFee", 10**11)
    client.rpc("dev_mine")
    fields = {"nonce": 0, "gas": 21_000, "maxFeePerGas": 10**10, "maxPriorityFeePerGas": 10**9}
    low = client.pay(1, **fields)
    client.rpc("dev_mine")
    assert client.rpc("eth_getTransactionReceipt", "0x" + low.hex()) is None
    assert client.w3.eth.get_transaction(low)["blockNumber"] is None
    assert client.w3.eth.get_transaction_count(client.w3.eth.accounts[0], "pending") == 1
    with pytest.raises(Web3RPCError, match="replacement transaction underpriced"):
        client.pay(2, **(fields | {"maxFeePerGas": 10**10 + 1}))
    high = client.pay(2, **(fields | {"maxFeePerGas": 10**12, "maxPriorityFeePerGas": 2 * 10**9}))
    client.rpc("dev_mine")
    assert client.w3.eth.get_transaction_receipt(high)["status"] == 1
    assert client.rpc("eth_getTransactionByHash", "0x" + low.hex()) is None


@pytest.mark.parametrize(
    "fields, text",
    [
        ({"nonce": 0}, "nonce too low"),
        ({"value": 10**30}, "insufficient funds"),
        ({"gas": 20_000}, "intrinsic gas too low"),
        ({"gas": 10**8}, "exceeds block gas limit"),
    ],
)
def test_a_transaction_that_cannot_be_is_refused(client, fields, text):
    client.pay()
    key = devchain.derive(devchain.MNEMONIC, 1)[0]
    transaction = {
        "to": key.address,
        "value": 0,
        "gas": 21_000,
        "gasPrice": 10**10,
        "nonce": 1,
        "chainId": 1337,
    }
    raw = Account.sign_transaction(transaction | fields, key.key).raw_transaction
    with pytest.raises(Web3RPCError, match=text):
        client.w3.eth.send_raw_transaction(raw)


def test_what_has_no_room_in_a_block_goes_into_the_next(client):
    client.rpc("dev_setAutomine", False)
    sent = [client.pay(1, nonce=n, gas=35_990_000 if n < 2 else 21_000) for n in range(4)]
    client.rpc("dev_mine")

    def mined():
        found = [client.rpc("eth_getTransactionReceipt", "0x" + h.hex()) for h in sent]
        return [receipt is not None for receipt in found]

    assert mined() == [True, False, False, False]
    client.rpc("dev_mine")
    assert mined() == [True] * 4


def test_a_transaction_for_another_chain_is_refused(client):
    key = devchain.derive(devchain.MNEMONIC, 1)[0]
    for extra in ({"gasPrice": 10**10}, {"maxFeePerGas": 10**10, "maxPriorityFeePerGas": 1}):
        raw = Account.sign_transaction(
            {"to": key.address, "value": 0, "gas": 21_000, "nonce": 0, "chainId": 1} | extra,
            key.key,
        ).raw_transaction
        with pytest.raises(Web3RPCError):
            client.w3.eth.send_raw_transaction(raw)
    assert client.head() == 0


def test_the_clock_goes_forward_on_command(client):
    before = client.w3.eth.get_block("latest")["timestamp"]
    client.rpc("evm_increaseTime", 86_400)
    client.rpc("evm_mine")
    assert client.w3.eth.get_block("latest")["timestamp"] >= before + 86_400
    client.rpc("dev_mine", 2, 12)
    stamps = [client.w3.eth.get_block(n)["timestamp"] for n in (1, 2, 3)]
    assert [b - a for a, b in zip(stamps, stamps[1:])] == [12, 12]


@pytest.mark.parametrize(
    "kind, expected",
    [
        ("error", "internal error"),
        ("limit", "429"),
        ("http", "502"),
        ("missing", "does not exist"),
        ("garbage", ""),
        ("cut", ""),
        ("drop", ""),
    ],
)
def test_an_endpoint_fails_as_told_and_so_often(client, kind, expected):
    client.rpc("dev_fault", {"kind": kind, "methods": ["eth_chainId"], "times": 2})
    assert client.rpc("eth_blockNumber") == "0x0"
    for _ in range(2):
        try:
            answer = requests.post(
                client.urls[0], json={"jsonrpc": "2.0", "id": 1, "method": "eth_chainId"}, timeout=5
            )
            assert expected in f"{answer.status_code} {answer.text}"
            assert '"result"' not in answer.text
        except requests.exceptions.RequestException:
            assert kind in ("drop", "cut")
    assert client.rpc("eth_chainId") == "0x539"


def test_a_stalled_endpoint_leaves_the_others_alone(three):
    three.rpc("dev_fault", {"kind": "stall", "seconds": 30, "endpoint": 1})
    with pytest.raises(requests.exceptions.ReadTimeout):
        body = {"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber"}
        requests.post(three.urls[1], json=body, timeout=0.2)
    assert (
        three.rpc("eth_blockNumber", endpoint=0)
        == three.rpc("eth_blockNumber", endpoint=2)
        == "0x0"
    )
    assert three.rpc("dev_clearFaults", endpoint=1) is True


def test_endpoints_can_disagree(three):
    for who in range(3):
        three.pay(who=who)
    three.rpc("dev_setFinalityDepth", None)
    three.rpc("dev_fault", {"kind": "lag", "blocks": 2, "endpoint": 1})
    three.rpc("dev_fault", {"kind": "pin", "endpoint": 2})
    old = three.rpc("eth_getBlockByNumber", "latest", False)
    three.rpc("dev_reorg", 2)
    assert [three.rpc("eth_blockNumber", endpoint=e) for e in range(3)] == ["0x4", "0x2", "0x3"]
    assert three.rpc("eth_getBlockByNumber", "latest", False, endpoint=2) == old
    assert three.rpc("eth_getBlockByNumber", "0x3", False, endpoint=0) != old
    three.rpc("dev_clearFaults")
    assert (
        len(
            {
                json.dumps(three.rpc("eth_getBlockByNumber", "0x3", False, endpoint=e))
                for e in range(3)
            }
        )
        == 1
    )


def test_lies_are_told_on_command(three):
    btt = deploy.create(three.w3, "BTT", three.w3.eth.accounts[0])
    btt.functions.drip().transact()
    honest = three.rpc("eth_getLogs", {"fromBlock": "0x0"})
    block = three.rpc("eth_getBlockByNumber", "latest", False)
    receipts = three.rpc("eth_getBlockReceipts", "latest")
    three.rpc("dev_fault", {"kind": "lie", "endpoint": 1})
    lied = three.rpc("eth_getLogs", {"fromBlock": "0x0"}, endpoint=1)
    assert lied != honest and len(lied) == len(honest)
    other = three.rpc("eth_getBlockReceipts", "latest", endpoint=1)
    assert (
        receipts_root(other) != receipts_root(receipts) == bytes.fromhex(block["receiptsRoot"][2:])
    )
    assert three.rpc("eth_getBlockByNumber", "latest", False, endpoint=1)["hash"] == block["hash"]
    three.rpc("dev_fault", {"kind": "omit", "endpoint": 2})
    assert three.rpc("eth_getLogs", {"fromBlock": "0x0"}, endpoint=2) == []
    three.rpc("dev_clearFaults")
    three.rpc("dev_fault", {"kind": "forge", "endpoint": 2})
    forged = three.rpc("eth_getBlockByNumber", "latest", False, endpoint=2)
    assert forged["receiptsRoot"] != block["receiptsRoot"]
    assert forged["hash"] == "0x" + keccak(header_rlp(forged)).hex() != block["hash"]
    assert three.rpc("eth_getLogs", {"fromBlock": "0x0"}) == honest


def test_ranges_and_the_final_tag_can_be_missing(client):
    client.rpc("dev_mine", 20)
    client.rpc("dev_fault", {"kind": "range", "blocks": 10})
    assert client.rpc("eth_getLogs", {"fromBlock": "0x1", "toBlock": "0xa"}) == []
    with pytest.raises(RuntimeError, match="too wide"):
        client.rpc("eth_getLogs", {"fromBlock": "0x0", "toBlock": "0xa"})
    client.rpc("dev_fault", {"kind": "nofinal"})
    with pytest.raises(RuntimeError, match="finalized block not found"):
        client.rpc("eth_getBlockByNumber", "finalized", False)
    assert client.rpc("eth_getBlockByNumber", "latest", False)["number"] == "0x14"


def test_bad_requests_are_answered_and_harm_nothing(client):
    def post(data):
        return requests.post(client.urls[0], data=data, timeout=5).json()

    def call(method, params):
        return post(json.dumps({"id": 1, "method": method, "params": params}))

    assert post(b"{")["error"]["code"] == -32700
    assert post(b"1")["error"]["code"] == -32600
    assert call("eth_nothing", [])["error"]["code"] == -32601
    assert call("answer", ["eth_chainId", []])["error"]["code"] == -32601
    for method, params in (
        ("eth_getBalance", []),
        ("eth_getBalance", ["0x12"]),
        ("eth_getLogs", [7]),
        ("dev_mine", ["x"]),
        ("eth_sendRawTransaction", ["0x1234"]),
        ("dev_fault", [{"kind": "none"}]),
        ("dev_reorg", [1, {"x": 1}]),
    ):
        assert "error" in call(method, params), method
    with pytest.raises(urllib.error.HTTPError, match="405"):
        urllib.request.urlopen(client.urls[0], timeout=5)
    batch = [{"id": i, "method": "eth_chainId", "params": []} for i in range(3)]
    assert [a["id"] for a in post(json.dumps(batch))] == [0, 1, 2]


def test_the_whole_bridge_on_it(client):
    """Deposit, outbox, checkpoint and claim, as on eth-tester's chain."""
    validators = [Account.from_key(bytes([i]) * 32) for i in (1, 2, 3)]
    bridge = deploy.deploy_bridge(client.w3, [(v.address, 1) for v in validators])
    deploy.map_token(client.w3, bridge["manager"], deploy.NATIVE, "Ether", "ETH", 18)
    manager, carol = bridge["manager"], client.w3.eth.accounts[3]
    receipt = client.w3.eth.get_transaction_receipt(
        client.w3.eth.send_transaction({"from": carol, "to": manager.address, "value": E18})
    )
    assert receipt["status"] == 1
    block = client.rpc("eth_getBlockByHash", "0x" + receipt["blockHash"].hex(), False)
    receipts = client.rpc("eth_getBlockReceipts", block["hash"])
    assert receipts_root(receipts) == bytes.fromhex(block["receiptsRoot"][2:])
    w = model.Withdrawal(0, deploy.NATIVE, carol, E18, 1)
    tree = model.Tree([w.leaf()])
    fields = (0, 1, bytes(32), tree.root(), 1)
    domain = model.Domain(1337, bridge["checkpoints"].address)
    signatures = model.sign(domain.checkpoint(*fields), validators)
    bridge["checkpoints"].functions.submitCheckpoint(*fields, signatures).transact()
    before = client.w3.eth.get_balance(carol)
    manager.functions.claim(1, w.tuple(), tree.proof(0)).transact(
        {"from": client.w3.eth.accounts[1]}
    )
    assert client.w3.eth.get_balance(carol) == before + E18
    assert client.w3.eth.get_balance(manager.address) == 0


def test_thousands_of_blocks_are_made_in_a_moment(client):
    assert len(client.rpc("dev_mine", 2_000, 12)) == 2_000


def test_the_script_says_where_it_listens_and_ends_when_told():
    process = subprocess.Popen(
        [
            sys.executable,
            str(SCRIPT),
            "--port",
            "0",
            "--endpoints",
            "2",
            "--chain-id",
            "4242",
            "--accounts",
            "2",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        told = json.loads(process.stdout.readline())
        assert told["chainId"] == 4242 and len(told["urls"]) == 2
        for url in told["urls"]:
            w3 = Web3(Web3.HTTPProvider(url))
            assert w3.eth.chain_id == 4242
            assert w3.eth.accounts == [a["address"] for a in told["accounts"]]
        assert (
            Account.from_key(told["accounts"][0]["privateKey"]).address
            == told["accounts"][0]["address"]
        )
        run = subprocess.run(
            [
                sys.executable,
                str(SCRIPT.parent / "deploy.py"),
                "--rpc",
                told["urls"][0],
                "--ether",
                "--validator",
                f"{told['accounts'][1]['address']}:5",
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        deployed = json.loads(run.stdout)
        assert set(deployed) == {"btt", "stateSender", "checkpoints", "manager"}
        assert w3.eth.get_code(deployed["manager"])
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
