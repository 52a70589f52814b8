internal import Crypto
public import Primitives

/// A file's hash tree from some layer up (BEP 52).
///
/// The leaves are the SHA-256 of blocks of 16 KiB, the width is a power of two, and leaves after
/// the file's end are zero. What lies wholly after the end is computed, not stored.
public struct MerkleTree: Sendable {
  /// How many layers the tree's base is above the leaves.
  public let baseLayer: Int
  /// How many hashes the base has, before it is filled up to a power of two.
  public let baseCount: Int

  // The hashes of each layer from the base to the root, without those that lie after the end.
  private var layers: [[UInt8]]

  /// The tree above `hashes`, 32 bytes each and at least one, which lie `baseLayer` layers above
  /// the leaves; `width` is the base's, filled up, a power of two.
  ///
  /// - Complexity: O(n) hashes; the tree takes twice the bytes of its base.
  public init?(base hashes: [UInt8], baseLayer: Int = 0, width: Int? = nil) {
    let count = hashes.count / 32
    let width = width ?? count.roundedUpToPowerOfTwo
    guard count > 0, hashes.count == count * 32, width >= count,
      width.roundedUpToPowerOfTwo == width, baseLayer >= 0,
      baseLayer + width.trailingZeroBitCount < Self.heightLimit
    else { return nil }
    self.baseLayer = baseLayer
    baseCount = count
    layers = [hashes]
    for height in 0..<width.trailingZeroBitCount {
      layers.append(Self.parents(of: layers[height], layer: baseLayer + height))
    }
  }

  /// No tree is higher: one of 2^48 bytes has 32 layers above its leaves.
  static let heightLimit = 40

  /// The root.
  public var root: Hash256 { layers.last.flatMap { Hash256($0) } ?? .zero }

  /// How many layers lie above the base.
  public var height: Int { layers.count - 1 }

  /// The hash at `index` of a layer, counted from the leaves; nil outside of the tree.
  public func hash(layer: Int, index: Int) -> Hash256? {
    let level = layer - baseLayer
    guard level >= 0, level < layers.count, index >= 0, index < 1 << (height - level) else {
      return nil
    }
    guard index < layers[level].count / 32 else { return Self.pad(layer: layer) }
    return Hash256(layers[level][index * 32..<index * 32 + 32])
  }

  /// What answers a hash request: the hashes of the range, then their uncles from below, or nil if
  /// the range does not lie in this tree.
  public func hashes(_ range: MerkleRange) -> [UInt8]? {
    guard range.isWellFormed, range.baseLayer >= baseLayer,
      range.baseLayer + range.proofLayers < baseLayer + height,
      range.index + range.length <= 1 << (baseLayer + height - range.baseLayer)
    else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity((range.length + range.uncleCount) * 32)
    for index in range.index..<range.index + range.length {
      guard let hash = hash(layer: range.baseLayer, index: index) else { return nil }
      hash.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
    var layer = range.baseLayer + range.subtreeHeight
    var index = range.index >> range.subtreeHeight
    for _ in 0..<range.uncleCount {
      guard let uncle = hash(layer: layer, index: index ^ 1) else { return nil }
      uncle.withUnsafeBytes { bytes.append(contentsOf: $0) }
      layer += 1
      index >>= 1
    }
    return bytes
  }

  /// The root above `hashes` in a base of `width`, a power of two, at `baseLayer`.
  static func root(of hashes: [UInt8], width: Int, baseLayer: Int) -> Hash256? {
    guard !hashes.isEmpty, hashes.count.isMultiple(of: 32), hashes.count / 32 <= width,
      baseLayer + width.trailingZeroBitCount < heightLimit
    else { return nil }
    var layer = hashes
    for height in 0..<width.trailingZeroBitCount {
      layer = parents(of: layer, layer: baseLayer + height)
    }
    return Hash256(layer)
  }

  /// The hash of two siblings.
  static func parent(_ left: Hash256, _ right: Hash256) -> Hash256 {
    var pair = (left, right)
    return withUnsafeBytes(of: &pair) { Hash256(SHA256.digest($0)) }
  }

  /// What a subtree wholly after the file's end comes to, by its height.
  static func pad(layer: Int) -> Hash256 { layer < pads.count ? pads[layer] : .zero }

  private static let pads: [Hash256] = (1..<heightLimit).reduce(into: [.zero]) { pads, _ in
    let below = pads[pads.count - 1]
    pads.append(parent(below, below))
  }

  private static func parents(of hashes: [UInt8], layer: Int) -> [UInt8] {
    var children = hashes
    if !children.count.isMultiple(of: 64) {
      pad(layer: layer).withUnsafeBytes { children.append(contentsOf: $0) }
    }
    return [UInt8](unsafeUninitializedCapacity: children.count / 2) { parents, count in
      children.withUnsafeBytes { children in
        for pair in 0..<children.count / 64 {
          let digest = SHA256.digest(.init(rebasing: children[pair * 64..<pair * 64 + 64]))
          digest.withUnsafeBytes { digest in
            UnsafeMutableRawBufferPointer(parents.extracting(pair * 32..<pair * 32 + 32))
              .copyMemory(from: digest)
          }
        }
      }
      count = children.count / 2
    }
  }
}
