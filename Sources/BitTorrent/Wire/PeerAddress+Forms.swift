public import NIOCore

extension PeerAddress {
  /// The address of a socket; nil for one that is not of the Internet Protocol.
  public init?(_ address: SocketAddress) {
    // The same on every system: family, port at 2, then at 4 (IPv4) or 8 (IPv6) the address.
    switch address {
    case .v4(let address):
      self = withUnsafeBytes(of: address.address) { raw in
        PeerAddress(
          ipv4: UInt32(bigEndian: raw.loadUnaligned(fromByteOffset: 4, as: UInt32.self)),
          port: UInt16(bigEndian: raw.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
      }
    case .v6(let address):
      self = withUnsafeBytes(of: address.address) { raw in
        PeerAddress(
          high: UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
          low: UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 16, as: UInt64.self)),
          port: UInt16(bigEndian: raw.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
      }
    case .unixDomainSocket: return nil
    }
  }

  /// What a socket connects to.
  public func socketAddress() throws -> SocketAddress {
    var packed = ByteBuffer()
    if let ipv4 {
      packed.writeInteger(ipv4)
    } else {
      packed.writeMultipleIntegers(high, low)
    }
    return try SocketAddress(packedIPAddress: packed, port: Int(port))
  }

  /// The numeric address `ip`, without brackets or zone.
  public init?(ip: some StringProtocol, port: UInt16) {
    guard let address = try? SocketAddress(ipAddress: String(ip), port: Int(port)) else {
      return nil
    }
    self.init(address)
  }

  /// A numeric address with port, as `1.2.3.4:6881` or `[2001:db8::1]:6881`.
  public init?(_ text: some StringProtocol) {
    guard let colon = text.lastIndex(of: ":") else { return nil }
    let digits = text[text.index(after: colon)...]
    guard digits.first?.isNumber == true, let port = UInt16(digits) else { return nil }
    let ip = text[..<colon]
    if ip.first == "[" {
      guard ip.last == "]", ip.dropFirst().dropLast().contains(":") else { return nil }
      self.init(ip: ip.dropFirst().dropLast(), port: port)
    } else {
      guard !ip.contains(":") else { return nil }
      self.init(ip: ip, port: port)
    }
  }

  /// The numeric address without its port.
  public var ip: String {
    (try? socketAddress())?.ipAddress ?? "?"
  }
}

extension PeerAddress: CustomStringConvertible {
  /// The address with its port, an IPv6 address in brackets.
  public var description: String { family == .ipv4 ? "\(ip):\(port)" : "[\(ip)]:\(port)" }
}

// MARK: - Compact form (BEP 23, BEP 7)

extension PeerAddress.Family {
  /// The length of an address without its port.
  public var addressLength: Int { self == .ipv4 ? 4 : 16 }
  /// The length of an address with its port.
  public var compactLength: Int { addressLength + 2 }
}

extension PeerAddress {
  /// The address in network order, then the port: 6 or 18 bytes.
  public var compact: [UInt8] {
    var buffer = ByteBuffer()
    buffer.writeCompact(self)
    return [UInt8](buffer.readableBytesView)
  }

  /// The addresses in a run of compact forms, at most `limit`; what is left of a cut one is not
  /// read.
  public static func addresses(
    compact bytes: some Collection<UInt8>, _ family: Family, limit: Int = .max
  ) -> [PeerAddress] {
    var buffer = ByteBuffer(bytes: bytes)
    var addresses: [PeerAddress] = []
    addresses.reserveCapacity(min(limit, buffer.readableBytes / family.compactLength))
    while addresses.count < limit, let address = buffer.readCompactAddress(family) {
      addresses.append(address)
    }
    return addresses
  }
}

extension ByteBuffer {
  /// Writes an address and its port in network order.
  package mutating func writeCompact(_ address: PeerAddress) {
    if let ipv4 = address.ipv4 {
      writeMultipleIntegers(ipv4, address.port)
    } else {
      writeMultipleIntegers(address.high, address.low, address.port)
    }
  }

  /// Reads an address and its port in network order, or nil if there are too few bytes.
  package mutating func readCompactAddress(_ family: PeerAddress.Family) -> PeerAddress? {
    switch family {
    case .ipv4:
      guard let (ipv4, port) = readMultipleIntegers(as: (UInt32, UInt16).self) else { return nil }
      return PeerAddress(ipv4: ipv4, port: port)
    case .ipv6:
      guard let (high, low, port) = readMultipleIntegers(as: (UInt64, UInt64, UInt16).self) else {
        return nil
      }
      return PeerAddress(high: high, low: low, port: port)
    }
  }
}
