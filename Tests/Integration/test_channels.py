"""Payment channels through web3.py and the committed ABI; digests and signatures by eth-account."""

import json

import pytest
from eth_abi import encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from web3 import Web3
from web3.exceptions import ContractLogicError, Web3RPCError

import chain as rules
import node

MODULE = "0x0000000000000000000000000000000000002000"
ABI = json.loads((node.ROOT / "contracts/interfaces/IChannels.json").read_text())
ZERO = "0x" + "00" * 20
ETHER = 10**18
DESCRIPTOR = ["address", "address", "address", "bytes32", "uint32", "uint32", "uint64"]


class Channels:
    """The module on a devnet, and what its clients compute for themselves."""

    def __init__(self, chain):
        self.chain = chain
        self.contract = chain.w3.eth.contract(MODULE, abi=ABI)
        self.functions = self.contract.functions
        self.domain = {
            "name": "BTT Payment Channels", "version": "1", "chainId": chain.id,
            "verifyingContract": MODULE}

    def send(self, account, function, value=0, **fields):
        transaction = function.build_transaction({
            "from": account.address, "value": value, "chainId": self.chain.id,
            "nonce": self.chain.w3.eth.get_transaction_count(account.address),
            "maxFeePerGas": 10**12, "maxPriorityFeePerGas": 10**9} | fields)
        return self.chain.send(account, transaction)

    def fund(self, payer, amount):
        assert self.send(payer, self.functions.vaultDeposit(), amount).status == 1

    def terms(self, payee, deposit, signer=ZERO, salt=bytes(32), seconds=2, blocks=1):
        return (payee, signer, salt, seconds, blocks, deposit)

    def open(self, payer, terms):
        """Opens channels, as many as there are terms; their descriptors."""
        first = self.functions.vault(payer.address).call()[1]
        receipt = self.send(payer, self.functions.openMany(terms))
        assert receipt.status == 1
        opened = self.contract.events.ChannelOpened().process_receipt(receipt)
        descriptors = [
            (payer.address, *each[:5], first + index) for index, each in enumerate(terms)]
        assert [event.args.id for event in opened] == [self.id(each) for each in descriptors]
        return descriptors

    def id(self, descriptor):
        words = encode([*DESCRIPTOR, "address", "uint256"], [*descriptor, MODULE, self.chain.id])
        return rules.keccak(words)

    def typed(self, name, members, message):
        return encode_typed_data(self.domain, {name: members}, message)

    def voucher(self, descriptor, amount):
        return self.typed(
            "Voucher",
            [{"name": "channelId", "type": "bytes32"},
             {"name": "cumulativeAmount", "type": "uint128"}],
            {"channelId": self.id(descriptor), "cumulativeAmount": amount})

    def release(self, descriptor, capture, valid_until):
        return self.typed(
            "Release",
            [{"name": "channelId", "type": "bytes32"}, {"name": "capture", "type": "uint128"},
             {"name": "validUntil", "type": "uint64"}],
            {"channelId": self.id(descriptor), "capture": capture, "validUntil": valid_until})

    def sign(self, key, message):
        return key.sign_message(message).signature

    def slot(self, descriptor):
        """Where Solidity puts `mapping(bytes32 => Channel)` of slot 2."""
        return rules.keccak(self.id(descriptor) + (2).to_bytes(32, "big"))

    def word(self, slot):
        return int.from_bytes(self.chain.w3.eth.get_storage_at(MODULE, slot), "big")

    def state(self, descriptor):
        return self.functions.channelState(self.id(descriptor)).call()


def digest(message):
    return rules.keccak(b"\x19" + message.version + message.header + message.body)


@pytest.fixture
def channels(chain):
    return Channels(chain)


@pytest.fixture
def payer(chain):
    return chain.new_account(10**22)


@pytest.fixture
def payee(chain):
    return chain.new_account()


@pytest.fixture
def opened(channels, payer, payee):
    channels.fund(payer, 10 * ETHER)
    return channels.open(payer, [channels.terms(payee.address, 3 * ETHER)])[0]


def test_ids_and_digests_are_those_of_the_standards(channels, opened, payer, payee):
    functions = channels.functions
    assert functions.channelId(opened).call() == channels.id(opened)
    terms = [channels.terms(payee.address, 5), channels.terms(payer.address, 6, payee.address)]
    expected = [
        channels.id((payer.address, *each[:5], 1 + index)) for index, each in enumerate(terms)]
    assert functions.nextChannelIds(payer.address, terms).call() == expected
    for amount in (0, 1, ETHER, 2**128 - 1):
        message = channels.voucher(opened, amount)
        assert functions.voucherDigest(channels.id(opened), amount).call() == digest(message)
        assert functions.domainSeparator().call() == message.header
        message = channels.release(opened, amount, amount % 2**64)
        assert digest(message) == functions.releaseDigest(
            channels.id(opened), amount, amount % 2**64).call()


def test_a_channel_lives_and_its_payee_closes_it(channels, opened, payer, payee):
    eth = channels.chain.w3.eth
    stranger = channels.chain.new_account()
    before = eth.get_balance(payee.address)
    voucher = channels.sign(payer, channels.voucher(opened, ETHER))
    receipt = channels.send(stranger, channels.functions.settle(opened, ETHER, voucher))
    event = channels.contract.events.ChannelSettled().process_receipt(receipt)[0].args
    assert (event.paid, event.settled, event.deposit) == (ETHER, ETHER, 3 * ETHER)
    assert eth.get_balance(payee.address) == before + ETHER
    with pytest.raises(ContractLogicError, match="channels: settle: nothing to settle"):
        channels.functions.settle(opened, ETHER, voucher).call()
    with pytest.raises(ContractLogicError, match="signature is not the signer's"):
        channels.functions.settle(opened, 2 * ETHER, voucher).call()

    voucher = channels.sign(payer, channels.voucher(opened, 2 * ETHER))
    receipt = channels.send(
        payee, channels.functions.close(opened, 2 * ETHER - 7, 2 * ETHER, voucher))
    event = channels.contract.events.ChannelClosed().process_receipt(receipt)[0].args
    assert (event.paid, event.settled, event.refund) == (
        ETHER - 7, 2 * ETHER - 7, ETHER + 7)
    assert channels.functions.vault(payer.address).call() == [8 * ETHER + 7, 1]
    assert channels.state(opened) == [0] * 5
    assert channels.word(channels.slot(opened)) == 0


def test_a_payer_leaves_after_the_grace_time(channels, opened, payer):
    chain = channels.chain
    receipt = channels.send(payer, channels.functions.requestClose(opened))
    event = channels.contract.events.CloseRequested().process_receipt(receipt)[0].args
    requested = chain.w3.eth.get_block(receipt.blockNumber)
    assert event.at == requested.timestamp
    assert channels.state(opened) == [
        0, 3 * ETHER, event.at, event.roomBlocks, receipt.blockNumber]
    with pytest.raises(ContractLogicError, match="grace time is not over"):
        channels.functions.withdraw(opened).call({"from": payer.address})
    while chain.w3.eth.get_block("latest").timestamp < requested.timestamp + 3:
        chain.send(chain.rich[5], chain.transaction(chain.rich[5], payer.address, 1))
    receipt = channels.send(payer, channels.functions.withdraw(opened))
    assert receipt.status == 1
    assert channels.functions.vault(payer.address).call()[0] == 10 * ETHER
    assert channels.send(payer, channels.functions.vaultWithdraw(10 * ETHER)).status == 1
    assert channels.word(channels.slot(opened)) == 0


def test_both_close_at_once(channels, opened, payer, payee):
    now = channels.chain.w3.eth.get_block("latest").timestamp
    voucher = channels.sign(payer, channels.voucher(opened, 5))
    consent = channels.sign(payee, channels.release(opened, 4, now + 300))
    receipt = channels.send(
        payer, channels.functions.closeMutual(opened, 4, now + 300, consent, 5, voucher))
    assert receipt.status == 1
    assert channels.functions.vault(payer.address).call()[0] == 10 * ETHER - 4


def test_fifty_channels_open_and_settle_in_a_transaction_each(channels, payer):
    channels.fund(payer, 10 * ETHER)
    payees = [Account.create().address for _ in range(5)]
    hot = Account.create()
    terms = [
        channels.terms(payees[i % 5], ETHER // 10, hot.address, i.to_bytes(32, "big"))
        for i in range(50)]
    opened = channels.open(payer, terms)
    items = [
        (each, 1000 + i, channels.sign(hot, channels.voucher(each, 1000 + i)))
        for i, each in enumerate(opened)]
    items[7] = (opened[7], 5, items[7][2])
    expected = [(0, 1000 + i) for i in range(50)]
    expected[7] = (2, 0)
    assert [tuple(r) for r in channels.functions.settleMany(items).call()] == expected
    receipt = channels.send(payer, channels.functions.settleMany(items))
    assert len(receipt.logs) == 49
    states = channels.functions.channelStates([channels.id(each) for each in opened]).call()
    assert [state[0] for state in states] == [paid for _, paid in expected]
    for index, payee in enumerate(payees):
        assert channels.chain.w3.eth.get_balance(payee) == sum(
            paid for _, paid in expected[index::5])


def test_the_state_lies_where_the_specification_says_and_is_proved(channels, opened, payer):
    chain = channels.chain
    voucher = channels.sign(payer, channels.voucher(opened, ETHER))
    channels.send(payer, channels.functions.settle(opened, ETHER, voucher))
    receipt = channels.send(payer, channels.functions.requestClose(opened))
    at = chain.w3.eth.get_block(receipt.blockNumber).timestamp
    first = int.from_bytes(channels.slot(opened), "big")
    vault = rules.keccak(rules.raw(payer.address).rjust(32, b"\0") + (1).to_bytes(32, "big"))
    state = channels.state(opened)
    assert channels.word(first) == ETHER << 144 | 3 * ETHER << 32 | at
    assert channels.word(first + 1) == state[3] << 64 | receipt.blockNumber
    assert channels.word(vault) == 1 << 128 | 7 * ETHER
    assert channels.word(0) == channels.functions.blocksWithRoom().call() > 0

    height = chain.w3.eth.block_number
    root = rules.raw(chain.rpc("eth_getBlockByNumber", hex(height), False)["stateRoot"])
    slots = [hex(first), hex(first + 1), "0x" + vault.hex(), "0x0", "0x99"]
    answer = chain.rpc("eth_getProof", MODULE, slots, hex(height))
    assert rules.check_account_proof(root, answer)
    values = [rules.number(slot["value"]) for slot in answer["storageProof"]]
    assert values == [channels.word(int(slot, 16)) for slot in slots]
    assert rules.number(answer["balance"]) >= 9 * ETHER


def test_an_empty_wallet_cashes_out(channels, payer):
    chain = channels.chain
    channels.fund(payer, 10 * ETHER)
    payee = Account.create()
    opened = channels.open(payer, [channels.terms(payee.address, ETHER)] * 2)
    voucher = channels.sign(payer, channels.voucher(opened[0], ETHER))
    settle = channels.functions.settle(opened[0], ETHER, voucher)
    receipt = channels.send(payee, settle)
    fee = receipt.gasUsed * receipt.effectiveGasPrice
    assert receipt.status == 1
    assert chain.w3.eth.get_balance(payee.address) == ETHER - fee
    poor = Account.create()
    opened = channels.open(payer, [channels.terms(poor.address, ETHER)])[0]
    voucher = channels.sign(payer, channels.voucher(opened, 1000))
    with pytest.raises(Web3RPCError, match="insufficient funds"):
        channels.send(poor, channels.functions.settle(opened, 1000, voucher), gas=200_000)
    forged = channels.functions.settle(opened, ETHER, voucher)
    with pytest.raises(Web3RPCError, match="insufficient funds"):
        channels.send(poor, forged, gas=200_000)


def test_what_is_out_of_bounds_is_refused_in_words(channels, payer, payee):
    channels.fund(payer, ETHER)
    functions = channels.functions
    assert functions.graceBounds().call() == [2, 604800, 1, 100000]
    for pattern, terms in [
            ("outside the bounds", channels.terms(payee.address, 5, seconds=1)),
            ("outside the bounds", channels.terms(payee.address, 5, blocks=100001)),
            ("payee must not be", channels.terms(payer.address, 5)),
            ("payee must not be", channels.terms(MODULE, 5)),
            ("amount is zero", channels.terms(payee.address, 0)),
            ("amount is zero", channels.terms(payee.address, 2**112)),
            ("vault holds less", channels.terms(payee.address, ETHER + 1))]:
        with pytest.raises(ContractLogicError, match=pattern):
            functions.open(terms).call({"from": payer.address})
    with pytest.raises(ContractLogicError, match="too many items"):
        functions.openMany([channels.terms(payee.address, 1)] * 257).call({"from": payer.address})
    assert Web3.to_int(channels.chain.w3.eth.get_code(MODULE)) == 0xEF62747403
