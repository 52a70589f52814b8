public import Metainfo

/// The queries by which trackers are asked over HTTP (BEP 3, 7, 23, 48).
public enum HTTPTrackerQuery {
  /// The parameters that the client adds; an address of a torrent may not have one of them.
  static let ownKeys: Set<String> = [
    "info_hash", "peer_id", "port", "uploaded", "downloaded", "left", "corrupt", "redundant", "key",
    "event", "numwant", "compact", "no_peer_id", "supportcrypto", "requirecrypto", "ip", "ipv4",
    "ipv6", "trackerid",
  ]

  /// The path and query of an announce.
  public static func target(of announce: TrackerAnnounce, to tracker: TrackerURL) -> String {
    var parameters = [
      ("info_hash", PercentEncoding.escape(announce.infoHash.bytes)),
      ("peer_id", PercentEncoding.escape(announce.peerID.bytes)),
      ("port", String(announce.port)),
      ("uploaded", String(announce.progress.uploaded)),
      ("downloaded", String(announce.progress.downloaded)),
      ("left", String(announce.progress.left)),
      ("key", hex(announce.key)),
    ]
    if let event = announce.event { parameters.append(("event", event.rawValue)) }
    parameters.append(("numwant", String(announce.event == .stopped ? 0 : announce.wanted)))
    parameters += [("compact", "1"), ("no_peer_id", "1")]
    if let id = announce.trackerID { parameters.append(("trackerid", PercentEncoding.escape(id))) }
    return append(parameters, to: tracker)
  }

  /// The path and query of a scrape, or nil if the tracker's address has no place for one.
  public static func target(ofScrape infoHashes: [SHA1Hash], at tracker: TrackerURL) -> String? {
    guard let scrape = tracker.scrape else { return nil }
    return append(
      infoHashes.map { ("info_hash", PercentEncoding.escape($0.bytes)) }, to: scrape)
  }

  private static func append(_ parameters: [(String, String)], to tracker: TrackerURL) -> String {
    let joined = parameters.map { $0 + "=" + $1 }.joined(separator: "&")
    guard let query = tracker.query else { return tracker.target + "?" + joined }
    return tracker.target + (query.isEmpty || query.hasSuffix("&") ? "" : "&") + joined
  }

  private static func hex(_ number: UInt32) -> String {
    let digits = String(number, radix: 16, uppercase: true)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}
