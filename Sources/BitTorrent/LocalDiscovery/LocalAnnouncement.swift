public import Metainfo

/// What a peer tells its local network: which torrents it is in, and where it listens (BEP 14).
public struct LocalAnnouncement: Equatable, Sendable {
  /// The most bytes of one datagram.
  public static let maximumLength = 1_400
  /// The most torrents that one datagram names.
  public static let maximumTorrents = 24
  /// The most bytes that a cookie may have.
  public static let maximumCookie = 64

  /// The group that it is sent to, as its `Host` says.
  public var host: String
  /// The port at which the peer takes connections.
  public var port: UInt16
  /// The torrents.
  public var infoHashes: [SHA1Hash]
  /// By which a sender knows its own.
  public var cookie: String?

  /// An announcement of torrents to a group.
  public init(host: String, port: UInt16, infoHashes: [SHA1Hash], cookie: String?) {
    self.host = host
    self.port = port
    self.infoHashes = infoHashes
    self.cookie = cookie
  }

  private static let request = "BT-SEARCH * HTTP/1.1"

  /// The datagram.
  public var encoded: [UInt8] {
    var text = "\(Self.request)\r\nHost: \(host)\r\nPort: \(port)\r\n"
    for hash in infoHashes.prefix(Self.maximumTorrents) { text += "Infohash: \(hash.hex)\r\n" }
    if let cookie { text += "cookie: \(cookie)\r\n" }
    return Array((text + "\r\n\r\n").utf8)
  }

  /// Reads a datagram; nil unless it announces at least one torrent.
  ///
  /// Header names are of any case, and those that are not known say nothing.
  public init?(_ datagram: some Collection<UInt8>) {
    guard datagram.count <= Self.maximumLength else { return nil }
    var lines = Array(datagram).split(separator: 0x0a, omittingEmptySubsequences: false).map {
      $0.last == 0x0d ? $0.dropLast() : $0
    }[...]
    guard lines.popFirst()?.elementsEqual(Self.request.utf8) == true else { return nil }
    var (host, port, hashes, cookie): (String?, UInt16?, [SHA1Hash], String?) = (nil, nil, [], nil)
    for line in lines {
      guard !line.isEmpty else { break }
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")),
        let value = Self.text(line[(colon + 1)...])
      else { return nil }
      switch Self.text(line[..<colon])?.lowercased() {
      case "host": host = value
      case "port": port = Self.port(value)
      case "infohash":
        guard hashes.count < Self.maximumTorrents, value.utf8.count == 40,
          let hash = try? SHA1Hash(hex: value)
        else { continue }
        if !hashes.contains(hash) { hashes.append(hash) }
      case "cookie": cookie = value.utf8.count <= Self.maximumCookie ? value : nil
      default: continue
      }
    }
    guard let port, port != 0, !hashes.isEmpty else { return nil }
    self.init(host: host ?? "", port: port, infoHashes: hashes, cookie: cookie)
  }

  // Printable ASCII, without the spaces around it.
  private static func text(_ bytes: ArraySlice<UInt8>) -> String? {
    guard bytes.allSatisfy({ (0x20...0x7e).contains($0) || $0 == 0x09 }) else { return nil }
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    let start = bytes.firstIndex { !isSpace($0) } ?? bytes.endIndex
    let end = bytes.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? start
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }

  private static func port(_ text: String) -> UInt16? {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return UInt16(text)
  }
}
