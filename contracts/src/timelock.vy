# pragma version 0.4.3
"""
@title Changes by an administrator, announced first
@notice Every change is a call of the contract to itself. It is scheduled in the open, may be made
    after DELAY, lapses two weeks later, and can be cancelled until it is made.
"""

event ChangeScheduled:
    id: indexed(bytes32)
    readyAt: uint256
    change: Bytes[1024]

event ChangeCancelled:
    id: indexed(bytes32)

event ChangeMade:
    id: indexed(bytes32)

event AdminChanged:
    admin: indexed(address)

GRACE: constant(uint256) = 14 * 86400

DELAY: public(immutable(uint256))

admin: public(address)
# By keccak256 of the change; 0 when it is not scheduled.
changeReadyAt: public(HashMap[bytes32, uint256])


@deploy
def __init__(admin: address, delay: uint256):
    assert admin != empty(address), "timelock: admin must not be zero"
    assert delay <= 365 * 86400, "timelock: delay is above a year"
    DELAY = delay
    self.admin = admin
    log AdminChanged(admin=admin)


@external
def scheduleChange(change: Bytes[1024]) -> bytes32:
    """
    @notice Announce a change.
    @param change Call data for this contract.
    @return keccak256 of the change, its id.
    """
    assert msg.sender == self.admin, "timelock: only the admin may schedule"
    id: bytes32 = keccak256(change)
    assert self.changeReadyAt[id] == 0, "timelock: already scheduled: cancel it first"
    readyAt: uint256 = block.timestamp + DELAY
    self.changeReadyAt[id] = readyAt
    log ChangeScheduled(id=id, readyAt=readyAt, change=change)
    return id


@external
def cancelChange(id: bytes32):
    """
    @notice Take a scheduled change back.
    """
    assert msg.sender == self.admin, "timelock: only the admin may cancel"
    assert self.changeReadyAt[id] != 0, "timelock: no such change is scheduled"
    self.changeReadyAt[id] = 0
    log ChangeCancelled(id=id)


@external
def makeChange(change: Bytes[1024]):
    """
    @notice Make a change whose time has come.
    """
    assert msg.sender == self.admin, "timelock: only the admin may make changes"
    id: bytes32 = keccak256(change)
    readyAt: uint256 = self.changeReadyAt[id]
    assert readyAt != 0, "timelock: no such change is scheduled"
    assert block.timestamp >= readyAt, "timelock: too early: see changeReadyAt"
    assert block.timestamp <= readyAt + GRACE, "timelock: lapsed: cancel and schedule again"
    self.changeReadyAt[id] = 0
    log ChangeMade(id=id)
    raw_call(self, change)


@external
def setAdmin(admin: address):
    """
    @notice Hand the administration over; only as a scheduled change.
    """
    self._onlyAsChange()
    assert admin != empty(address), "timelock: admin must not be zero"
    self.admin = admin
    log AdminChanged(admin=admin)


@internal
def _onlyAsChange():
    assert msg.sender == self, "timelock: only as a scheduled change"
