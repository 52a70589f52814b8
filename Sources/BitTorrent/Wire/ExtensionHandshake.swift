public import Metainfo
public import NIOCore

/// What a peer tells of itself in the handshake of the extension protocol (BEP 10, 9, 21).
///
/// It may come again; what a later one has then replaces what an earlier one said, see
/// ``update(with:)``.
public struct ExtensionHandshake: Equatable, Sendable {
  /// The id under which the handshake itself is sent.
  public static let messageID: UInt8 = 0

  /// The ids that we give to extensions: peers send their messages to us under these.
  public enum LocalID {
    /// `ut_pex` (BEP 11).
    public static let exchange: UInt8 = 1
    /// `ut_metadata` (BEP 9).
    public static let metadata: UInt8 = 2
    /// `upload_only` (BEP 21).
    public static let uploadOnly: UInt8 = 3
    /// `lt_donthave` (BEP 54).
    public static let dontHave: UInt8 = 7
    /// The first id for extensions that a strategy registers.
    public static let firstOfStrategies: UInt8 = 32
  }

  /// The names of the extensions that are known here.
  public enum Name {
    /// Peers from peers (BEP 11).
    public static let exchange = "ut_pex"
    /// Metadata from peers (BEP 9).
    public static let metadata = "ut_metadata"
    /// Partial seeds (BEP 21).
    public static let uploadOnly = "upload_only"
    /// Pieces lost again (BEP 54).
    public static let dontHave = "lt_donthave"
  }

  /// Ids under which the sender takes messages, by the extension's name; 0 ends an extension (`m`).
  public var extensions: [String: UInt8] = [:]
  /// The port on which the sender listens (`p`).
  public var port: UInt16?
  /// The sender's name and version (`v`), at most 100 bytes, with `?` for what is not printable.
  public var client: String?
  /// The address, with port 0, at which the sender sees the receiver (`yourip`).
  public var yourAddress: PeerAddress?
  /// The sender's IPv4 address, with port 0 (`ipv4`).
  public var ipv4: PeerAddress?
  /// The sender's IPv6 address, with port 0 (`ipv6`).
  public var ipv6: PeerAddress?
  /// How many requests the sender keeps in its queue (`reqq`).
  public var requestQueue: Int?
  /// The size of the info dictionary in bytes (`metadata_size`).
  public var metadataSize: Int?
  /// Whether the sender wants nothing (`upload_only`).
  public var uploadOnly: Bool?
  /// Entries that are not known here, as they stand.
  public var others: [BencodeItem.Entry] = []

  /// A handshake that says nothing yet.
  public init() {}

  /// Takes over what a later handshake of the same peer says.
  public mutating func update(with later: ExtensionHandshake) {
    extensions.merge(later.extensions) { _, new in new }
    port = later.port ?? port
    client = later.client ?? client
    yourAddress = later.yourAddress ?? yourAddress
    ipv4 = later.ipv4 ?? ipv4
    ipv6 = later.ipv6 ?? ipv6
    requestQueue = later.requestQueue ?? requestQueue
    metadataSize = later.metadataSize ?? metadataSize
    uploadOnly = later.uploadOnly ?? uploadOnly
    let new = Set(later.others.map(\.key))
    others = others.filter { !new.contains($0.key) } + later.others
  }

  /// The id under which the sender takes messages of an extension; nil if it does not.
  public func id(of extension: String) -> UInt8? {
    extensions[`extension`].flatMap { $0 == 0 ? nil : $0 }
  }
}

// MARK: - Encoding

extension ExtensionHandshake {
  /// The handshake as a message.
  public var message: PeerMessage { .extended(id: Self.messageID, payload: payload) }

  private var payload: ByteBuffer {
    var entries = others
    let ids = extensions.map { BencodeItem.Entry($0, .integer(Int($1))) }
    entries.append(.init("m", .dictionary(ids)))
    func add(_ key: String, _ value: BencodeItem?) {
      if let value { entries.append(.init(key, value)) }
    }
    func ip(_ address: PeerAddress?) -> BencodeItem? {
      address.map { .bytes($0.compact.dropLast(2)) }
    }
    add("p", port.map { .integer(Int($0)) })
    add("v", client.map { .string($0) })
    add("yourip", ip(yourAddress))
    add("ipv4", ip(ipv4))
    add("ipv6", ip(ipv6))
    add("reqq", requestQueue.map { .integer($0) })
    add("metadata_size", metadataSize.map { .integer($0) })
    add("upload_only", uploadOnly.map { .integer($0 ? 1 : 0) })
    return ByteBuffer(bytes: BencodeItem.dictionary(entries).encoded)
  }
}

// MARK: - Decoding

extension ExtensionHandshake {
  private static let limits = BencodeLimits(byteCount: 64 << 10, depth: 16, valueCount: 4_096)
  private static let maximumExtensions = 128
  private static let maximumNameLength = 100

  /// Reads a handshake's payload; an entry of a wrong kind counts as absent.
  public init(_ payload: ByteBuffer) throws(PeerFault) {
    let root: BencodeValue
    do {
      root = try BencodeDocument(
        prefixOf: [UInt8](payload.readableBytesView), limits: Self.limits
      ).root
    } catch {
      throw .malformedExtension
    }
    guard let entries = root.entries else { throw .malformedExtension }
    for (key, value) in entries { read(key, value) }
  }

  private mutating func read(_ key: ArraySlice<UInt8>, _ value: BencodeValue) {
    func ip(_ family: PeerAddress.Family) -> PeerAddress? {
      guard let bytes = value.bytes, bytes.count == family.addressLength else { return nil }
      var buffer = ByteBuffer(bytes: bytes)
      buffer.writeInteger(UInt16(0))
      return buffer.readCompactAddress(family)
    }
    func positive() -> Int? { value.integer.flatMap { $0 > 0 ? $0 : nil } }
    switch String(decoding: key, as: UTF8.self) {
    case "m": readExtensions(value)
    case "p": port = value.integer.flatMap { UInt16(exactly: $0) }
    case "v": client = value.bytes.map { PrintableText.clean($0.prefix(100)) }
    case "yourip": yourAddress = ip(.ipv4) ?? ip(.ipv6)
    case "ipv4": ipv4 = ip(.ipv4)
    case "ipv6": ipv6 = ip(.ipv6)
    case "reqq": requestQueue = positive()
    case "metadata_size": metadataSize = positive()
    case "upload_only": uploadOnly = value.integer.map { $0 != 0 }
    default: others.append(.init(key: Array(key), value: .encoded(Array(value.encoding))))
    }
  }

  private mutating func readExtensions(_ value: BencodeValue) {
    guard let entries = value.entries else { return }
    for (key, value) in entries {
      guard extensions.count < Self.maximumExtensions, key.count <= Self.maximumNameLength,
        let name = String(validating: key, as: UTF8.self),
        let id = value.integer.flatMap({ UInt8(exactly: $0) })
      else { continue }
      extensions[name] = id
    }
  }
}
