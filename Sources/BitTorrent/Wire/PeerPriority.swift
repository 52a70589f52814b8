/// The order in which both ends of a possible connection agree to prefer it (BEP 40).
public enum PeerPriority {
  /// The priority of a connection between two addresses, the same from both sides; connections with
  /// a higher one are kept or made first.
  public static func of(_ client: PeerAddress, _ peer: PeerAddress) -> UInt32 {
    if client.host == peer.host {
      let ports = [client.port, peer.port].sorted()
      return crc32c(ports.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] })
    }
    let family: PeerAddress.Family = client.family == peer.family ? client.family : .ipv6
    let (left, right) = (bytes(client, family), bytes(peer, family))
    // What both have in common says nothing: one byte more counts in full for each common one.
    let common = zip(left, right).prefix { $0 == $1 }.count
    let whole = max(family == .ipv4 ? 2 : 6, common + 1)
    func masked(_ bytes: [UInt8]) -> [UInt8] {
      bytes.enumerated().map { $0 < whole ? $1 : $1 & 0x55 }
    }
    let pair = [masked(left), masked(right)].sorted { $0.lexicographicallyPrecedes($1) }
    return crc32c(pair[0] + pair[1])
  }

  private static func bytes(_ address: PeerAddress, _ family: PeerAddress.Family) -> [UInt8] {
    if family == .ipv4 { return address.compact.dropLast(2) }
    return withUnsafeBytes(of: (address.high.bigEndian, address.low.bigEndian)) { [UInt8]($0) }
  }

  // Castagnoli's polynomial, reflected; bit by bit, as it is over 32 bytes at most.
  static func crc32c(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(UInt32.max) { crc, byte in
      (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 1 ? 0x82f6_3b78 : 0) }
    }
  }
}
