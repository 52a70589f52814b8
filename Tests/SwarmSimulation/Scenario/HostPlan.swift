package import BitTorrent
package import NIOCore

/// Who a host is.
package struct HostPlan {
  /// What a host begins with.
  package enum Beginning: Hashable, Sendable {
    /// Every piece.
    case everything
    /// The torrent's info and no piece.
    case nothing
    /// Not even the torrent's info.
    case magnet
    /// One of `oneIn` pieces.
    case some(oneIn: Int)
  }

  /// What it has.
  package var beginning: Beginning
  /// Its kind, for the story; nil when it is honest.
  package var kind: String?
  /// Makes a liar of it.
  package var behaviour: (() -> any Behaviour)?
  /// Bytes a second that its line carries away.
  package var lineRate = 4 << 20
  /// Whether others can connect to it.
  package var isReachable = true
  /// When it comes.
  package var joinsAt: TimeAmount = .zero
  /// Its disk.
  package var disk = DiskNature()
  /// Changes its core's configuration.
  package var configure: ((inout TorrentConfiguration) -> Void)?
  /// Makes what decides about its transfers.
  package var strategy: (() -> any Strategy)?

  /// An honest host that begins with that.
  package init(_ beginning: Beginning) { self.beginning = beginning }

  /// A liar of that kind.
  package init(_ liar: Liar) {
    self.init(liar.hasEverything ? .everything : .nothing)
    kind = liar.rawValue
    behaviour = { liar.makeBehaviour() }
  }
}
