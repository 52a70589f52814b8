# pragma version 0.4.3
"""
@title A token with every bad habit
@notice An ERC-20 token for tests that keeps a fee, gives a bonus, takes more than asked, answers
    false, refuses some, or calls somebody in the middle of a transfer. Anybody may set it up.
"""

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    value: uint256

name: public(constant(String[9])) = "Odd Token"
symbol: public(constant(String[3])) = "ODD"

decimals: public(uint8)
totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])

feePercent: public(uint256)  # of what arrives, burned
bonusPercent: public(uint256)  # of what arrives, made
tollPercent: public(uint256)  # on top of what is sent, burned from the sender
answersFalse: public(bool)
refused: public(HashMap[address, bool])
callTarget: public(address)
callData: public(Bytes[2048])
callSucceeded: public(bool)


@deploy
def __init__(decimals: uint8):
    self.decimals = decimals


@external
def setHabits(fee: uint256, bonus: uint256, toll: uint256, answersFalse: bool):
    self.feePercent = fee
    self.bonusPercent = bonus
    self.tollPercent = toll
    self.answersFalse = answersFalse


@external
def setRefused(account: address, refused: bool):
    self.refused[account] = refused


@external
def setCall(target: address, data: Bytes[2048]):
    self.callTarget = target
    self.callData = data


@external
def mint(to: address, amount: uint256):
    self.balanceOf[to] += amount
    self.totalSupply += amount


@external
def approve(spender: address, amount: uint256) -> bool:
    self.allowance[msg.sender][spender] = amount
    return True


@external
def transfer(to: address, amount: uint256) -> bool:
    return self._transfer(msg.sender, to, amount)


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    self.allowance[owner][msg.sender] -= amount
    return self._transfer(owner, to, amount)


@internal
def _transfer(owner: address, to: address, amount: uint256) -> bool:
    if self.answersFalse:
        return False
    assert not self.refused[owner] and not self.refused[to], "ODD: refused"
    if self.callTarget != empty(address):
        # Once: the call may well lead back to here.
        target: address = self.callTarget
        self.callTarget = empty(address)
        self.callSucceeded = raw_call(target, self.callData, revert_on_failure=False)
    debit: uint256 = amount + amount * self.tollPercent // 100
    credit: uint256 = amount + amount * self.bonusPercent // 100 - amount * self.feePercent // 100
    self.balanceOf[owner] -= debit
    self.balanceOf[to] += credit
    self.totalSupply = self.totalSupply + credit - debit
    log Transfer(sender=owner, receiver=to, value=credit)
    return True
