package import NIOCore

// Who gets how much of a limited upload rate, where a strategy weighs peers.
//
// Each peer has a count of what it was served, divided by its weight; the next block goes to the
// lowest count among those with something to serve. So the rate is divided by weight among them,
// and nothing of it lies idle while anybody waits. Who was away begins where the others are: time
// without wanting anything earns no credit.
extension TorrentCore {
  /// Whether the strategy's weights divide the upload rate.
  var sharesUploads: Bool { strategy != nil && uploadLimits.contains { $0.rate != nil } }

  /// Serves those who wait for the upload rate; to be called every few hundredths of a second while
  /// ``awaitsUploadRate``, so that the rate is used evenly and by the right ones.
  package func takeTurns(at now: NIODeadline) {
    self.now = max(self.now, now)
    awaitsUploadRate = false
    areTurnsDue = true
  }

  /// Serves peers by turns of a block, until the rate is used up or nobody waits.
  func shareUploads() {
    areTurnsDue = false
    guard !isPaused else { return }
    var waiting: [Peer] = []
    for peer in peers {
      if canServe(peer) {
        if !peer.isAwaitingTurn { peer.share = max(peer.share, shareFloor) }
        peer.isAwaitingTurn = true
        waiting.append(peer)
      } else {
        peer.isAwaitingTurn = false
      }
    }
    var batches: [PeerHandle: [BlockRequest]] = [:]
    while let index = waiting.indices.min(by: { waiting[$0].share < waiting[$1].share }) {
      let peer = waiting[index]
      guard canServe(peer), let length = peer.uploads.nextLength else {
        peer.isAwaitingTurn = false
        waiting.remove(at: index)
        continue
      }
      guard claimWhole(length) else {
        awaitsUploadRate = true
        break
      }
      guard let block = peer.uploads.next() else { continue }
      shareFloor = peer.share
      peer.share += block.length * Self.shareScale / min(max(peer.weight, 1), Self.shareScale)
      peer.lastSent = now
      batches[peer.handle, default: []].append(block)
    }
    for peer in peers {
      if let batch = batches[peer.handle] { actions.append(.upload(peer.handle, batch)) }
    }
  }

  private func canServe(_ peer: Peer) -> Bool {
    !peer.isGone && !peer.uploads.isEmpty
      && peer.uploads.bytesInFlight < configuration.uploadWindow
  }

  /// The greatest weight that counts; counts are in this part of a byte.
  private static let shareScale = 1_000
}
