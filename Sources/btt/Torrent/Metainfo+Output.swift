internal import JSON
internal import Metainfo
internal import Primitives

extension Metainfo {
  /// What matters most, for people.
  var summary: [(String, String)] {
    var rows = [("name", info.name)]
    if let hash = info.hashes.v1 { rows.append(("infohash v1", hash.hex)) }
    if let hash = info.hashes.v2 { rows.append(("infohash v2", hash.plainHex)) }
    let count = info.numberedFiles.count { !info.files[$0].isPad }
    rows += [
      ("format", info.version.name),
      ("size", "\(info.layout.payloadLength) bytes in \(count) \(count == 1 ? "file" : "files")"),
      ("pieces", "\(info.layout.pieceCount) of \(info.layout.pieceLength) bytes"),
    ]
    return rows
  }

  /// What matters most, for programs.
  var json: JSONObject {
    var json: JSONObject = ["name": .string(info.name), "format": .string(info.version.name)]
    json["infohashV1"] = info.hashes.v1.map { .string($0.hex) }
    json["infohashV2"] = info.hashes.v2.map { .string($0.plainHex) }
    json["length"] = JSONValue(info.layout.payloadLength)
    json["pieceLength"] = JSONValue(info.layout.pieceLength)
    json["pieces"] = JSONValue(info.layout.pieceCount)
    json["private"] = .bool(info.isPrivate)
    return json
  }
}

extension TorrentInfo.Version {
  /// The name that `--format` has for it.
  var name: String {
    switch self {
    case .v1: "v1"
    case .v2: "v2"
    case .hybrid: "hybrid"
    }
  }
}

extension Hash256 {
  /// The digits without the prefix, as torrents' hashes are written.
  var plainHex: String { Hex.encode(bytes, prefix: false) }
}

extension String {
  /// The text without what could move a terminal's cursor or hide what is printed.
  var printable: String {
    String(
      String.UnicodeScalarView(
        unicodeScalars.map { scalar in
          switch scalar.properties.generalCategory {
          case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: "\u{FFFD}"
          default: scalar
          }
        }))
  }
}
