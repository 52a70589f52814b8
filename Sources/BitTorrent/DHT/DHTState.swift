internal import Metainfo

/// What a run of the table leaves for the next: its ids, and nodes that answered.
public struct DHTState: Equatable, Sendable {
  /// What is left of one node.
  public struct Node: Equatable, Sendable {
    /// Its id.
    public var id: DHTID
    /// Where others were.
    public var addresses: [PeerAddress]

    /// A node of that id that knew the others.
    public init(id: DHTID, addresses: [PeerAddress]) {
      self.id = id
      self.addresses = addresses
    }
  }

  /// How many addresses are kept of each kind.
  public static let maximumAddresses = 64

  /// By the kind of their addresses.
  public var nodes: [PeerAddress.Family: Node] = [:]

  /// Nothing is known.
  public init() {}

  /// Reads what ``encoded`` wrote; what cannot be read is not known.
  public init(decoding bytes: [UInt8]) {
    let limits = BencodeLimits(byteCount: 16_384, depth: 3, valueCount: 32)
    guard let root = (try? BencodeDocument(bytes, limits: limits))?.root else { return }
    for (key, family) in Self.keys {
      guard let id = root[key]?["id"]?.bytes.flatMap({ DHTID($0) }) else { continue }
      let addresses = PeerAddress.addresses(
        compact: root[key]?["nodes"]?.bytes ?? [], family, limit: Self.maximumAddresses)
      nodes[family] = Node(id: id, addresses: addresses)
    }
  }

  /// The state in bytes.
  public var encoded: [UInt8] {
    var entries: [BencodeItem.Entry] = []
    for (key, family) in Self.keys {
      guard let node = nodes[family] else { continue }
      let addresses = node.addresses.filter { $0.family == family }
      entries.append(
        .init(
          key,
          [
            "id": .bytes(node.id.bytes),
            "nodes": .bytes(addresses.prefix(Self.maximumAddresses).flatMap(\.compact)),
          ]))
    }
    return BencodeItem.dictionary(entries).encoded
  }

  private static let keys: [(String, PeerAddress.Family)] = [("4", .ipv4), ("6", .ipv6)]
}
