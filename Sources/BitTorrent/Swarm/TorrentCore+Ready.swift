internal import Metainfo
internal import NIOCore

extension TorrentCore {
  /// The info is known and the storage open: what peers said can be understood, and asking begins.
  func begin(
    _ info: TorrentInfo, layers: PieceLayers, have: Bitfield, blocks: [Int: Bitfield]
  ) {
    guard self.info == nil else { return }
    let isLate = !peers.isEmpty
    self.info = info
    countedBytes = nil
    self.layers = layers
    metadata = nil
    isMetadataWanted = false
    let layout = info.layout
    picker = PiecePicker(
      pieceCount: layout.pieceCount, length: { layout.dataLength(ofPiece: $0) }, using: &random)
    picker.isSequential = configuration.sequential
    have.forEachSet { picker.pieceVerified($0) }
    for (piece, blocks) in blocks.sorted(by: { $0.key < $1.key }) where !have[piece] {
      _ = picker.restore(piece, blocks: blocks)
    }
    layerExchange = LayerExchange(info, layers: layers)
    withholdUnverifiable()
    areHashesWanted = layerExchange != nil
    if info.isPrivate {
      for peer in book.becomePrivate() {
        if let peer = peers[peer] { disconnect(peer, .unwanted(PeerBook.unfitReason)) }
      }
    }
    if isSuperSeeding {
      for peer in peers { peer.shown = ShownPieces(pieceCount: layout.pieceCount, at: now) }
    }
    for peer in peers { understand(peer) }
    if isLate { for peer in peers { introduceAgain(to: peer) } }
    areSlotsOpen = true
    mayConnect = true
    checkCompletion()
    // What a strategy decides by is not kept from it until the next tick.
    if let strategy { strategy.tick(strategyFigures(), wishes: &wishes) }
  }

  private func understand(_ peer: Peer) {
    let said = peer.unknownPieces
    peer.unknownPieces = UnknownPieces()
    guard let pieces = said.resolved(pieceCount: picker.have.bitCount) else {
      return fault(.invalidBitfield, of: peer)
    }
    learn(pieces, of: peer)
  }

  // Peers that came before the info was known heard nothing of what we have, or can give.
  private func introduceAgain(to peer: Peer) {
    sendExtensions(to: peer)
    guard peer.shown == nil else { return }
    picker.have.forEachSet { piece in
      if !peer.pieces[piece] { send(.have(piece: piece), to: peer) }
    }
  }
}
