internal import Metainfo

extension DHTMessage {
  /// The most bytes that are read as a message.
  public static let maximumLength = 4_096
  /// The most bytes that a transaction may have.
  public static let maximumTransaction = 32
  /// The most bytes that a token may have.
  public static let maximumToken = 128
  /// The most nodes of each kind that are read in one message.
  public static let maximumNodes = 20
  /// The most peers that are read in one message.
  public static let maximumPeers = 200

  private static let limits = BencodeLimits(byteCount: maximumLength, depth: 6, valueCount: 600)

  /// Reads a datagram.
  public init(_ datagram: [UInt8]) throws(DHTMessageError) {
    guard let document = try? BencodeDocument(datagram, limits: Self.limits) else {
      throw .notBencoded
    }
    let root = document.root
    guard root.isDictionary else { throw .notBencoded }
    guard let transaction = root["t"]?.bytes, transaction.count <= Self.maximumTransaction else {
      throw .noTransaction
    }
    self.transaction = Array(transaction)
    version = root["v"]?.bytes.map { Array($0.prefix(8)) }
    switch root["y"]?.string {
    case "q": body = try Self.query(root, self.transaction)
    case "r": body = try Self.response(root)
    case "e":
      var parts = root["e"]?.list
      let code = parts?.next()?.integer ?? DHTFailureCode.generic
      let reason = PrintableText.clean(parts?.next()?.bytes?.prefix(200) ?? [])
      body = .failure(code: code, reason: reason)
    default: throw .unknownKind
    }
  }

  // MARK: Questions

  private static func query(
    _ root: BencodeValue, _ transaction: [UInt8]
  ) throws(DHTMessageError) -> Body {
    guard let method = root["q"]?.string, let arguments = root["a"],
      let id = arguments["id"]?.dhtID
    else { throw .malformedQuery(transaction) }
    guard let query = try query(method, arguments, transaction) else {
      throw .unknownQuery(transaction)
    }
    var wants: Wants?
    if let list = arguments["want"]?.list {
      wants = list.prefix(4).reduce(into: []) { wants, kind in
        switch kind.string {
        case "n4": wants.insert(.ipv4)
        case "n6": wants.insert(.ipv6)
        default: break
        }
      }
    }
    let isReadOnly = root["ro"]?.integer == 1
    return .query(query, from: id, wants: wants == [] ? nil : wants, isReadOnly: isReadOnly)
  }

  private static func query(
    _ method: String, _ arguments: BencodeValue, _ transaction: [UInt8]
  ) throws(DHTMessageError) -> DHTQuery? {
    func id(_ key: String) throws(DHTMessageError) -> DHTID {
      guard let id = arguments[key]?.dhtID else { throw .malformedQuery(transaction) }
      return id
    }
    switch method {
    case "ping": return .ping
    case "find_node": return .findNode(try id("target"))
    case "get_peers":
      return .getPeers(
        try id("info_hash"), withoutSeeds: arguments["noseed"]?.integer == 1,
        scrape: arguments["scrape"]?.integer == 1)
    case "announce_peer":
      let infoHash = try id("info_hash")
      let impliesPort = arguments["implied_port"]?.integer.map { $0 != 0 } ?? false
      let port = arguments["port"]?.integer.flatMap { UInt16(exactly: $0) }
      guard let token = arguments["token"]?.bytes, token.count <= maximumToken,
        impliesPort || port != nil
      else { throw .malformedQuery(transaction) }
      let announce = DHTAnnounce(
        port: port ?? 0, impliesPort: impliesPort, isSeed: arguments["seed"]?.integer == 1)
      return .announcePeer(announce, infoHash, token: Array(token))
    case "sample_infohashes": return .sampleInfohashes(try id("target"))
    default: return nil
    }
  }

  // MARK: Answers

  private static func response(_ root: BencodeValue) throws(DHTMessageError) -> Body {
    guard let results = root["r"], let id = results["id"]?.dhtID else { throw .malformedResponse }
    var response = DHTResponse(id: id)
    response.nodes = results["nodes"]?.contacts(.ipv4)
    response.nodes6 = results["nodes6"]?.contacts(.ipv6)
    response.peers = results["values"]?.peers ?? []
    response.token = results["token"]?.bytes.flatMap {
      $0.count <= maximumToken ? Array($0) : nil
    }
    response.seeds = results["BFsd"]?.bytes.flatMap { ScrapeFilter($0) }
    response.leechers = results["BFpe"]?.bytes.flatMap { ScrapeFilter($0) }
    if let samples = results["samples"]?.bytes {
      response.sample = DHTResponse.Sample(
        infoHashes: samples.chunks(of: DHTID.byteCount).compactMap { DHTID($0) },
        total: max(results["num"]?.integer ?? 0, 0),
        interval: min(max(results["interval"]?.integer ?? 0, 0), 21_600))
    }
    return .response(response, observed: root["ip"]?.bytes.flatMap(PeerAddress.init(compact:)))
  }
}

extension BencodeValue {
  fileprivate var dhtID: DHTID? { bytes.flatMap { DHTID($0) } }

  fileprivate func contacts(_ family: PeerAddress.Family) -> [DHTContact]? {
    bytes.map { DHTContact.contacts(compact: $0, family, limit: DHTMessage.maximumNodes) }
  }

  fileprivate var peers: [PeerAddress] {
    guard let list else { return [] }
    return list.prefix(DHTMessage.maximumPeers).compactMap {
      $0.bytes.flatMap(PeerAddress.init(compact:))
    }
  }
}

extension PeerAddress {
  /// The address whose compact form has 6 or 18 bytes; nil for any other count.
  fileprivate init?(compact bytes: ArraySlice<UInt8>) {
    for family in [Family.ipv4, .ipv6] where bytes.count == family.compactLength {
      guard let address = Self.addresses(compact: bytes, family, limit: 1).first else { return nil }
      self = address
      return
    }
    return nil
  }
}

extension ArraySlice {
  fileprivate func chunks(of count: Int) -> [ArraySlice] {
    stride(from: startIndex, to: endIndex - count + 1, by: count).map { self[$0..<$0 + count] }
  }
}
