internal import Metainfo
package import NIOCore

// The seam to whatever decides about transfers from outside; nothing of it costs without one.
extension TorrentCore {
  /// Tells the strategy that a block or piece moved.
  @inline(__always)
  func observe(_ event: @autoclosure () -> TransferEvent, _ peer: Peer) {
    guard let strategy else { return }
    strategy.observe(event(), figures: peer.figures, wishes: &wishes)
  }

  /// Tells the strategy something from outside; what it wants done is done with the batch.
  package func tellStrategy(
    _ body: (any Strategy, inout [StrategyWish]) -> Void, at now: NIODeadline
  ) {
    self.now = max(self.now, now)
    guard let strategy else { return }
    strategy.advance(to: self.now)
    body(strategy, &wishes)
  }

  /// Does what the strategy wants done.
  func carryOutWishes() {
    // Carrying one out may lead to others; a strategy that never ends waits for the next batch.
    var rounds = 0
    while !wishes.isEmpty, rounds < Self.maximumRounds {
      rounds += 1
      let batch = wishes
      wishes.removeAll(keepingCapacity: true)
      for wish in batch { carryOut(wish) }
    }
  }

  private func carryOut(_ wish: StrategyWish) {
    switch wish {
    case .send(let handle, let name, let payload):
      guard let peer = peers[handle], let local = strategyID(of: name),
        let id = peer.extensionIDs[local]
      else { return }
      send(.extended(id: id, payload: payload), to: peer)
    case .rechoke: giveSlots(anew: true)
    case .reconsider(let handle):
      if let peer = peers[handle] { reconsider(peer) }
    case .disconnect(let handle, let reason):
      if let peer = peers[handle] { disconnect(peer, .unwanted(reason)) }
    }
  }

  /// How the torrent's transfer goes.
  func strategyFigures() -> TorrentFigures {
    var figures = TorrentFigures()
    figures.isComplete = isComplete || isContradictory
    var counts = TorrentStatistics()
    countBytes(into: &counts)
    figures.bytesLeft = counts.bytesWanted - counts.bytesDone
    figures.pieceLength = info?.layout.pieceLength ?? 0
    figures.downloadRate = downloadMeter.rate(at: now)
    figures.uploadRate = uploadMeter.rate(at: now)
    figures.uploadSlots = choker.slots
    switch bottleneck(at: now, storageWork: nil) {
    case .disk, .hash, .rateLimit: figures.isLimitedHere = true
    default: break
    }
    return figures
  }

  /// Our number for an extension of the strategy.
  func strategyID(of name: String) -> UInt8? {
    strategy?.extensionNames.firstIndex(of: name).flatMap { index in
      UInt8(exactly: Int(ExtensionHandshake.LocalID.firstOfStrategies) + index)
    }
  }

  /// The strategy's extension under our number `id`.
  func strategyExtension(_ id: UInt8) -> String? {
    guard let names = strategy?.extensionNames else { return nil }
    let index = Int(id) - Int(ExtensionHandshake.LocalID.firstOfStrategies)
    return names.indices.contains(index) ? names[index] : nil
  }

  private static let maximumRounds = 16
}
