internal import BitTorrent
internal import Foundation
internal import Metainfo
internal import Speed
internal import Synchronization

/// Everybody in the demo's swarm.
final class DemoSwarm: Sendable {
  let folder: String
  let metainfo: Metainfo
  let uploadRate: Int
  let hasTransmission: Bool

  private struct Members {
    var seeder: DemoPeer?
    var paying: DemoPeer?
    var free: [DemoPeer] = []
    var transmission: DemoTransmission?
  }
  private let members = Mutex(Members())

  /// When each had all, counted from the start.
  struct Finish: Sendable {
    var paid: Duration
    var free: [Duration]
    var names: [String]
  }

  /// A line of the live view.
  struct Row: Sendable {
    var name: String
    var percent: Double
    var downRate: Int64
    var upRate: Int64
    var completeAfter: Duration?
  }

  init(folder: String, metainfo: Metainfo, uploadRate: Int, hasTransmission: Bool) {
    self.folder = folder
    self.metainfo = metainfo
    self.uploadRate = uploadRate
    self.hasTransmission = hasTransmission
  }

  /// Starts the seeder, then all leechers.
  func start(
    selling: SpeedMarkets, buying: SpeedMarkets, _ view: DemoView
  ) async throws {
    let own = uploadRate / 16
    view.step("A swarm: the seeder's upload is limited, a fifth of it free")
    let seeder = try await DemoPeer.start(
      "seeder", metainfo, in: folder + "/source", uploadLimit: uploadRate, strategies: selling)
    members.withLock { $0.seeder = seeder }
    view.say("seeder   \(seeder.session.address), \(TransferReport.size(Int64(uploadRate)))/s up")
    for await status in seeder.torrent.updates where status.phase == .seeding { break }
    let paying = try await DemoPeer.start(
      "paying", metainfo, in: try directory("paying"), uploadLimit: own, strategies: buying)
    members.withLock { $0.paying = paying }
    for number in 1...(hasTransmission ? 2 : 3) {
      let name = "free \(number)"
      let peer = try await DemoPeer.start(
        name, metainfo, in: try directory(name), uploadLimit: own)
      members.withLock { $0.free.append(peer) }
    }
    if hasTransmission {
      let other = try await DemoTransmission.start(
        metainfo, in: try directory("transmission"), uploadLimit: own)
      members.withLock { $0.transmission = other }
      // It takes no loopback peers from trackers.
      seeder.torrent.addPeers([other.address])
    }
    view.say("leechers one pays, three do not; \(TransferReport.size(Int64(own)))/s up each")
  }

  private func directory(_ name: String) throws -> String {
    let path = folder + "/" + name.replacing(" ", with: "-")
    try Files.createDirectory(path)
    return path
  }

  /// Returns when all leechers have all, and shows how it goes meanwhile.
  func run(
    within patience: Duration, _ show: @escaping @Sendable () async -> Void
  ) async throws -> Finish {
    let (paying, free, transmission) = members.withLock {
      ($0.paying, $0.free, $0.transmission)
    }
    guard let paying else { throw CommandFailure(.failed, "the swarm has not started") }
    let start = ContinuousClock.now
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for peer in [paying] + free {
        group.addTask {
          try await peer.complete(since: start)
          return true
        }
      }
      if let transmission {
        group.addTask {
          try await transmission.complete(since: start)
          return true
        }
      }
      group.addTask {
        while ContinuousClock.now - start < patience {
          try await Task.sleep(for: .milliseconds(500))
          await self.refresh()
          await show()
        }
        throw CommandFailure(.timeout, "not everybody had all within \(patience)")
      }
      defer { group.cancelAll() }
      var waiting = 1 + free.count + (transmission == nil ? 0 : 1)
      while waiting > 0, let isDone = try await group.next() {
        if isDone { waiting -= 1 }
      }
    }
    await refresh()
    await show()
    let others =
      free.map { ($0.name, $0.now.completeAfter) }
      + (transmission.map { [("transmission", $0.completeAfter)] } ?? [])
    return Finish(
      paid: paying.now.completeAfter ?? .zero, free: others.compactMap(\.1),
      names: others.map(\.0))
  }

  private var peers: [DemoPeer] {
    members.withLock { members in
      [members.seeder, members.paying].compactMap(\.self) + members.free
    }
  }

  private func refresh() async {
    for peer in peers { await peer.refresh() }
  }

  /// How everybody stands.
  func rows() -> [Row] {
    let rows = peers.map { peer in
      let now = peer.now
      let transfer = now.status.transfer
      return Row(
        name: peer.name,
        percent: transfer.bytesWanted > 0
          ? Double(transfer.bytesDone) * 100 / Double(transfer.bytesWanted) : 0,
        downRate: transfer.downloadRate, upRate: transfer.uploadRate,
        completeAfter: now.completeAfter)
    }
    guard let other = members.withLock({ $0.transmission }) else { return rows }
    return rows + [
      Row(
        name: "transmission", percent: other.percent, downRate: 0, upRate: 0,
        completeAfter: other.completeAfter)
    ]
  }

  /// Holds everybody's file against the seeder's.
  func check(_ checks: inout DemoChecks) throws {
    let name = metainfo.info.name
    let original = try Data(
      contentsOf: URL(fileURLWithPath: "\(folder)/source/\(name)"), options: .alwaysMapped)
    let folders =
      ["paying"] + members.withLock { $0.free.map { $0.name.replacing(" ", with: "-") } }
      + (hasTransmission ? ["transmission"] : [])
    for leecher in folders {
      let copy = try? Data(
        contentsOf: URL(fileURLWithPath: "\(folder)/\(leecher)/\(name)"), options: .alwaysMapped)
      checks.check("\(leecher) has the file, byte for byte", copy == original)
    }
  }

  /// Ends everybody.
  func stop() async {
    let other = members.withLock { $0.transmission }
    await other?.stop()
    await withTaskGroup(of: Void.self) { group in
      for peer in peers { group.addTask { await peer.stop() } }
    }
  }
}
