internal import Primitives

/// A magnet link: infohashes, and where to find peers that have the rest (BEP 9, 52, 53).
public struct MagnetLink: Hashable, Sendable {
  /// The longest link that is read, in bytes.
  public static let lengthLimit = 65_536
  /// Trackers, web seeds and peers of each kind beyond this many are left out.
  public static let addressLimit = 100

  /// The torrent's infohashes, at least one.
  public var hashes: InfoHashes
  /// The name to show until the torrent's own is known (`dn`), cleaned as file names are.
  public var name: String?
  /// The length of the payload in bytes, as the link says (`xl`).
  public var length: Int?
  /// The URLs of trackers (`tr`), each a tier of its own.
  public var trackers: [String] = []
  /// The URLs of web seeds (`ws`).
  public var webSeeds: [String] = []
  /// Peers that have the torrent (`x.pe`).
  public var peers: [TorrentAddress] = []
  /// The files that are wanted (`so`); nil for all.
  public var selection: FileSelection?

  /// A link to the torrent with these hashes.
  public init(hashes: InfoHashes) { self.hashes = hashes }

  /// A link to a torrent, with its name, trackers and web seeds.
  public init(_ metainfo: Metainfo) {
    self.init(hashes: metainfo.info.hashes)
    name = metainfo.info.name
    length = metainfo.info.layout.payloadLength
    trackers = Array(metainfo.trackers.joined().prefix(Self.addressLimit))
    webSeeds = Array(metainfo.webSeeds.prefix(Self.addressLimit))
  }

  /// Reads a link.
  ///
  /// Parameters that are not known, and addresses that cannot be, are passed over.
  public init(_ text: some StringProtocol) throws(MagnetError) {
    guard text.utf8.count <= Self.lengthLimit else { throw .tooLong(limit: Self.lengthLimit) }
    let scheme = "magnet:?"
    guard text.prefix(scheme.count).lowercased() == scheme else { throw .notMagnet }
    self.init(hashes: InfoHashes(v1: nil, v2: nil))
    for parameter in text.dropFirst(scheme.count).split(separator: "&") {
      guard let equals = parameter.firstIndex(of: "=") else { continue }
      var key = parameter[..<equals].lowercased()
      // Parameters of the same name may be numbered: tr.1, tr.2.
      if let dot = key.lastIndex(of: "."), Int(key[key.index(after: dot)...]) != nil {
        key.removeSubrange(dot...)
      }
      let value = Self.unescaped(parameter[parameter.index(after: equals)...])
      try read(key: key, value: value)
    }
    guard hashes.v1 != nil || hashes.v2 != nil else { throw .noInfohash }
  }

  private mutating func read(key: String, value: [UInt8]) throws(MagnetError) {
    let text = String(decoding: value, as: UTF8.self)
    switch key {
    case "xt": try readTopic(text)
    case "dn": name = name ?? PathCleaner.clean(value)
    case "xl": length = Int(text).flatMap { $0 >= 0 ? $0 : nil }
    case "tr": Self.append(text, to: &trackers)
    case "ws": Self.append(text, to: &webSeeds)
    case "x.pe":
      if peers.count < Self.addressLimit, let peer = TorrentAddress(text), !peers.contains(peer) {
        peers.append(peer)
      }
    case "so":
      guard let selection = FileSelection(text) else { throw .invalidSelection }
      self.selection = selection
    default: break
    }
  }

  private mutating func readTopic(_ topic: String) throws(MagnetError) {
    let parts = topic.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].lowercased() == "urn" else { return }
    switch parts[1].lowercased() {
    case "btih":
      guard let hash = Self.v1Hash(parts[2]) else { throw .invalidInfohash }
      guard hashes.v1 == nil || hashes.v1 == hash else { throw .conflictingInfohashes }
      hashes = InfoHashes(v1: hash, v2: hashes.v2)
    case "btmh":
      // A multihash: 0x12 is SHA-256, 0x20 its length.
      guard parts[2].count == 68, parts[2].hasPrefix("1220"),
        let hash = try? Hash256(hex: parts[2].dropFirst(4))
      else { throw .invalidInfohash }
      guard hashes.v2 == nil || hashes.v2 == hash else { throw .conflictingInfohashes }
      hashes = InfoHashes(v1: hashes.v1, v2: hash)
    default: break
    }
  }

  private static func v1Hash(_ text: some StringProtocol) -> SHA1Hash? {
    switch text.utf8.count {
    case 40: try? SHA1Hash(hex: text)
    case 32: Base32.decode(text).flatMap { SHA1Hash($0) }
    default: nil
    }
  }

  private static func append(_ url: String, to urls: inout [String]) {
    let url = url.trimmingWhitespace
    guard urls.count < addressLimit, !url.isEmpty, !urls.contains(url),
      url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F })
    else { return }
    urls.append(url)
  }
}

extension MagnetLink: CustomStringConvertible {
  /// The link.
  public var description: String {
    var parameters: [String] = []
    if let hash = hashes.v1 { parameters.append("xt=urn:btih:\(hash)") }
    if let hash = hashes.v2 {
      parameters.append("xt=urn:btmh:1220\(Hex.encode(hash.bytes, prefix: false))")
    }
    if let name { parameters.append("dn=\(Self.escaped(name))") }
    if let length { parameters.append("xl=\(length)") }
    parameters += trackers.map { "tr=\(Self.escaped($0))" }
    parameters += webSeeds.map { "ws=\(Self.escaped($0))" }
    parameters += peers.map { "x.pe=\($0)" }
    if let selection { parameters.append("so=\(selection)") }
    return "magnet:?" + parameters.joined(separator: "&")
  }

  private static func escaped(_ text: String) -> String {
    var escaped = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "~"):
        escaped.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        escaped += "%" + Hex.encode(CollectionOfOne(byte), prefix: false).uppercased()
      }
    }
    return escaped
  }

  /// The bytes that a parameter's value stands for; a `%` that escapes nothing is itself.
  private static func unescaped(_ text: some StringProtocol) -> [UInt8] {
    let text = Array(text.utf8)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var index = 0
    while index < text.count {
      if text[index] == UInt8(ascii: "%"), index + 2 < text.count,
        let high = Hex.nibble(text[index + 1]), let low = Hex.nibble(text[index + 2])
      {
        bytes.append(high << 4 | low)
        index += 3
      } else {
        bytes.append(text[index] == UInt8(ascii: "+") ? UInt8(ascii: " ") : text[index])
        index += 1
      }
    }
    return bytes
  }
}
