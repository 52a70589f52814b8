package import NIOCore
package import Primitives

/// What a torrent's core wants done.
package enum TorrentAction {
  /// Dial this address; ends in `peerConnected` or `connectFailed`.
  case connect(PeerAddress)
  /// Close the connection; a fault is remembered against the address.
  case disconnect(PeerHandle, PeerCloseReason)
  /// Send a message, in order with every other of this peer.
  case send(PeerHandle, PeerMessage)
  /// Read the blocks from storage and send each as `piece`, in order with other messages; each
  /// ends in `uploaded` or `uploadFailed`. Many at once are read and written together.
  case upload(PeerHandle, [BlockRequest])
  /// Keep a block that came from a peer: it is hashed, written, and its piece verified.
  case store(BlockRequest, ByteBuffer, from: PeerHandle)
  /// Forget what is stored of a piece that will be fetched anew.
  case discard(piece: Int)
  /// The whole info dictionary came from peers and matches the infohash.
  case metadataArrived([UInt8])
  /// A file's piece layer came from peers and matches its root (BEP 52).
  case pieceLayerArrived(root: Hash256, hashes: [UInt8])
  /// The leaves of a piece that is under way came from a peer and match its root, 32 bytes for each
  /// of its blocks.
  case leavesArrived(piece: Int, leaves: [UInt8])
  /// Hashes of a v2 file's tree are wanted for a peer: answer by `hashes` or `hashReject`.
  case answerHashes(PeerHandle, HashRequest)
  /// Every wanted piece is verified and written; said once.
  case completed
  /// Announce again soon: there are too few peers.
  case wantPeers
}
