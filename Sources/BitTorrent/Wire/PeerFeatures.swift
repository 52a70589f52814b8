/// What the reserved bytes of a handshake say that a peer can do.
public struct PeerFeatures: OptionSet, Hashable, Sendable {
  /// The reserved bytes, the first one highest.
  public let rawValue: UInt64

  /// The features whose bits are set in the reserved bytes, the first one highest.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Distributed hash table (BEP 5).
  public static let dht = PeerFeatures(rawValue: 0x01)
  /// Fast extension (BEP 6).
  public static let fast = PeerFeatures(rawValue: 0x04)
  /// A peer of a hybrid torrent that could also speak v2 (BEP 52).
  ///
  /// To a handshake that has it and names the v1 infohash, the other side may answer with the v2
  /// infohash, as libtorrent does: from then on the connection speaks v2.
  public static let v2 = PeerFeatures(rawValue: 0x10)
  /// Extension protocol (BEP 10).
  public static let extended = PeerFeatures(rawValue: 0x10_0000)

  /// What this engine offers for a torrent with, or without, a v2 infohash, and a node of the
  /// distributed hash table that may be told of.
  public static func offered(v2: Bool, dht: Bool = false) -> PeerFeatures {
    var features: PeerFeatures = [.fast, .extended]
    if v2 { features.insert(.v2) }
    if dht { features.insert(.dht) }
    return features
  }
}
