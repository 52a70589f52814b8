internal import BitTorrent
internal import Metainfo
internal import NIOCore
internal import TestSupport

extension Scenario {
  /// The scenario of a seed: `hosts` hosts of all kinds on a network and disks of all kinds.
  ///
  /// The first host is an honest seed that stays, so that all can complete.
  package init(seed: UInt64, hosts count: Int = 100, pieces: Int = 64) throws {
    var random = SeededGenerator(seed: seed)
    let version: TorrentInfo.Version = [.v1, .v1, .v1, .hybrid, .v2][
      Int.random(in: 0..<5, using: &random)]
    let torrent = try SimulatedTorrent(
      version, pieces: pieces, tail: Int.random(in: 1...32_768, using: &random),
      seed: random.next())
    self.init(torrent, [], seed: seed)
    network = .random(using: &random)
    let isCalm = Int.random(in: 0..<4, using: &random) == 0
    let liars = isCalm ? 0 : Int.random(in: 0...count / 3, using: &random)
    let seeds = Int.random(in: 1...4, using: &random)
    hosts = (0..<count).map { index in
      var host: HostPlan
      if index < seeds {
        host = HostPlan(.everything)
      } else if index < seeds + liars {
        host = HostPlan(Liar.allCases.randomElement(using: &random) ?? .mute)
      } else {
        host = HostPlan(.leech(using: &random))
      }
      host.vary(index: index, isSeed: index < seeds, pieces: pieces, using: &random)
      return host
    }
    if !isCalm { addFaults(after: seeds, using: &random) }
  }

  private mutating func addFaults(after first: Int, using random: inout SeededGenerator) {
    for _ in 0..<Int.random(in: 0...hosts.count / 5, using: &random) {
      let host = Int.random(in: 1..<hosts.count, using: &random)
      let isGone = Int.random(in: 0..<5, using: &random) == 0
      faults.append(
        Fault(
          at: .milliseconds(Int64.random(in: 500...60_000, using: &random)), host: host,
          Death.allCases.randomElement(using: &random) ?? .kill,
          absence: isGone ? nil : .milliseconds(Int64.random(in: 100...40_000, using: &random))))
    }
  }
}

extension HostPlan.Beginning {
  fileprivate static func leech(using random: inout SeededGenerator) -> Self {
    switch Int.random(in: 0..<10, using: &random) {
    case 0: .magnet
    case 1: .some(oneIn: 3)
    default: .nothing
    }
  }
}

extension HostPlan {
  fileprivate mutating func vary(
    index: Int, isSeed: Bool, pieces: Int, using random: inout SeededGenerator
  ) {
    // From 32 KiB/s to 8 MiB/s; whoever must give the first copies is not the slowest.
    lineRate = (32 << 10) << Int.random(in: isSeed ? 4...8 : 0...8, using: &random)
    isReachable = isSeed || Int.random(in: 0..<8, using: &random) != 0
    if index > 0, Int.random(in: 0..<3, using: &random) == 0 {
      joinsAt = .milliseconds(Int64.random(in: 0...45_000, using: &random))
    }
    disk.vary(pieceCount: pieces, isFirst: index == 0, using: &random)
    let connections = Int.random(in: 15...40, using: &random)
    configure = { $0.maximumConnections = connections }
  }
}

extension DiskNature {
  fileprivate mutating func vary(
    pieceCount: Int, isFirst: Bool, using random: inout SeededGenerator
  ) {
    func span() -> Range<NIODeadline> {
      let from =
        SimulatedSwarm.start + .milliseconds(Int64.random(in: 0...30_000, using: &random))
      return from..<from + .milliseconds(Int64.random(in: 500...40_000, using: &random))
    }
    switch Int.random(in: 0..<12, using: &random) {
    case 0:
      writeRate = (64 << 10) << Int.random(in: 0...4, using: &random)
      readDelay = .milliseconds(Int64.random(in: 1...100, using: &random))
      memoryBytes = (32 << 10) << Int.random(in: 1...4, using: &random)
    case 1: full = [span(), span()]
    case 2 where !isFirst:
      unreadable[Int.random(in: 0..<pieceCount, using: &random)] = span()
    case 3: memoryBytes = 64 << 10
    default: break
    }
  }
}

extension NetworkNature {
  fileprivate static func random(using random: inout SeededGenerator) -> Self {
    var network = NetworkNature()
    let longest = [10, 60, 150, 300].randomElement(using: &random) ?? 60
    network.latency = 1...longest
    network.jitter = Bool.random(using: &random) ? longest / 4 : 0
    network.lossOneIn = [0, 0, 1_000, 100, 20].randomElement(using: &random) ?? 0
    network.resets = [0, 0, 1, 5].randomElement(using: &random) ?? 0
    network.stalls = [0, 0, 2, 10].randomElement(using: &random) ?? 0
    network.fragments = Int.random(in: 0..<3, using: &random) == 0
    network.window = (16 << 10) << Int.random(in: 0...5, using: &random)
    network.addressesPerAnnounce = Int.random(in: 10...50, using: &random)
    return network
  }
}
