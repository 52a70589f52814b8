public import Metainfo
internal import NIOCore

/// Reads what trackers answer over HTTP (BEP 3, 7, 23, 24, 31, 48).
public enum HTTPTrackerAnswer {
  private static let limits = BencodeLimits(byteCount: 1 << 20, depth: 16, valueCount: 200_000)

  /// Reads the answer to an announce.
  ///
  /// - Parameters:
  ///   - bytes: The body of the answer.
  ///   - source: The tracker's address; peers that it cannot know are left out, see
  ///     ``PeerAddress/isCredible(from:)``.
  /// - Returns: The answer, with each peer once and at most ``TrackerAnswer/maximumPeers``.
  /// - Throws: `refused` for a `failure reason`, else `malformed` or `tooLarge`.
  public static func announce(
    _ bytes: [UInt8], from source: PeerAddress
  ) throws(TrackerFailure) -> TrackerAnswer {
    let root = try root(of: bytes)
    var answer = TrackerAnswer()
    answer.interval = duration(root["interval"]?.integer)
    answer.minimumInterval = duration(root["min interval"]?.integer)
    answer.counts = counts(root)
    answer.warning = root["warning message"]?.bytes.map(PrintableText.clean)
    answer.externalAddress = root["external ip"]?.bytes.flatMap(address)
    answer.trackerID = root["tracker id"]?.bytes.flatMap { $0.count <= 256 ? Array($0) : nil }

    var peers = PeerCollector(source: source)
    if let compact = root["peers"]?.bytes {
      peers.add(compact, .ipv4)
    } else if let list = root["peers"]?.list {
      for value in list {
        guard peers.hasRoom else { break }
        if let peer = peer(value) { peers.add(peer) }
      }
    }
    if let compact = root["peers6"]?.bytes { peers.add(compact, .ipv6) }
    answer.peers = peers.peers
    return answer
  }

  /// Reads the answer to a scrape; torrents that were not asked for are left out.
  public static func scrape(
    _ bytes: [UInt8], of infoHashes: [SHA1Hash]
  ) throws(TrackerFailure) -> [SHA1Hash: TrackerCounts] {
    guard let files = try root(of: bytes)["files"]?.entries else { throw .malformed }
    let asked = Set(infoHashes)
    var result: [SHA1Hash: TrackerCounts] = [:]
    for (key, value) in files {
      if let hash = SHA1Hash(key), asked.contains(hash) { result[hash] = counts(value) }
    }
    return result
  }

  private static func root(of bytes: [UInt8]) throws(TrackerFailure) -> BencodeValue {
    let root: BencodeValue
    do {
      root = try BencodeDocument(prefixOf: bytes, limits: limits).root
    } catch {
      if case .tooLarge = error { throw .tooLarge }
      throw .malformed
    }
    guard root.isDictionary else { throw .malformed }
    // BEP 48 writes it with an underscore.
    guard let reason = (root["failure reason"] ?? root["failure_reason"])?.bytes else {
      return root
    }
    throw .refused(PrintableText.clean(reason), retry: retry(root["retry in"]))
  }

  private static func retry(_ value: BencodeValue?) -> TrackerFailure.Retry? {
    if let minutes = value?.integer ?? value?.string.flatMap({ Int($0) }) {
      return .after(.seconds(60 * min(max(minutes, 0), 7 * 24 * 60)))
    }
    return value?.string == "never" ? .never : nil
  }

  private static func duration(_ seconds: Int?) -> Duration? {
    seconds.flatMap { $0 >= 0 ? .seconds(min($0, 7 * 86_400)) : nil }
  }

  private static func counts(_ value: BencodeValue) -> TrackerCounts {
    func count(_ key: String) -> Int? { value[key]?.integer.flatMap { $0 >= 0 ? $0 : nil } }
    return TrackerCounts(
      complete: count("complete"), incomplete: count("incomplete"), downloaded: count("downloaded"))
  }

  private static func address(_ bytes: ArraySlice<UInt8>) -> PeerAddress? {
    guard
      let family = [PeerAddress.Family.ipv4, .ipv6].first(where: {
        $0.addressLength == bytes.count
      })
    else { return nil }
    return PeerAddress.addresses(compact: bytes + [0, 0], family).first
  }

  // A peer in the long form. Names of hosts are passed over: a tracker must not choose what is
  // looked up.
  private static func peer(_ value: BencodeValue) -> PeerAddress? {
    guard let ip = value["ip"]?.string, ip.utf8.count <= 45,
      let port = value["port"]?.integer.flatMap({ UInt16(exactly: $0) })
    else { return nil }
    return PeerAddress(ip: ip, port: port)
  }
}
