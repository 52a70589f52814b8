public import Primitives

/// The infohashes of one torrent: v1 (SHA-1), v2 (SHA-256), or both of a hybrid (BEP 52).
public struct InfoHashes: Hashable, Sendable {
  /// The SHA-1 of the info dictionary, if the torrent has a v1 side.
  public let v1: SHA1Hash?
  /// The SHA-256 of the info dictionary, if the torrent has a v2 side.
  public let v2: Hash256?

  /// The given hashes; one of them at least is there in a torrent.
  public init(v1: SHA1Hash?, v2: Hash256?) {
    self.v1 = v1
    self.v2 = v2
  }

  /// The 20-byte forms that handshakes and trackers use: v1, then v2 cut to 20 bytes.
  public var wire: [SHA1Hash] {
    [v1, v2.map(SHA1Hash.init(truncating:))].compactMap { $0 }
  }

  /// The one 20-byte form that stands for the torrent: v1 where there is one.
  public var primary: SHA1Hash {
    v1 ?? v2.map(SHA1Hash.init(truncating:)) ?? .zero
  }

  /// Whether a handshake with `hash` means this torrent.
  public func contains(wire hash: SHA1Hash) -> Bool {
    v1 == hash || v2.map(SHA1Hash.init(truncating:)) == hash
  }

  /// Whether no hash that both have differs, and at least one is shared.
  ///
  /// A magnet link may know one hash of a hybrid; its metadata has both.
  public func matches(_ other: InfoHashes) -> Bool {
    if let mine = v1, let theirs = other.v1, mine != theirs { return false }
    if let mine = v2, let theirs = other.v2, mine != theirs { return false }
    return (v1 != nil && other.v1 != nil) || (v2 != nil && other.v2 != nil)
  }
}

extension InfoHashes: CustomStringConvertible {
  /// The hashes in hex, v1 first.
  public var description: String {
    [v1?.hex, v2.map { Hex.encode($0.bytes, prefix: false) }].compactMap { $0 }
      .joined(separator: " ")
  }
}
