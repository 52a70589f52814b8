internal import Crypto
public import Metainfo

/// The pieces that a peer may ask for although it is choked (BEP 6).
public enum AllowedFastSet {
  /// How many pieces a peer is allowed by default.
  public static let defaultCount = 10

  /// The pieces for a peer, in the order that every client arrives at.
  ///
  /// - Parameters:
  ///   - address: The peer's; the standard defines no set for IPv6, so that gets none.
  ///   - infoHash: The infohash of the connection.
  ///   - pieceCount: How many pieces the torrent has.
  ///   - count: How many the peer is allowed.
  /// - Returns: At most `count` indices, and less when the torrent has fewer pieces.
  public static func pieces(
    for address: PeerAddress, infoHash: SHA1Hash, pieceCount: Int, count: Int = defaultCount
  ) -> [Int] {
    guard let ip = address.ipv4, pieceCount > 0, count > 0 else { return [] }
    if count >= pieceCount { return Array(0..<pieceCount) }
    var pieces: [Int] = []
    var state = withUnsafeBytes(of: (ip & 0xffff_ff00).bigEndian) { [UInt8]($0) } + infoHash.bytes
    while pieces.count < count {
      state = Array(Insecure.SHA1.hash(data: state))
      for start in stride(from: 0, to: state.count, by: 4) where pieces.count < count {
        let word = state[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
        let piece = word % pieceCount
        if !pieces.contains(piece) { pieces.append(piece) }
      }
    }
    return pieces
  }
}
