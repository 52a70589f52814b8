internal import Crypto

/// Hashes one piece in the order of its bytes, for both formats at once.
///
/// ```swift
/// var hasher = PieceHasher(expectation)
/// hasher.update(bytes)  // as they come, until the piece's length is reached
/// let verdict = expectation.verdict(on: hasher.finalize())
/// ```
public struct PieceHasher {
  /// How many bytes were hashed.
  public private(set) var position = 0

  private let dataLength: Int
  private var sha1: Insecure.SHA1?
  private let hashesLeaves: Bool
  private var leaf = SHA256()
  private var leaves: [UInt8] = []

  /// A hasher that makes what `expectation` can be compared with.
  public init(_ expectation: PieceExpectation) {
    self.init(
      dataLength: expectation.dataLength, v1: expectation.sha1 != nil, v2: expectation.tree != nil)
  }

  init(dataLength: Int, v1: Bool, v2: Bool) {
    self.dataLength = dataLength
    sha1 = v1 ? Insecure.SHA1() : nil
    hashesLeaves = v2
    if v2 {
      leaves.reserveCapacity(
        (dataLength + PieceLayout.blockLength - 1) / PieceLayout.blockLength * 32)
    }
  }

  /// Hashes the next bytes of the piece, pads included.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    // In steps that stay in the nearest cache, so that the second hash reads what the first has
    // just read.
    var rest = bytes
    while !rest.isEmpty {
      let room = PieceLayout.blockLength - position % PieceLayout.blockLength
      let step = UnsafeRawBufferPointer(rebasing: rest.prefix(hashesLeaves ? room : rest.count))
      sha1?.update(bufferPointer: step)
      if hashesLeaves { updateLeaf(step) }
      position += step.count
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(step.count))
    }
  }

  /// Hashes `count` zeros.
  public mutating func updatePadding(_ count: Int) {
    var rest = count
    while rest > 0 {
      let step = min(rest, Self.zeros.count)
      Self.zeros.withUnsafeBytes { update(UnsafeRawBufferPointer(rebasing: $0.prefix(step))) }
      rest -= step
    }
  }

  /// The hashes of what came.
  public mutating func finalize() -> PieceDigest {
    PieceDigest(sha1: sha1.map { SHA1Hash($0.finalize()) }, leaves: leaves)
  }

  // `bytes` lie in one block.
  private mutating func updateLeaf(_ bytes: UnsafeRawBufferPointer) {
    let data = min(bytes.count, dataLength - position)
    guard data > 0 else { return }
    leaf.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes.prefix(data)))
    let end = position + data
    guard end == dataLength || end.isMultiple(of: PieceLayout.blockLength) else { return }
    leaf.finalize().withUnsafeBytes { leaves.append(contentsOf: $0) }
    leaf = SHA256()
  }

  private static let zeros = [UInt8](repeating: 0, count: PieceLayout.blockLength)
}
