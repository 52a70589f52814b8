internal import Primitives

extension Metainfo {
  /// Trackers, web seeds and nodes beyond this many are left out.
  static let urlLimit = 1000

  /// Reads a torrent file.
  ///
  /// What concerns the payload must be right; what only helps to find it is taken as far as it can
  /// be read. Bytes after the file's one value are ignored, as others do.
  public init(bytes: [UInt8]) throws(MetainfoError) {
    let document: BencodeDocument
    do { document = try BencodeDocument(prefixOf: bytes) } catch { throw .encoding(error) }
    let root = document.root
    guard root.isDictionary else { throw .invalid(key: "torrent") }
    guard let infoValue = root["info"] else { throw .invalid(key: "info") }
    self.init(info: try InfoReader(infoValue, key: "info").read())
    if info.hasV2, let value = root["piece layers"] { try readLayers(value) }

    trackers = Self.trackers(root)
    webSeeds = Self.webSeeds(root, of: info)
    nodes = root["nodes"]?.list?.prefix(Self.urlLimit).compactMap(Self.node) ?? []
    comment = (root["comment.utf-8"] ?? root["comment"])?.bytes.map {
      String(decoding: $0, as: UTF8.self)
    }
    createdBy = root["created by"]?.bytes.map { String(decoding: $0, as: UTF8.self) }
    creationDate = root["creation date"]?.integer
    for value in [root, infoValue] {
      similar += value["similar"]?.list?.compactMap { $0.bytes.flatMap(SHA1Hash.init) } ?? []
      collections += value["collections"]?.list?.compactMap(\.string) ?? []
    }
  }

  private mutating func readLayers(_ value: BencodeValue) throws(MetainfoError) {
    guard let entries = value.entries else { throw .invalid(key: "piece layers") }
    var lengths: [Hash256: Int] = [:]
    for file in info.files where info.hasLayer(file) {
      if let root = file.piecesRoot { lengths[root] = file.length }
    }
    for (key, value) in entries {
      guard let root = Hash256(key), let hashes = value.bytes else {
        throw .invalid(key: "piece layers")
      }
      guard let length = lengths[root] else { throw .unknownPieceLayer(root: root) }
      try pieceLayers.insert(
        Array(hashes), root: root, length: length, pieceLength: info.layout.pieceLength)
    }
  }

  private static func trackers(_ root: BencodeValue) -> [[String]] {
    var seen: Set<String> = []
    func url(_ value: BencodeValue) -> String? {
      guard seen.count < urlLimit, let url = cleanURL(value), seen.insert(url).inserted else {
        return nil
      }
      return url
    }
    var tiers: [[String]] = []
    for tier in root["announce-list"]?.list.map(Array.init) ?? [] {
      // Some writers put a bare URL where its tier should be.
      let urls = tier.list.map { $0.compactMap(url) } ?? [url(tier)].compactMap { $0 }
      if !urls.isEmpty { tiers.append(urls) }
    }
    if tiers.isEmpty, let announce = root["announce"].flatMap(url) { tiers = [[announce]] }
    return tiers
  }

  private static func webSeeds(_ root: BencodeValue, of info: TorrentInfo) -> [String] {
    guard let value = root["url-list"] else { return [] }
    var seen: Set<String> = []
    return (value.list.map(Array.init) ?? [value]).prefix(urlLimit).compactMap { value in
      guard var url = cleanURL(value) else { return nil }
      if !info.isSingleFile, url.utf8.last != UInt8(ascii: "/") { url += "/" }
      return seen.insert(url).inserted ? url : nil
    }
  }

  private static func node(_ value: BencodeValue) -> TorrentAddress? {
    let pair = value.list.map(Array.init) ?? []
    guard pair.count == 2, let host = pair[0].string, let port = pair[1].integer else { return nil }
    return UInt16(exactly: port).flatMap { TorrentAddress(host: host, port: $0) }
  }

  /// The URL without white space around it, and with that inside escaped; nil if it has control
  /// characters or is no text.
  private static func cleanURL(_ value: BencodeValue) -> String? {
    guard let text = value.string else { return nil }
    let url = text.trimmingWhitespace.replacing(" ", with: "%20")
    guard !url.isEmpty, url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { return nil }
    return url
  }
}

extension String {
  var trimmingWhitespace: String {
    String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }
}
