public import Primitives

/// What a hash request asks for: a run of hashes of one layer, and the uncles that prove it
/// (BEP 52).
public struct MerkleRange: Hashable, Sendable {
  /// The most hashes that one request should ask for.
  public static let lengthLimit = 512

  /// The layer, counted from the leaves.
  public var baseLayer: Int
  /// The first hash.
  public var index: Int
  /// How many hashes.
  public var length: Int
  /// How many layers above the base are proven; of these, those that follow from the hashes
  /// themselves are left out.
  public var proofLayers: Int

  /// A range with those bounds.
  public init(baseLayer: Int, index: Int, length: Int, proofLayers: Int) {
    self.baseLayer = baseLayer
    self.index = index
    self.length = length
    self.proofLayers = proofLayers
  }

  /// Whether the range is one that the protocol allows: of 2 to 8192 hashes, a power of two, from
  /// a multiple of it.
  public var isWellFormed: Bool {
    (2...8192).contains(length) && length & (length - 1) == 0 && index >= 0
      && index < MetainfoLimits.totalLength / PieceLayout.blockLength
      && index.isMultiple(of: length) && (0..<MerkleTree.heightLimit).contains(baseLayer)
      && (0..<MerkleTree.heightLimit).contains(proofLayers)
  }

  /// How many layers the subtree above the range has.
  var subtreeHeight: Int { length.trailingZeroBitCount }

  /// How many uncles go with the hashes.
  public var uncleCount: Int { max(0, proofLayers - subtreeHeight + 1) }

  /// How many bytes an answer has.
  public var answerLength: Int { (length + uncleCount) * 32 }

  /// Whether an answer's bytes lead to `root`, for a tree of `height` layers above its leaves.
  ///
  /// Only a range whose proof reaches the root can be proven.
  public func isProven(
    by answer: some Collection<UInt8>, root: Hash256, height: Int
  ) -> Bool {
    guard isWellFormed, height < MerkleTree.heightLimit, answer.count == answerLength,
      baseLayer + max(subtreeHeight - 1, proofLayers) + 1 == height,
      index + length <= 1 << (height - baseLayer),
      var hash = MerkleTree.root(
        of: Array(answer.prefix(length * 32)), width: length, baseLayer: baseLayer)
    else { return false }
    var position = index >> subtreeHeight
    var uncles = answer.dropFirst(length * 32)
    while !uncles.isEmpty {
      guard let uncle = Hash256(uncles.prefix(32)) else { return false }
      hash = position & 1 == 0 ? MerkleTree.parent(hash, uncle) : MerkleTree.parent(uncle, hash)
      position >>= 1
      uncles = uncles.dropFirst(32)
    }
    return hash == root
  }
}
