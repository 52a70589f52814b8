# pragma version 0.4.3
"""
@title State sender
@notice Numbers the messages to the sidechain and logs them, in BTTC's form. The ids of one root
    chain are 1, 2, 3, …, so a follower notices any that it misses.
"""

import IStateSender

implements: IStateSender

event ManagerSet:
    manager: indexed(address)

event StateSynced:
    id: indexed(uint256)
    contractAddress: indexed(address)
    data: Bytes[1024]

DEPLOYER: immutable(address)

# Who may send; set once, for ever.
manager: public(address)
# The id of the newest message.
counter: public(uint256)


@deploy
def __init__():
    DEPLOYER = msg.sender


@external
def setManager(manager: address):
    """
    @notice Name the only contract that may send. Once, by the deployer.
    """
    assert msg.sender == DEPLOYER, "state sender: only the deployer may set the manager"
    assert self.manager == empty(address), "state sender: the manager is set for ever"
    assert manager != empty(address), "state sender: manager must not be zero"
    self.manager = manager
    log ManagerSet(manager=manager)


@external
def syncState(receiver: address, data: Bytes[1024]):
    """
    @notice Log a message for a contract of the sidechain.
    """
    assert msg.sender == self.manager, "state sender: only the manager may send"
    self.counter += 1
    log StateSynced(id=self.counter, contractAddress=receiver, data=data)
