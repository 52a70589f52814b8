package import NIOCore

/// One torrent's mind: peers' protocol state, what to ask of whom, whom to serve, whom to believe.
///
/// It has no sockets, disk, clock or randomness of its own. The session tells it what happened by
/// ``handle(_:at:)``, then carries out ``actions``, in order, and empties them by
/// ``removeActions()``. It is confined to one event loop.
package final class TorrentCore {
  /// How often ``TorrentEvent/tick`` is wanted; nothing that makes transfers fast waits for it.
  package static let tickInterval: TimeAmount = .milliseconds(500)

  /// What it was told when it was made.
  package let configuration: TorrentConfiguration
  /// What it wants done, oldest first.
  package internal(set) var actions: [TorrentAction] = []

  /// A core that knows no peer yet; `seed` feeds every random choice it makes.
  package init(
    configuration: TorrentConfiguration, strategy: (any Strategy)? = nil, seed: UInt64,
    now: NIODeadline
  ) {
    self.configuration = configuration
  }

  /// Takes in one event; what follows from it is appended to ``actions``.
  package func handle(_ event: TorrentEvent, at now: NIODeadline) {}

  /// Says that ``actions`` were carried out.
  package func removeActions() { actions.removeAll(keepingCapacity: true) }

  /// How the torrent stands.
  package func statistics(at now: NIODeadline) -> TorrentStatistics { TorrentStatistics() }
}
