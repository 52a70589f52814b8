"""Sends coin on a devnet, plainly and through the token interface, with web3.py.

    btt devnet                              in one terminal
    python examples/transfer.py             in another; web3 from PyPI is needed
"""

import json
import os
import pathlib

from eth_account import Account
from web3 import Web3

BTT = "0x0000000000000000000000000000000000001010"
MNEMONIC = "test test test test test test test test test test test junk"

w3 = Web3(Web3.HTTPProvider(os.environ.get("BTT_RPC_URL", "http://127.0.0.1:8545")))
Account.enable_unaudited_hdwallet_features()
sender = Account.from_mnemonic(MNEMONIC)
receiver = Account.create().address


def send(transaction):
    """Completes, signs and sends a transaction, and waits for its receipt."""
    transaction = {
        "from": sender.address,
        "nonce": w3.eth.get_transaction_count(sender.address, "pending"),
        "chainId": w3.eth.chain_id,
        **transaction,
    }
    transaction.setdefault("gas", w3.eth.estimate_gas(transaction))
    tip = w3.eth.max_priority_fee
    base = w3.eth.get_block("latest")["baseFeePerGas"]
    transaction.setdefault("maxPriorityFeePerGas", tip)
    transaction.setdefault("maxFeePerGas", 2 * base + tip)
    signed = sender.sign_transaction(transaction)
    receipt = w3.eth.wait_for_transaction_receipt(
        w3.eth.send_raw_transaction(signed.raw_transaction), poll_latency=0.05
    )
    assert receipt["status"] == 1, receipt
    return receipt


receipt = send({"to": receiver, "value": Web3.to_wei(1.5, "ether")})
print("block", receipt["blockNumber"], "gas", receipt["gasUsed"])

abi = pathlib.Path(__file__).parents[1] / "contracts/interfaces/IBTT.json"
token = w3.eth.contract(address=BTT, abi=json.loads(abi.read_text()))
data = token.encode_abi("transfer", [receiver, Web3.to_wei(2, "ether")])
receipt = send({"to": BTT, "data": data})
[event] = token.events.Transfer().process_receipt(receipt)
print("Transfer", event["args"]["value"], "wei to", event["args"]["to"])

assert w3.eth.get_balance(receiver) == Web3.to_wei(3.5, "ether")
print(token.functions.symbol().call(), "of the receiver:",
      Web3.from_wei(token.functions.balanceOf(receiver).call(), "ether"))
