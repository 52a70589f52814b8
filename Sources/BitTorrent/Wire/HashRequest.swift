public import Primitives

/// A range of one layer of a file's hash tree, as in `hash request`, `hashes` and `hash reject`
/// (BEP 52).
public struct HashRequest: Hashable, Sendable {
  /// The file's root of the tree.
  public var piecesRoot: Hash256
  /// The layer, counted from the leaves at 0.
  public var baseLayer: Int
  /// The first hash's index in that layer.
  public var index: Int
  /// How many hashes.
  public var length: Int
  /// How many layers of uncle hashes prove the range.
  public var proofLayers: Int

  /// A request for `length` hashes from `index` of `baseLayer`, with `proofLayers` uncles.
  public init(piecesRoot: Hash256, baseLayer: Int, index: Int, length: Int, proofLayers: Int) {
    self.piecesRoot = piecesRoot
    self.baseLayer = baseLayer
    self.index = index
    self.length = length
    self.proofLayers = proofLayers
  }
}
