// Ids that follow from an address (BEP 42): whoever has few addresses has few places to choose
// from, and so cannot gather around a torrent.
extension DHTID {
  // The bits that an address decides.
  private static let boundBits: UInt32 = 0xffff_f800

  /// An id that a node at `address` may have.
  public init(for address: PeerAddress, using random: inout some RandomNumberGenerator) {
    let free = DHTID(using: &random)
    let bound = Self.head(of: address, seed: UInt8(truncatingIfNeeded: free.low)) & Self.boundBits
    let head = bound | UInt32(truncatingIfNeeded: free.high >> 32) & ~Self.boundBits
    self.init(
      high: UInt64(head) << 32 | free.high & 0xffff_ffff, middle: free.middle, low: free.low)
  }

  /// Whether a node at `address` may have this id; at an address of this host or of a private
  /// network, which nobody else sees, any will do.
  public func isAllowed(at address: PeerAddress) -> Bool {
    guard !address.isLocal else { return true }
    let head = Self.head(of: address, seed: UInt8(truncatingIfNeeded: low))
    return (UInt32(truncatingIfNeeded: high >> 32) ^ head) & Self.boundBits == 0
  }

  // Only so many bits of the address count that a whole network has few ids, too.
  private static func head(of address: PeerAddress, seed: UInt8) -> UInt32 {
    if let ipv4 = address.ipv4 {
      let bound = ipv4 & 0x030f_3fff | UInt32(seed & 7) << 29
      return PeerPriority.crc32c(withUnsafeBytes(of: bound.bigEndian) { [UInt8]($0) })
    }
    let bound = address.high & 0x0103_070f_1f3f_7fff | UInt64(seed & 7) << 61
    return PeerPriority.crc32c(withUnsafeBytes(of: bound.bigEndian) { [UInt8]($0) })
  }
}

extension PeerAddress {
  /// Whether the address means something in this place only.
  var isLocal: Bool { isLoopback || isPrivate }

  /// The network that one owner is likely to have all of: the first 24 bits of an IPv4, the first
  /// 64 of an IPv6 address.
  var neighbourhood: PeerAddress {
    if let ipv4 { return PeerAddress(ipv4: ipv4 & 0xffff_ff00, port: 0) }
    return PeerAddress(high: high, low: 0, port: 0)
  }
}
