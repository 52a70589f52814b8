# pragma version 0.4.3
"""
@title A contract that does as it is told
@notice Takes or refuses ether, works when it gets some, and makes any call; for tests.
"""

refuses: public(bool)
received: public(uint256)
callTarget: public(address)
callData: public(Bytes[2048])
callSucceeded: public(bool)


@external
def setUp(refuses: bool, target: address, data: Bytes[2048]):
    self.refuses = refuses
    self.callTarget = target
    self.callData = data


@external
@payable
def act(target: address, data: Bytes[2048]):
    raw_call(target, data, value=msg.value)


@external
@payable
def __default__():
    assert not self.refuses, "puppet: refuses"
    # Two words written: far more than the 2 300 gas of a bare transfer.
    self.received += msg.value
    if self.callTarget != empty(address):
        self.callSucceeded = raw_call(self.callTarget, self.callData, revert_on_failure=False)
