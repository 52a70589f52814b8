internal import NIOCore

/// A node of the table: who it is, and where.
public struct DHTContact: Hashable, Sendable {
  /// The node's id.
  public var id: DHTID
  /// Where it takes datagrams.
  public var address: PeerAddress

  /// The node with that id at that address.
  public init(id: DHTID, address: PeerAddress) {
    self.id = id
    self.address = address
  }

  /// Whether its id is one that its address allows (BEP 42).
  var isVerified: Bool { id.isAllowed(at: address) }
}

// MARK: - Compact form (BEP 5, BEP 32)

extension DHTContact {
  /// The id, the address and the port in network order: 26 or 38 bytes.
  public var compact: [UInt8] { id.bytes + address.compact }

  /// The contacts in a run of compact forms, at most `limit`; what is left of a cut one is not
  /// read, nor an IPv4 address among those of IPv6.
  public static func contacts(
    compact bytes: some Collection<UInt8>, _ family: PeerAddress.Family, limit: Int
  ) -> [DHTContact] {
    var buffer = ByteBuffer(bytes: bytes)
    var contacts: [DHTContact] = []
    while contacts.count < limit, let id = buffer.readBytes(length: DHTID.byteCount),
      let id = DHTID(id), let address = buffer.readCompactAddress(family)
    {
      guard address.family == family else { continue }
      contacts.append(DHTContact(id: id, address: address))
    }
    return contacts
  }
}
