# pragma version 0.4.3
"""
@title Checkpoints of the sidechain
@notice Takes outbox roots, and changes of the validator set, that validators with more than two
    thirds of the weight have signed as EIP-712 typed data. Anybody may bring them. There is no
    administrator: nothing but signatures changes anything here.
@dev Byte by byte in docs/specs/bridge.md.
"""

import ICheckpoints

implements: ICheckpoints

event CheckpointAccepted:
    id: indexed(uint256)
    endHeight: indexed(uint64)
    outboxRoot: indexed(bytes32)
    endBlockHash: bytes32
    outboxCount: uint64
    epoch: uint64

event ValidatorSetChanged:
    epoch: indexed(uint64)
    validators: DynArray[address, MAX_VALIDATORS]
    weights: DynArray[uint256, MAX_VALIDATORS]

MAX_VALIDATORS: constant(uint256) = 128
# Half the order n of secp256k1: s and n − s sign the same, and only the lower one is taken.
MAX_S: constant(uint256) = 57896044618658097711785492504343953926418782139537452191302581570759080747168
DOMAIN_TYPE: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
CHECKPOINT_TYPE: constant(bytes32) = keccak256(
    "Checkpoint(uint256 sidechainId,uint64 rootId,uint64 epoch,uint64 endHeight,bytes32 endBlockHash,bytes32 outboxRoot,uint64 outboxCount)"
)
VALIDATOR_SET_TYPE: constant(bytes32) = keccak256(
    "ValidatorSet(uint256 sidechainId,uint64 rootId,uint64 epoch,address[] validators,uint256[] weights)"
)

SIDECHAIN_ID: public(immutable(uint256))
ROOT_ID: public(immutable(uint64))

# The current set: its number, the weights by number and address, the sum of its weights.
epoch: public(uint64)
weightOf: public(HashMap[uint64, HashMap[address, uint256]])
totalWeight: public(uint256)

# Checkpoints have the ids 1, 2, 3, …; this is the newest.
checkpointCount: public(uint256)
roots: HashMap[uint256, bytes32]
blockHashes: HashMap[uint256, bytes32]
# endHeight, outboxCount, epoch and acceptedAt, 64 bits each, the first in the lowest.
words: HashMap[uint256, uint256]


@deploy
def __init__(
    sidechainId: uint256,
    rootId: uint64,
    epoch: uint64,
    validators: DynArray[address, MAX_VALIDATORS],
    weights: DynArray[uint256, MAX_VALIDATORS],
):
    assert sidechainId != 0 and rootId != 0, "checkpoints: ids must not be zero"
    SIDECHAIN_ID = sidechainId
    ROOT_ID = rootId
    self._setValidators(epoch, validators, weights)


@external
def submitCheckpoint(
    epoch: uint64,
    endHeight: uint64,
    endBlockHash: bytes32,
    outboxRoot: bytes32,
    outboxCount: uint64,
    signatures: Bytes[65 * MAX_VALIDATORS],
) -> uint256:
    """
    @notice Bring a checkpoint.
    @param epoch The number of the set that signed; the current one.
    @param signatures r ‖ s ‖ v of each signer, 65 bytes, ascending by signer.
    @return The checkpoint's id.
    """
    assert epoch == self.epoch, "checkpoints: signed by another validator set"
    last: ICheckpoints.Checkpoint = self._checkpoint(self.checkpointCount)
    assert endHeight > last.endHeight, "checkpoints: height is not above the last one's"
    assert outboxCount > last.outboxCount, "checkpoints: nothing new in the outbox"
    assert outboxCount < 2**32, "checkpoints: more leaves than the tree has"
    self._checkQuorum(
        self._checkpointDigest(epoch, endHeight, endBlockHash, outboxRoot, outboxCount), signatures
    )
    id: uint256 = self.checkpointCount + 1
    self.checkpointCount = id
    self.roots[id] = outboxRoot
    self.blockHashes[id] = endBlockHash
    self.words[id] = (
        convert(endHeight, uint256)
        | convert(outboxCount, uint256) << 64
        | convert(epoch, uint256) << 128
        | block.timestamp << 192
    )
    log CheckpointAccepted(
        id=id,
        endHeight=endHeight,
        outboxRoot=outboxRoot,
        endBlockHash=endBlockHash,
        outboxCount=outboxCount,
        epoch=epoch,
    )
    return id


@external
def changeValidators(
    epoch: uint64,
    validators: DynArray[address, MAX_VALIDATORS],
    weights: DynArray[uint256, MAX_VALIDATORS],
    signatures: Bytes[65 * MAX_VALIDATORS],
):
    """
    @notice Hand over to the next validator set, signed by the current one.
    @param epoch The number of the new set: one above the current.
    """
    assert epoch == self.epoch + 1, "checkpoints: not the next validator set"
    self._checkQuorum(self._validatorSetDigest(epoch, validators, weights), signatures)
    self._setValidators(epoch, validators, weights)


@view
@external
def checkpoint(id: uint256) -> ICheckpoints.Checkpoint:
    """
    @notice One accepted checkpoint.
    """
    assert id != 0 and id <= self.checkpointCount, "checkpoints: no such checkpoint"
    return self._checkpoint(id)


@view
@external
def domainSeparator() -> bytes32:
    """
    @notice The hash of the EIP-712 domain.
    """
    return self._domainSeparator()


@view
@external
def checkpointDigest(
    epoch: uint64,
    endHeight: uint64,
    endBlockHash: bytes32,
    outboxRoot: bytes32,
    outboxCount: uint64,
) -> bytes32:
    """
    @notice What validators sign for a checkpoint.
    """
    return self._checkpointDigest(epoch, endHeight, endBlockHash, outboxRoot, outboxCount)


@view
@external
def validatorSetDigest(
    epoch: uint64,
    validators: DynArray[address, MAX_VALIDATORS],
    weights: DynArray[uint256, MAX_VALIDATORS],
) -> bytes32:
    """
    @notice What the outgoing validators sign for their successors.
    """
    return self._validatorSetDigest(epoch, validators, weights)


@view
@internal
def _checkpoint(id: uint256) -> ICheckpoints.Checkpoint:
    word: uint256 = self.words[id]
    mask: uint256 = convert(max_value(uint64), uint256)
    return ICheckpoints.Checkpoint(
        outboxRoot=self.roots[id],
        endBlockHash=self.blockHashes[id],
        endHeight=convert(word & mask, uint64),
        outboxCount=convert((word >> 64) & mask, uint64),
        epoch=convert((word >> 128) & mask, uint64),
        acceptedAt=convert(word >> 192, uint64),
    )


@internal
def _setValidators(
    epoch: uint64,
    validators: DynArray[address, MAX_VALIDATORS],
    weights: DynArray[uint256, MAX_VALIDATORS],
):
    assert len(validators) != 0, "checkpoints: no validators"
    assert len(validators) == len(weights), "checkpoints: as many weights as validators"
    previous: address = empty(address)
    total: uint256 = 0
    for i: uint256 in range(len(validators), bound=MAX_VALIDATORS):
        validator: address = validators[i]
        weight: uint256 = weights[i]
        ascends: bool = convert(validator, uint256) > convert(previous, uint256)
        assert ascends, "checkpoints: validators must ascend"
        assert weight != 0 and weight < 2**128, "checkpoints: weight is zero or above 128 bits"
        self.weightOf[epoch][validator] = weight
        total += weight
        previous = validator
    self.epoch = epoch
    # Summed anew from the set itself: there is no running total to go wrong.
    self.totalWeight = total
    log ValidatorSetChanged(epoch=epoch, validators=validators, weights=weights)


@view
@internal
def _checkQuorum(digest: bytes32, signatures: Bytes[65 * MAX_VALIDATORS]):
    assert len(signatures) % 65 == 0, "checkpoints: signatures are 65 bytes each"
    epoch: uint64 = self.epoch
    previous: address = empty(address)
    signed: uint256 = 0
    for i: uint256 in range(len(signatures) // 65, bound=MAX_VALIDATORS):
        r: uint256 = convert(extract32(signatures, i * 65), uint256)
        s: uint256 = convert(extract32(signatures, i * 65 + 32), uint256)
        v: uint256 = convert(slice(signatures, i * 65 + 64, 1), uint256)
        assert v == 27 or v == 28, "checkpoints: v must be 27 or 28"
        assert s <= MAX_S, "checkpoints: s is in the upper half"
        signer: address = ecrecover(digest, v, r, s)
        assert signer != empty(address), "checkpoints: signature recovers nobody"
        ascends: bool = convert(signer, uint256) > convert(previous, uint256)
        assert ascends, "checkpoints: signers must ascend"
        weight: uint256 = self.weightOf[epoch][signer]
        assert weight != 0, "checkpoints: signer is no validator"
        signed += weight
        previous = signer
    assert 3 * signed > 2 * self.totalWeight, "checkpoints: not more than two thirds of the weight"


@view
@internal
def _checkpointDigest(
    epoch: uint64,
    endHeight: uint64,
    endBlockHash: bytes32,
    outboxRoot: bytes32,
    outboxCount: uint64,
) -> bytes32:
    return self._digest(
        keccak256(
            abi_encode(
                CHECKPOINT_TYPE,
                SIDECHAIN_ID,
                ROOT_ID,
                epoch,
                endHeight,
                endBlockHash,
                outboxRoot,
                outboxCount,
            )
        )
    )


@view
@internal
def _validatorSetDigest(
    epoch: uint64,
    validators: DynArray[address, MAX_VALIDATORS],
    weights: DynArray[uint256, MAX_VALIDATORS],
) -> bytes32:
    # An array is hashed as its elements alone: its ABI form without offset and length.
    return self._digest(
        keccak256(
            abi_encode(
                VALIDATOR_SET_TYPE,
                SIDECHAIN_ID,
                ROOT_ID,
                epoch,
                keccak256(slice(abi_encode(validators), 64, 32 * len(validators))),
                keccak256(slice(abi_encode(weights), 64, 32 * len(weights))),
            )
        )
    )


@view
@internal
def _digest(structHash: bytes32) -> bytes32:
    return keccak256(concat(0x1901, self._domainSeparator(), structHash))


@view
@internal
def _domainSeparator() -> bytes32:
    # The chain id is read each time: after a split of the root chain, each side has its own.
    return keccak256(
        abi_encode(DOMAIN_TYPE, keccak256("BTT Bridge"), keccak256("1"), chain.id, self)
    )
