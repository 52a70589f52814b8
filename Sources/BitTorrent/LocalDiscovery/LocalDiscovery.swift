public import Metainfo
public import NIOCore

/// Finds peers of our torrents on the local network and lets them find us, without sockets or
/// clock (BEP 14).
///
/// A torrent is announced every five minutes, and all together at most once a minute. A host gets
/// few announcements in a minute through, and only names itself: peers are at the address that the
/// datagram came from.
public struct LocalDiscovery {
  /// How often a torrent is announced.
  public static let interval = TimeAmount.minutes(5)
  /// The least time between two announcements.
  public static let pause = TimeAmount.minutes(1)
  /// How many announcements of one host are heard in a minute.
  public static let datagramsPerHost = 20
  /// How many hosts are heard in a minute.
  public static let maximumHosts = 256
  // Datagrams of one round; the torrents that are left over come in the next.
  private static let datagramsPerRound = 16

  /// The group for each kind of addresses.
  public static func group(_ family: PeerAddress.Family) -> PeerAddress {
    switch family {
    case .ipv4: PeerAddress(ipv4: 0xefc0_988f, port: 6_771)
    case .ipv6: PeerAddress(high: 0xff15_0000_0000_0000, low: 0xefc0_988f, port: 6_771)
    }
  }

  private let port: UInt16
  private let cookie: String
  private var torrents: Set<SHA1Hash> = []
  // Those announced last stand last, and some that are no torrents of ours any more.
  private var queue: [(hash: SHA1Hash, due: NIODeadline)] = []
  private var nextRound: NIODeadline
  private var heard: [PeerAddress: Int] = [:]
  private var heardUntil: NIODeadline

  /// Discovery for a session that takes connections at `port`.
  public init(port: UInt16, random: inout some RandomNumberGenerator, at now: NIODeadline) {
    self.port = port
    cookie = "btt-" + String(random.next() as UInt64, radix: 16)
    nextRound = now
    heardUntil = now
  }

  /// Announces a torrent from now on.
  public mutating func add(_ infoHash: SHA1Hash, at now: NIODeadline) {
    if queue.count > torrents.count {
      queue.removeAll { [torrents] in !torrents.contains($0.hash) }
    }
    if torrents.insert(infoHash).inserted { queue.append((infoHash, now)) }
  }

  /// Does not announce a torrent any more.
  public mutating func remove(_ infoHash: SHA1Hash) { torrents.remove(infoHash) }

  /// What is to be sent now to the group of each of the given kinds.
  public mutating func tick(
    _ families: [PeerAddress.Family], at now: NIODeadline
  ) -> [(datagram: [UInt8], group: PeerAddress)] {
    guard now >= nextRound, !families.isEmpty else { return [] }
    let limit = LocalAnnouncement.maximumTorrents * Self.datagramsPerRound
    var hashes: [SHA1Hash] = []
    queue.removeAll { [torrents] entry in
      guard torrents.contains(entry.hash) else { return true }
      guard entry.due <= now, hashes.count < limit else { return false }
      hashes.append(entry.hash)
      return true
    }
    guard !hashes.isEmpty else { return [] }
    queue += hashes.map { ($0, now + Self.interval) }
    nextRound = now + Self.pause
    return stride(from: 0, to: hashes.count, by: LocalAnnouncement.maximumTorrents).flatMap {
      start in
      let part = Array(hashes[start...].prefix(LocalAnnouncement.maximumTorrents))
      return families.map { family in
        let group = Self.group(family)
        let announcement = LocalAnnouncement(
          host: group.description, port: port, infoHashes: part, cookie: cookie)
        return (announcement.encoded, group)
      }
    }
  }

  /// Takes a datagram in, and tells where peers of our torrents are.
  public mutating func receive(
    _ datagram: [UInt8], from address: PeerAddress, at now: NIODeadline
  ) -> [(infoHash: SHA1Hash, peer: PeerAddress)] {
    // Whoever is far away can send to the port, too. Without its zone, a link's address leads
    // nowhere.
    guard address.isLocal, !address.isLinkLocal, admits(address, at: now),
      let announcement = LocalAnnouncement(datagram), announcement.cookie != cookie
    else { return [] }
    var peer = address
    peer.port = announcement.port
    return announcement.infoHashes.filter(torrents.contains).map { ($0, peer) }
  }

  private mutating func admits(_ address: PeerAddress, at now: NIODeadline) -> Bool {
    if now >= heardUntil {
      heard.removeAll(keepingCapacity: true)
      heardUntil = now + .minutes(1)
    }
    let count = heard[address.host] ?? 0
    guard count < Self.datagramsPerHost, count > 0 || heard.count < Self.maximumHosts else {
      return false
    }
    heard[address.host] = count + 1
    return true
  }
}

extension PeerAddress {
  /// Whether it is an IPv6 address of one link, which needs the name of the link beside it.
  fileprivate var isLinkLocal: Bool { high >> 54 == 0xfe80 >> 6 }
}
