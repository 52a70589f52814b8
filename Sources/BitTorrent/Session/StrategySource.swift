public import Metainfo
public import NIOCore

/// Gives torrents the strategies that decide about their transfers.
public protocol StrategySource: Sendable {
  /// The strategy of a torrent that begins to run, or nil for none.
  ///
  /// It is called on the session's event loop each time the torrent begins to run, and must not
  /// block. `seat` is where news reach the strategy from elsewhere.
  func strategy(for seat: StrategySeat) -> (any Strategy)?
}

/// Where a strategy sits: one torrent, from when it begins to run until it rests.
public struct StrategySeat: Sendable {
  /// The infohash that names the torrent in the session.
  public let id: SHA1Hash
  /// The torrent's infohashes, as far as they are known when it begins to run.
  public let hashes: InfoHashes

  private let number: UInt64
  private let entry: NIOLoopBound<Weak>
  /// The session's event loop, to which the strategy is confined.
  public let eventLoop: any EventLoop

  // A seat is held by those who bring news; it must not keep the torrent alive.
  private struct Weak {
    weak var entry: TorrentEntry?
  }

  /// The seat of a torrent that begins to run for the `number`th time; on its event loop.
  init(_ entry: TorrentEntry, number: UInt64) {
    id = entry.id
    hashes = entry.hashes
    self.number = number
    eventLoop = entry.session.eventLoop
    self.entry = NIOLoopBound(Weak(entry: entry), eventLoop: eventLoop)
  }

  /// Tells the strategy something on its event loop, then carries out what it wants done.
  ///
  /// Nothing happens once the torrent rests: strategy and peers are gone then.
  public func enter(
    _ body: @escaping @Sendable (any Strategy, inout [StrategyWish]) -> Void
  ) {
    eventLoop.execute { [entry, number] in
      guard let entry = entry.value.entry, entry.seatNumber == number, let driver = entry.driver
      else { return }
      driver.tellStrategy(body)
    }
  }

  /// Asks the strategy something on its event loop; nil once the torrent rests.
  public func ask<Value: Sendable>(
    _ body: @escaping @Sendable (any Strategy) -> Value
  ) async -> Value? {
    let answer = eventLoop.submit { [entry, number] () -> Value? in
      guard let entry = entry.value.entry, entry.seatNumber == number else { return nil }
      return entry.driver?.core.strategy.map(body)
    }
    return try? await answer.get()
  }
}
