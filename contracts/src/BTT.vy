# pragma version 0.4.3
"""
@title BTT of a test root chain
@notice An ERC-20 token of 18 decimals. The owner mints what it likes; everybody else draws from
    the faucet. Worth nothing.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed

implements: IERC20
implements: IERC20Detailed

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    value: uint256

event Approval:
    owner: indexed(address)
    spender: indexed(address)
    value: uint256

name: public(constant(String[25])) = "BitTorrent"
symbol: public(constant(String[5])) = "BTT"
decimals: public(constant(uint8)) = 18

OWNER: public(immutable(address))
# What an address may draw from the faucet at a time, once a day.
FAUCET: public(constant(uint256)) = 1_000_000 * 10**18

totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
drewAt: public(HashMap[address, uint256])


@deploy
def __init__(owner: address):
    OWNER = owner


@external
def transfer(to: address, amount: uint256) -> bool:
    self._transfer(msg.sender, to, amount)
    return True


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    allowed: uint256 = self.allowance[owner][msg.sender]
    assert allowed >= amount, "BTT: not approved"
    if allowed != max_value(uint256):
        self.allowance[owner][msg.sender] = allowed - amount
    self._transfer(owner, to, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    self.allowance[msg.sender][spender] = amount
    log Approval(owner=msg.sender, spender=spender, value=amount)
    return True


@external
def mint(to: address, amount: uint256):
    """
    @notice Make new tokens.
    """
    assert msg.sender == OWNER, "BTT: only the owner may mint"
    self._mint(to, amount)


@external
def drip():
    """
    @notice Draw from the faucet.
    """
    last: uint256 = self.drewAt[msg.sender]
    assert last == 0 or block.timestamp >= last + 86400, "BTT: one draw a day"
    self.drewAt[msg.sender] = block.timestamp
    self._mint(msg.sender, FAUCET)


@internal
def _mint(to: address, amount: uint256):
    assert to != empty(address), "BTT: receiver must not be zero"
    self.totalSupply += amount
    self.balanceOf[to] += amount
    log Transfer(sender=empty(address), receiver=to, value=amount)


@internal
def _transfer(owner: address, to: address, amount: uint256):
    assert to != empty(address), "BTT: receiver must not be zero"
    assert self.balanceOf[owner] >= amount, "BTT: not enough"
    self.balanceOf[owner] -= amount
    self.balanceOf[to] += amount
    log Transfer(sender=owner, receiver=to, value=amount)
