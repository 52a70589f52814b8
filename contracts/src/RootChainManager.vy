# pragma version 0.4.3
"""
@title Root chain manager
@notice Holds what has been deposited from this root chain to the sidechain, announces deposits
    through the state sender, and pays withdrawals that are proven against a checkpoint.
    For each token: locked = deposited − claimed, and never above what is really here.
    Nobody can move money but by a proven withdrawal; a mapping, once made, cannot be changed.
@dev Byte by byte in docs/specs/bridge.md.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed

import ICheckpoints
import IStateSender
import outbox
import timelock

initializes: timelock

exports: (
    timelock.admin,
    timelock.DELAY,
    timelock.changeReadyAt,
    timelock.scheduleChange,
    timelock.cancelChange,
    timelock.makeChange,
    timelock.setAdmin,
)

event TokenMapped:
    rootToken: indexed(address)
    childToken: indexed(address)
    tokenType: indexed(bytes32)

event LimitsChanged:
    rootToken: indexed(address)
    minDeposit: uint256
    depositCap: uint256
    dailyLimit: uint256

event LockedERC20:
    depositor: indexed(address)
    depositReceiver: indexed(address)
    rootToken: indexed(address)
    amount: uint256

event LockedEther:
    depositor: indexed(address)
    depositReceiver: indexed(address)
    amount: uint256

event ClaimDelayed:
    index: indexed(uint64)
    rootToken: indexed(address)
    receiver: indexed(address)
    amount: uint256
    readyAt: uint256

event Claimed:
    index: indexed(uint64)
    rootToken: indexed(address)
    receiver: indexed(address)
    amount: uint256
    paidTo: address
    checkpoint: uint256

event Paused:
    by: indexed(address)

event Unpaused: pass

event GuardianChanged:
    guardian: indexed(address)

struct Limits:
    minDeposit: uint256  # the least that one deposit credits
    depositCap: uint256  # the most that is locked in all
    dailyLimit: uint256  # the most that is claimed at once in a UTC day

struct Token:
    childToken: address  # zero: not mapped
    limits: Limits
    locked: uint256

# Ether's place in the table of tokens.
NATIVE: public(constant(address)) = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE
BTT_CHILD: constant(address) = 0x0000000000000000000000000000000000001010
DEPOSIT: constant(bytes32) = keccak256("DEPOSIT")
MAP_TOKEN: constant(bytes32) = keccak256("MAP_TOKEN")
ERC20_TYPE: constant(bytes32) = keccak256("ERC20")
ETHER_TYPE: constant(bytes32) = keccak256("Ether")
DAY: constant(uint256) = 86400

SIDECHAIN_ID: public(immutable(uint256))
# BTTC's name for the id of this root chain.
CHAIN_ID: public(immutable(uint64))
OUTBOX: public(immutable(address))
STATE_RECEIVER: public(immutable(address))
STATE_SENDER: public(immutable(IStateSender))
CHECKPOINTS: public(immutable(ICheckpoints))

paused: public(bool)
guardian: public(address)
tokens: HashMap[address, Token]
# By token and day (seconds since 1970 / 86 400).
claimedOn: public(HashMap[address, HashMap[uint256, uint256]])
# When a withdrawal above a whole day's limit may be paid, by its leaf; 0 before its first claim.
claimReadyAt: public(HashMap[bytes32, uint256])
# One bit for each index of the outbox.
spent: HashMap[uint64, uint256]


@deploy
def __init__(
    admin: address,
    delay: uint256,
    guardian: address,
    stateSender: address,
    checkpoints: address,
    outboxContract: address,
    stateReceiver: address,
    btt: address,
    bttLimits: Limits,
):
    timelock.__init__(admin, delay)
    SIDECHAIN_ID = staticcall ICheckpoints(checkpoints).SIDECHAIN_ID()
    CHAIN_ID = staticcall ICheckpoints(checkpoints).ROOT_ID()
    assert stateSender.is_contract, "manager: state sender is no contract"
    assert outboxContract != empty(address), "manager: outbox must not be zero"
    assert stateReceiver != empty(address), "manager: state receiver must not be zero"
    OUTBOX = outboxContract
    STATE_RECEIVER = stateReceiver
    STATE_SENDER = IStateSender(stateSender)
    CHECKPOINTS = ICheckpoints(checkpoints)
    self.guardian = guardian
    log GuardianChanged(guardian=guardian)
    # The sidechain's genesis names this contract as BTT, so there is nothing to announce.
    assert staticcall IERC20Detailed(btt).decimals() == 18, "manager: BTT has 18 decimals"
    self.tokens[btt].childToken = BTT_CHILD
    self._setLimits(btt, bttLimits)
    log TokenMapped(rootToken=btt, childToken=BTT_CHILD, tokenType=ERC20_TYPE)


# Deposits


@external
@nonreentrant
def depositFor(user: address, rootToken: address, depositData: Bytes[32]):
    """
    @notice Deposit tokens that the caller has approved for this contract.
    @param user Who gets them on the sidechain.
    @param depositData abi.encode(uint256 amount).
    """
    assert len(depositData) == 32, "manager: depositData is abi.encode(uint256 amount)"
    assert rootToken != NATIVE, "manager: call depositEtherFor for ether"
    self._checkDeposit(user, rootToken)
    token: IERC20 = IERC20(rootToken)
    before: uint256 = staticcall token.balanceOf(self)
    assert extcall token.transferFrom(
        msg.sender, self, abi_decode(depositData, uint256), default_return_value=True
    ), "manager: token refused the transfer"
    after: uint256 = staticcall token.balanceOf(self)
    assert after > before, "manager: the transfer brought nothing"
    # What arrived counts, not what was asked for: tokens may keep a fee.
    amount: uint256 = after - before
    log LockedERC20(
        depositor=msg.sender, depositReceiver=user, rootToken=rootToken, amount=amount
    )
    self._credit(user, rootToken, amount)


@external
@payable
@nonreentrant
def depositEtherFor(user: address):
    """
    @notice Deposit the ether sent along.
    @param user Who gets it on the sidechain.
    """
    self._depositEther(user, msg.value)


@external
@payable
@nonreentrant
def __default__():
    """
    @notice Ether sent without call data is a deposit for the sender.
    """
    assert len(msg.data) == 0, "manager: no such function"
    self._depositEther(msg.sender, msg.value)


@internal
def _depositEther(user: address, amount: uint256):
    self._checkDeposit(user, NATIVE)
    log LockedEther(depositor=msg.sender, depositReceiver=user, amount=amount)
    self._credit(user, NATIVE, amount)


@view
@internal
def _checkDeposit(user: address, rootToken: address):
    assert not self.paused, "manager: paused"
    assert user != empty(address), "manager: user must not be zero"
    assert self.tokens[rootToken].childToken != empty(address), "manager: token is not mapped"


@internal
def _credit(user: address, rootToken: address, amount: uint256):
    token: Token = self.tokens[rootToken]
    assert amount != 0 and amount >= token.limits.minDeposit, "manager: below the least deposit"
    locked: uint256 = token.locked + amount
    assert locked <= token.limits.depositCap, "manager: above the token's deposit cap"
    self.tokens[rootToken].locked = locked
    self._send(
        DEPOSIT, abi_encode(user, rootToken, CHAIN_ID, abi_encode(amount, msg.sender))
    )


@internal
def _send(syncType: bytes32, syncData: Bytes[512]):
    extcall STATE_SENDER.syncState(STATE_RECEIVER, abi_encode(syncType, syncData))


# Claims


@external
@nonreentrant
def claim(checkpoint: uint256, withdrawal: outbox.Withdrawal, proof: bytes32[32]) -> bool:
    """
    @notice Pay a withdrawal to its receiver. Anybody may call.
    @param checkpoint The id of a checkpoint whose outbox has the withdrawal.
    @param proof The siblings of its leaf, the lowest first.
    @return Whether it was paid; if not, it is above a whole day's limit, and a day's wait began.
    """
    return self._claim(checkpoint, withdrawal, proof, withdrawal.receiver)


@external
@nonreentrant
def claimTo(
    checkpoint: uint256, withdrawal: outbox.Withdrawal, proof: bytes32[32], to: address
) -> bool:
    """
    @notice Pay a withdrawal elsewhere. Only its receiver may call: a contract that cannot take
        ether, for one, or an address that a token refuses.
    """
    assert msg.sender == withdrawal.receiver, "manager: only the receiver may pay it elsewhere"
    return self._claim(checkpoint, withdrawal, proof, to)


@internal
def _claim(
    checkpoint: uint256, w: outbox.Withdrawal, proof: bytes32[32], to: address
) -> bool:
    assert not self.paused, "manager: paused"
    c: ICheckpoints.Checkpoint = staticcall CHECKPOINTS.checkpoint(checkpoint)
    assert w.index < c.outboxCount, "manager: not in this checkpoint: name a later one"
    assert w.height <= c.endHeight, "manager: withdrawal is above the checkpoint"
    leaf: bytes32 = outbox.leaf(SIDECHAIN_ID, CHAIN_ID, OUTBOX, w)
    assert outbox.root(leaf, w.index, c.outboxCount, proof) == c.outboxRoot, "manager: wrong proof"
    assert not self._isSpent(w.index), "manager: already paid"
    token: Token = self.tokens[w.rootToken]
    assert token.childToken != empty(address), "manager: token is not mapped"
    assert to != empty(address) and to != self, "manager: receiver must not be zero or the manager"
    assert w.amount != 0, "manager: amount is zero"
    assert w.amount <= token.locked, "manager: more than is locked"

    if w.amount > token.limits.dailyLimit:
        readyAt: uint256 = self.claimReadyAt[leaf]
        if readyAt == 0:
            readyAt = block.timestamp + DAY
            self.claimReadyAt[leaf] = readyAt
            log ClaimDelayed(
                index=w.index,
                rootToken=w.rootToken,
                receiver=w.receiver,
                amount=w.amount,
                readyAt=readyAt,
            )
            return False
        assert block.timestamp >= readyAt, "manager: above a day's limit: see claimReadyAt"
    else:
        today: uint256 = block.timestamp // DAY
        claimed: uint256 = self.claimedOn[w.rootToken][today] + w.amount
        assert claimed <= token.limits.dailyLimit, "manager: over the day's rest: claim tomorrow"
        self.claimedOn[w.rootToken][today] = claimed

    self.spent[w.index // 256] |= 1 << convert(w.index % 256, uint256)
    self.tokens[w.rootToken].locked = token.locked - w.amount
    self._pay(w.rootToken, to, w.amount)
    log Claimed(
        index=w.index,
        rootToken=w.rootToken,
        receiver=w.receiver,
        amount=w.amount,
        paidTo=to,
        checkpoint=checkpoint,
    )
    return True


@internal
def _pay(rootToken: address, to: address, amount: uint256):
    if rootToken == NATIVE:
        # With all the gas there is: a receiver may be a contract that does something.
        assert raw_call(to, b"", value=amount, revert_on_failure=False), "manager: receiver refused"
        return
    token: IERC20 = IERC20(rootToken)
    before: uint256 = staticcall token.balanceOf(self)
    assert extcall token.transfer(to, amount, default_return_value=True), "manager: token refused"
    # Not a wei of what belongs to others.
    assert staticcall token.balanceOf(self) + amount >= before, "manager: token took too much"


@view
@internal
def _isSpent(index: uint64) -> bool:
    return (self.spent[index // 256] >> convert(index % 256, uint256)) & 1 == 1


# Pausing


@external
def pause():
    """
    @notice Stop deposits and claims. Only a scheduled change starts them again.
    """
    allowed: bool = msg.sender == self.guardian or msg.sender == timelock.admin
    assert allowed, "manager: only the guardian or the admin may pause"
    assert not self.paused, "manager: already paused"
    self.paused = True
    log Paused(by=msg.sender)


# Changes: each of them is scheduled first, see timelock.vy


@external
def unpause():
    """
    @notice Start deposits and claims again.
    """
    timelock._onlyAsChange()
    self.paused = False
    log Unpaused()


@external
def setGuardian(guardian: address):
    """
    @notice Name who may pause; zero for nobody but the admin.
    """
    timelock._onlyAsChange()
    self.guardian = guardian
    log GuardianChanged(guardian=guardian)


@external
def setLimits(rootToken: address, limits: Limits):
    """
    @notice Change a token's limits.
    """
    timelock._onlyAsChange()
    assert self.tokens[rootToken].childToken != empty(address), "manager: token is not mapped"
    self._setLimits(rootToken, limits)


@external
def mapToken(
    rootToken: address, name: String[64], symbol: String[32], decimals: uint8, limits: Limits
):
    """
    @notice Map a token, for ever, and tell the sidechain about it.
    """
    timelock._onlyAsChange()
    assert rootToken != empty(address), "manager: token must not be zero"
    assert self.tokens[rootToken].childToken == empty(address), "manager: token is mapped already"
    assert len(name) != 0 and len(symbol) != 0, "manager: name and symbol must not be empty"
    tokenType: bytes32 = ERC20_TYPE
    if rootToken == NATIVE:
        tokenType = ETHER_TYPE
        assert decimals == 18, "manager: ether has 18 decimals"
    else:
        own: uint8 = staticcall IERC20Detailed(rootToken).decimals()
        assert own == decimals, "manager: token has other decimals"
    child: address = self._childToken(rootToken)
    self.tokens[rootToken].childToken = child
    self._setLimits(rootToken, limits)
    log TokenMapped(rootToken=rootToken, childToken=child, tokenType=tokenType)
    self._send(
        MAP_TOKEN, abi_encode(rootToken, child, CHAIN_ID, tokenType, name, symbol, decimals)
    )


@internal
def _setLimits(rootToken: address, limits: Limits):
    # Amounts stay far from where sums overflow.
    most: uint256 = max(limits.depositCap, limits.dailyLimit)
    assert most < 2**128, "manager: limit is above 128 bits"
    self.tokens[rootToken].limits = limits
    log LimitsChanged(
        rootToken=rootToken,
        minDeposit=limits.minDeposit,
        depositCap=limits.depositCap,
        dailyLimit=limits.dailyLimit,
    )


@view
@internal
def _childToken(rootToken: address) -> address:
    word: bytes32 = keccak256(abi_encode("btt.token", CHAIN_ID, rootToken))
    return convert(convert(word, uint256) & convert(max_value(uint160), uint256), address)


# Views


@view
@external
def token(rootToken: address) -> Token:
    """
    @notice A token's child, limits and locked amount; zeros when it is not mapped.
    """
    return self.tokens[rootToken]


@view
@external
def rootToChildToken(rootToken: address) -> address:
    """
    @notice A token's child; zero when it is not mapped.
    """
    return self.tokens[rootToken].childToken


@view
@external
def childTokenOf(rootToken: address) -> address:
    """
    @notice The child that a token other than BTT has, or would have.
    """
    return self._childToken(rootToken)


@view
@external
def isSpent(index: uint64) -> bool:
    """
    @notice Whether a withdrawal was paid.
    """
    return self._isSpent(index)


@view
@external
def leafHash(withdrawal: outbox.Withdrawal) -> bytes32:
    """
    @notice The leaf of a withdrawal.
    """
    return outbox.leaf(SIDECHAIN_ID, CHAIN_ID, OUTBOX, withdrawal)


@view
@external
def claimableToday(rootToken: address) -> uint256:
    """
    @notice What the day's limit leaves for claims.
    """
    limit: uint256 = self.tokens[rootToken].limits.dailyLimit
    claimed: uint256 = self.claimedOn[rootToken][block.timestamp // DAY]
    return limit - min(limit, claimed)
