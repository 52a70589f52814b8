package import NIOCore

/// One torrent's mind: peers' protocol state, what to ask of whom, whom to serve, whom to believe.
///
/// It has no sockets, disk, clock or randomness of its own. The session tells it what happened by
/// ``handle(_:at:)``, as many times as there is news, then takes what follows by
/// ``takeActions(at:into:)`` and carries it out in order. Work that many events share (asking for
/// blocks, serving, telling what we have) is done once a batch, as the actions are taken. It is
/// confined to one event loop.
package final class TorrentCore {
  /// How often ``TorrentEvent/tick`` is wanted; nothing that makes transfers fast waits for it.
  package static let tickInterval: TimeAmount = .milliseconds(500)

  /// What it was told when it was made.
  package let configuration: TorrentConfiguration
  /// What it wants done, oldest first.
  var actions: [TorrentAction] = []

  /// A core that knows no peer yet; `seed` feeds every random choice it makes.
  package init(
    configuration: TorrentConfiguration, strategy: (any Strategy)? = nil, seed: UInt64,
    now: NIODeadline
  ) {
    self.configuration = configuration
  }

  /// Takes in one event; what follows from it comes by ``takeActions(at:into:)``.
  package func handle(_ event: TorrentEvent, at now: NIODeadline) {}

  /// Ends a batch of events and puts what is to be done in `batch`, oldest first; what was in
  /// `batch` is dropped, its memory used again.
  package func takeActions(at now: NIODeadline, into batch: inout [TorrentAction]) {
    batch.removeAll(keepingCapacity: true)
    swap(&actions, &batch)
  }

  /// How the torrent stands.
  package func statistics(at now: NIODeadline) -> TorrentStatistics { TorrentStatistics() }
}
