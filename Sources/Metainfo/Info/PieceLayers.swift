public import Primitives

/// The v2 hashes of pieces, per file that is longer than one piece, keyed by the file's root
/// (`piece layers`, BEP 52).
///
/// A layer enters only when it leads to its root. A torrent that came by a magnet link starts
/// without any; peers give them.
public struct PieceLayers: Sendable, Equatable {
  private var layers: [Hash256: [UInt8]] = [:]

  /// No layers.
  public init() {}

  /// The hashes of a file's pieces, 32 bytes each, or nil when they are not known.
  public subscript(root: Hash256) -> [UInt8]? { layers[root] }

  /// How many layers are known.
  public var count: Int { layers.count }

  mutating func set(_ hashes: [UInt8], root: Hash256) { layers[root] = hashes }
}
