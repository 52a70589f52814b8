internal import Metainfo
internal import NIOCore

// What follows from having pieces: others are told, and when all are there, we want nothing more.
extension TorrentCore {
  /// Whether every piece that is wanted is there.
  var isComplete: Bool { info != nil && picker.wanted.isEmpty && !isWithholding }

  /// Whether pieces are kept back because nothing here could verify them yet.
  var isWithholding: Bool { layerExchange != nil && info?.hasV1 == false }

  /// Tells peers of the pieces verified since the last batch, each only what it lacks.
  func tellFreshPieces() {
    for peer in peers {
      for piece in freshPieces where !peer.pieces[piece] && isShown(piece, to: peer) {
        send(.have(piece: piece), to: peer)
      }
    }
    freshPieces.removeAll(keepingCapacity: true)
  }

  /// Says so when all is there, and lets go of those who can't use us.
  func checkCompletion() {
    guard isComplete, !hasSaidCompleted else { return }
    hasSaidCompleted = true
    actions.append(.completed)
    for peer in peers where peer.shown == nil {
      if let id = peer.extensionIDs[ExtensionHandshake.LocalID.uploadOnly] {
        send(UploadOnly(true).message(id: id), to: peer)
      }
    }
    // Others hear of the last pieces before any connection ends.
    tellFreshPieces()
    for peer in peers { closeIfBothComplete(peer) }
    giveSlots(anew: true)
  }

  /// Ends a connection of which neither side has any use.
  func closeIfBothComplete(_ peer: Peer) {
    guard configuration.disconnectsSeeds, isComplete, !peer.isInterested || peer.isSeed,
      peer.isSeed || peer.isUploadOnly, strategy?.keeps(peer.handle) != true
    else { return }
    disconnect(peer, .bothComplete)
  }

  /// What is wanted has changed: interest is found out anew.
  func wantedChanged() {
    isWantedStale = false
    for peer in peers {
      peer.interesting = peer.pieces.commonCount(with: picker.wanted)
      updateInterest(in: peer)
      if peer.amInterested { touch(peer) }
    }
    if isComplete {
      checkCompletion()
    } else if hasSaidCompleted {
      hasSaidCompleted = false
      for peer in peers {
        showAll(to: peer)
        if let id = peer.extensionIDs[ExtensionHandshake.LocalID.uploadOnly] {
          send(UploadOnly(false).message(id: id), to: peer)
        }
      }
      mayConnect = true
    }
  }

  /// A piece is not here any more: it is fetched again, and peers that asked for it are told.
  func lose(_ piece: Int) {
    guard picker.have[piece] else { return }
    picker.pieceLost(piece)
    countedBytes = nil
    actions.append(.discard(piece: piece))
    for peer in peers {
      if isShown(piece, to: peer),
        let id = peer.extensionIDs[ExtensionHandshake.LocalID.dontHave]
      {
        send(DontHave(piece: piece).message(id: id), to: peer)
      }
      let gone = peer.uploads.removeAll { $0.piece == piece }
      for block in gone {
        observe(.dropped(block, of: peer.handle), peer)
        refuse(block, of: peer)
      }
    }
    wantedChanged()
  }
}
