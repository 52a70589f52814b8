package import Metainfo

/// What the session tells a torrent's core.
package enum TorrentEvent {
  /// A connection whose BitTorrent handshakes both arrived and name this torrent.
  case peerConnected(PeerHandle, PeerIntroduction)
  /// A connection ended, by the peer, by the network or by ``TorrentAction/disconnect(_:_:)``.
  case peerClosed(PeerHandle)
  /// An outgoing connection did not come to a handshake.
  case connectFailed(PeerAddress)
  /// A whole message came from the peer.
  case message(PeerHandle, PeerMessage)
  /// The peer sent what is no message: the core closes the connection and remembers the fault.
  case peerFailed(PeerHandle, PeerFault)
  /// A block that ``TorrentAction/upload(_:_:)`` asked for went to the socket.
  case uploaded(PeerHandle, BlockRequest)
  /// A block that ``TorrentAction/upload(_:_:)`` asked for cannot be read.
  case uploadFailed(PeerHandle, BlockRequest)
  /// Addresses of peers became known.
  case peersFound([PeerAddress], PeerSource)
  /// The info dictionary is known and the storage is open: at the start, or after a magnet's
  /// metadata came. `have` are the pieces that are verified, `blocks` those of unfinished pieces.
  case ready(TorrentInfo, PieceLayers, have: Bitfield, blocks: [Int: Bitfield])
  /// The metadata that ``TorrentAction/metadataArrived(_:)`` gave is no valid info dictionary.
  case metadataRefused
  /// The storage has news.
  case storage(StorageEvent)
  /// At least ``TorrentCore/tickInterval`` went by.
  case tick
  /// The strategy has news from outside and wants a batch of its own.
  case woken
}
