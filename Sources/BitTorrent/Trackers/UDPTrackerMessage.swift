internal import Metainfo
internal import NIOCore

/// The datagrams that are exchanged with a UDP tracker (BEP 15, 41).
enum UDPTrackerMessage {
  enum Action: UInt32 {
    case connect = 0
    case announce = 1
    case scrape = 2
    case error = 3
  }

  /// The first 8 bytes of an answer.
  struct Header {
    var action: UInt32
    var transaction: UInt32
  }

  /// How many torrents one scrape may name.
  static let maximumScrape = 74
  private static let protocolID: UInt64 = 0x417_2710_1980

  static func connect(transaction: UInt32) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeMultipleIntegers(protocolID, Action.connect.rawValue, transaction)
    return buffer
  }

  static func announce(
    _ announce: TrackerAnnounce, target: String, connection: UInt64, transaction: UInt32
  ) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeMultipleIntegers(connection, Action.announce.rawValue, transaction)
    buffer.writeBytes(announce.infoHash.bytes)
    buffer.writeBytes(announce.peerID.bytes)
    let progress = announce.progress
    buffer.writeMultipleIntegers(
      Int64(progress.downloaded), Int64(progress.left), Int64(progress.uploaded))
    let event: UInt32 =
      switch announce.event {
      case nil: 0
      case .completed: 1
      case .started: 2
      case .stopped: 3
      }
    let wanted = announce.event == .stopped ? 0 : Int32(clamping: announce.wanted)
    // The third field would be our address: the tracker sees it.
    buffer.writeMultipleIntegers(event, UInt32(0), announce.key, wanted, announce.port)
    writeTarget(target, into: &buffer)
    return buffer
  }

  // The path and query, as the option "URL data" in parts of at most 255 bytes.
  private static func writeTarget(_ target: String, into buffer: inout ByteBuffer) {
    guard target != "/" else { return }
    var rest = Array(target.utf8)[...]
    while !rest.isEmpty {
      let part = rest.prefix(255)
      buffer.writeMultipleIntegers(UInt8(2), UInt8(part.count))
      buffer.writeBytes(part)
      rest = rest.dropFirst(part.count)
    }
  }

  static func scrape(
    _ infoHashes: [SHA1Hash], connection: UInt64, transaction: UInt32
  ) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeMultipleIntegers(connection, Action.scrape.rawValue, transaction)
    for hash in infoHashes.prefix(maximumScrape) { buffer.writeBytes(hash.bytes) }
    return buffer
  }

  static func header(_ buffer: inout ByteBuffer) -> Header? {
    buffer.readMultipleIntegers(as: (UInt32, UInt32).self).map {
      Header(action: $0.0, transaction: $0.1)
    }
  }

  static func announceAnswer(
    _ buffer: inout ByteBuffer, from source: PeerAddress
  ) throws(TrackerFailure) -> TrackerAnswer {
    guard
      let (interval, leechers, seeders) = buffer.readMultipleIntegers(
        as: (UInt32, UInt32, UInt32).self)
    else { throw .malformed }
    var answer = TrackerAnswer()
    answer.interval = .seconds(min(Int(interval), 7 * 86_400))
    answer.counts = TrackerCounts(complete: Int(seeders), incomplete: Int(leechers))
    var peers = PeerCollector(source: source)
    peers.add(buffer.readableBytesView, source.family)
    answer.peers = peers.peers
    return answer
  }

  static func scrapeAnswer(
    _ buffer: inout ByteBuffer, of infoHashes: [SHA1Hash]
  ) throws(TrackerFailure) -> [SHA1Hash: TrackerCounts] {
    var result: [SHA1Hash: TrackerCounts] = [:]
    for hash in infoHashes.prefix(maximumScrape) {
      guard
        let (complete, downloaded, incomplete) = buffer.readMultipleIntegers(
          as: (UInt32, UInt32, UInt32).self)
      else { throw .malformed }
      result[hash] = TrackerCounts(
        complete: Int(complete), incomplete: Int(incomplete), downloaded: Int(downloaded))
    }
    return result
  }
}
