internal import Metainfo
package import NIOCore

extension TorrentCore {
  /// How the torrent stands.
  ///
  /// - Complexity: O(peers), and O(pieces) after a piece was verified or lost.
  package func statistics(at now: NIODeadline) -> TorrentStatistics {
    self.now = max(self.now, now)
    var statistics = TorrentStatistics()
    statistics.phase = phase
    statistics.pieceCount = picker.have.bitCount
    statistics.piecesDone = picker.have.setCount
    countBytes(into: &statistics)
    statistics.downloaded = Int64(clamping: downloadMeter.total)
    statistics.uploaded = Int64(clamping: uploadMeter.total)
    statistics.wasted = wasted
    statistics.failed = failed
    statistics.downloadRate = Int64(clamping: downloadMeter.rate(at: self.now))
    statistics.uploadRate = Int64(clamping: uploadMeter.rate(at: self.now))
    statistics.connections = peers.count
    for peer in peers {
      if peer.isSeed { statistics.seeds += 1 }
      if !peer.isChoking { statistics.unchokingUs += 1 }
      if !peer.amChoking { statistics.unchoked += 1 }
      statistics.requestsOpen += peer.requests.count
      statistics.requestsQueued += peer.uploads.count
    }
    statistics.candidates = max(0, book.count - peers.count)
    statistics.banned = book.banCount
    return statistics
  }

  /// What the torrent is about.
  package var phase: TorrentStatistics.Phase {
    if isPaused { return .paused }
    if info == nil { return .metadata }
    if isStorageFailed { return .stalled }
    return isComplete ? .seeding : .downloading
  }

  func countBytes(into statistics: inout TorrentStatistics) {
    guard let layout = info?.layout else { return }
    if let countedBytes { return (statistics.bytesWanted, statistics.bytesDone) = countedBytes }
    defer { countedBytes = (statistics.bytesWanted, statistics.bytesDone) }
    let isSkipping = priorities.contains(0)
    if !isSkipping {
      statistics.bytesWanted = Int64(clamping: layout.payloadLength)
      if picker.have.isFull { statistics.bytesDone = statistics.bytesWanted }
    }
    guard isSkipping || !picker.have.isFull else { return }
    var wanted = 0
    var done = 0
    for piece in 0..<layout.pieceCount where userPriority(of: piece) > 0 {
      let length = layout.dataLength(ofPiece: piece)
      wanted += length
      if picker.have[piece] { done += length }
    }
    statistics.bytesWanted = Int64(clamping: wanted)
    statistics.bytesDone = Int64(clamping: done)
  }
}
