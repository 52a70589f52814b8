public import Primitives

/// Why nodes prove nothing about a key.
public enum TrieProofError: Error, Equatable, Sendable {
  /// The proof has more bytes than the caller allows, or more nodes than the key has nibbles.
  case tooLarge
  /// A node on the way to the key is not there.
  case missingNode
  /// A node's hash is not the one its parent, or the root, names.
  case wrongHash
  /// Nodes are left that the way to the key does not touch.
  case unusedNodes
  /// A node is not canonical RLP.
  case malformedRLP(RLPError)
  /// A node is RLP of something that no trie contains.
  case malformedNode
}

/// Verification of proofs that come from strangers.
public enum TrieProof {
  /// The most bytes all nodes of a proof may have together.
  public static let maximumSize = 4 << 20

  /// The value that `nodes` prove for `key`, or nil where they prove that it has none.
  ///
  /// The nodes stand in order from the root; those shorter than 32 bytes are inside their
  /// parents. Only what a correct trie contains is accepted, and nothing beyond what is needed.
  public static func verify(
    root: Hash256, key: [UInt8], nodes: [[UInt8]], maximumSize: Int = TrieProof.maximumSize
  ) throws(TrieProofError) -> [UInt8]? {
    var size = 0
    for node in nodes {
      guard node.count <= maximumSize - size else { throw .tooLarge }
      size += node.count
    }
    guard nodes.count <= 2 * key.count + 1 else { throw .tooLarge }
    if nodes.isEmpty {
      guard root == MerklePatriciaTrie.emptyRoot else { throw .missingNode }
      return nil
    }
    var reader = Reader(nodes: nodes)
    let value = try reader.value(at: key, below: root)
    guard reader.isAtEnd else { throw .unusedNodes }
    return value
  }

  /// The same in a secure trie, such as the state's, where the key is the hash of `preimage`.
  public static func verify(
    root: Hash256, hashing preimage: [UInt8], nodes: [[UInt8]]
  ) throws(TrieProofError) -> [UInt8]? {
    try verify(root: root, key: Keccak256.hash(preimage).bytes, nodes: nodes)
  }
}

extension TrieProof {
  /// Walks down the nodes of a proof.
  private struct Reader {
    let nodes: [[UInt8]]
    var used = 0

    var isAtEnd: Bool { used == nodes.count }

    mutating func value(at key: [UInt8], below root: Hash256) throws(TrieProofError) -> [UInt8]? {
      var place = try next(root, isRoot: true)
      var position = 0
      var isBelowExtension = false
      while true {
        let node = nodes[place.node]
        let bytes = node.span
        let key = key.span
        let step: Range<Int>
        switch try ProofNode(bytes, place.range) {
        case .leaf(let path, let value):
          guard !isBelowExtension else { throw .malformedNode }
          guard path.count == 2 * key.count - position,
            path.isPrefix(of: key, from: position, in: bytes)
          else { return nil }
          return [UInt8](node[value])
        case .extension(let path, let child):
          guard !isBelowExtension else { throw .malformedNode }
          guard path.isPrefix(of: key, from: position, in: bytes) else { return nil }
          position += path.count
          isBelowExtension = true
          step = child
        case .branch(let branch):
          guard position < 2 * key.count else {
            let value = try ProofNode.string(bytes, branch.bounds[16]..<branch.bounds[17])
            return value.isEmpty ? nil : [UInt8](node[value])
          }
          guard let child = branch.child(key.nibble(position), in: bytes) else { return nil }
          position += 1
          isBelowExtension = false
          step = child
        }
        // Parsing has seen to it that this is a short list or a string of 32 bytes.
        if bytes[step.lowerBound] >= 0xc0 {
          place.range = step
        } else {
          let hash = Hash256(node[step.dropFirst()])
          guard let hash else { throw .malformedNode }
          place = try next(hash, isRoot: false)
        }
      }
    }

    /// The next node, which must have this hash; a short one belongs inside its parent.
    private mutating func next(
      _ hash: Hash256, isRoot: Bool
    ) throws(TrieProofError) -> (node: Int, range: Range<Int>) {
      guard used < nodes.count else { throw .missingNode }
      let node = nodes[used]
      guard Keccak256.hash(node) == hash else { throw .wrongHash }
      guard isRoot || node.count >= 32 else { throw .malformedNode }
      used += 1
      return (used - 1, node.indices)
    }
  }
}
