# pragma version 0.4.3
"""
@title The outbox tree
@notice A binary Merkle tree of depth 32 over the withdrawals to one root chain, grown leaf by leaf
    on the sidechain. Leaves, inner nodes and roots are hashed with prefixes of their own, so that
    none can be read as another; the root commits to the number of leaves too.
@dev Byte by byte in docs/specs/bridge.md.
"""

DEPTH: constant(uint256) = 32
LEAF: constant(bytes1) = 0x00
INNER: constant(bytes1) = 0x01
ROOT: constant(bytes1) = 0x02

struct Withdrawal:
    index: uint64
    rootToken: address
    receiver: address
    amount: uint256
    height: uint64


@pure
@internal
def leaf(sidechainId: uint256, rootId: uint64, contract: address, w: Withdrawal) -> bytes32:
    return keccak256(
        concat(
            LEAF,
            abi_encode(
                sidechainId, rootId, contract, w.index, w.rootToken, w.receiver, w.amount, w.height
            ),
        )
    )


@pure
@internal
def root(leaf: bytes32, index: uint64, count: uint64, proof: bytes32[DEPTH]) -> bytes32:
    node: bytes32 = leaf
    path: uint256 = convert(index, uint256)
    for sibling: bytes32 in proof:
        if path & 1 == 0:
            node = keccak256(concat(INNER, node, sibling))
        else:
            node = keccak256(concat(INNER, sibling, node))
        path >>= 1
    # A path that goes on above the top names no leaf of this tree.
    assert path == 0, "outbox: index does not fit the tree"
    return keccak256(concat(ROOT, node, convert(count, bytes32)))
