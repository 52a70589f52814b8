internal import BitTorrent
internal import Foundation
internal import KeyValueStore
internal import Metainfo
internal import NIOCore
internal import NIOPosix
internal import Synchronization
internal import TestSupport

/// A storage in a folder of its own, and all that it reports.
final class StorageRig: Sendable {
  private struct State {
    var events: [StorageEvent] = []
    var waiter: (condition: @Sendable ([StorageEvent]) -> Bool, CheckedContinuation<Void, Never>)?
  }

  static let pool = DiskPool(threads: 2)

  let torrent: DiskTorrent
  let storage: TorrentStorage
  private let recorder: Recorder

  final class Recorder: Sendable {
    private let state = Mutex(State())

    func add(_ events: [StorageEvent]) {
      let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
        state.events += events
        guard let waiter = state.waiter, waiter.condition(state.events) else { return nil }
        state.waiter = nil
        return waiter.1
      }
      waiter?.resume()
    }

    func wait(until condition: @escaping @Sendable ([StorageEvent]) -> Bool) async {
      await withCheckedContinuation { continuation in
        let isMet = state.withLock { state in
          if condition(state.events) { return true }
          state.waiter = (condition, continuation)
          return false
        }
        if isMet { continuation.resume() }
      }
    }

    var events: [StorageEvent] { state.withLock { $0.events } }
  }

  init(
    _ torrent: DiskTorrent, in folder: String, resume: (any KeyValueStore)? = nil,
    pool: DiskPool = StorageRig.pool,
    _ change: (inout StorageConfiguration) -> Void = { _ in }
  ) {
    self.torrent = torrent
    let recorder = Recorder()
    self.recorder = recorder
    var configuration = StorageConfiguration(directory: folder)
    configuration.retryInterval = .milliseconds(5)
    change(&configuration)
    storage = TorrentStorage(
      torrent.info, layers: torrent.metainfo.pieceLayers, configuration: configuration,
      pool: pool, eventLoop: MultiThreadedEventLoopGroup.singleton.next(),
      resume: resume.map(ResumeStore.init)
    ) { recorder.add($0) }
  }

  func open() async throws -> TorrentStorage.Opened { try await storage.open().get() }

  func close() async throws { try await storage.close().get() }

  func wait(until condition: @escaping @Sendable ([StorageEvent]) -> Bool) async {
    await recorder.wait(until: condition)
  }

  /// Gives blocks as a session does: when the store is full, only once it has room again.
  func give(_ blocks: [ReceivedBlock]) async throws {
    storage.receive(blocks)
    // What was reported until now arrives before this does.
    try await storage.eventLoop.submit {}.get()
    await wait { $0.fullCount == $0.relievedCount }
  }

  /// Gives pieces in whole and waits until each is verified.
  func fetch(_ pieces: some Sequence<Int>) async {
    let pieces = Array(pieces)
    storage.receive(torrent.blocks(pieces))
    await wait { events in Set(pieces).isSubset(of: events.verified) }
  }

  var events: [StorageEvent] { recorder.events }
}

extension [StorageEvent] {
  var verified: Set<Int> {
    Set(compactMap { if case .pieceVerified(let piece) = $0 { piece } else { nil } })
  }

  var failed: [Int] {
    compactMap { if case .pieceFailed(let piece, _, _) = $0 { piece } else { nil } }
  }

  var contradicted: [Int] {
    compactMap { if case .pieceContradicts(let piece) = $0 { piece } else { nil } }
  }

  /// The blocks of a piece that were found right and wrong by their leaves.
  func judged(_ index: Int) -> (right: [Int], wrong: [Int]) {
    reduce(into: ([], [])) { sum, event in
      guard case .blocksJudged(index, let right, let wrong) = event else { return }
      sum.0 += right
      sum.1 += wrong
    }
  }

  var failures: [StorageError] {
    compactMap { if case .failed(let error) = $0 { error } else { nil } }
  }

  var fullCount: Int { count { if case .full = $0 { true } else { false } } }
  var relievedCount: Int { count { if case .relieved = $0 { true } else { false } } }
  var recoveredCount: Int { count { if case .recovered = $0 { true } else { false } } }
}
