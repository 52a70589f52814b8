internal import NIOCore

// What keeps a download from being faster, from what the core sees.
extension TorrentCore {
  /// For how long a limit or a full store that was met counts.
  private static let bottleneckMemory: TimeAmount = .seconds(1)

  /// The one thing that keeps the download from being faster; nil while nothing is downloaded.
  ///
  /// `storageWork` tells hashing from writing, where the store has no room.
  func bottleneck(at now: NIODeadline, storageWork: StorageWork?) -> TorrentBottleneck? {
    guard phase == .downloading || phase == .stalled else { return nil }
    if isStorageFailed { return .disk }
    if isStorageFull || now - storageFullAt < Self.bottleneckMemory {
      return storageWork.map { $0.hashing > $0.writing } == true ? .hash : .disk
    }
    var hasSource = false
    var mayAsk = false
    for peer in peers where peer.amInterested {
      hasSource = true
      mayAsk = mayAsk || !peer.isChoking || !peer.requests.isEmpty
    }
    if !hasSource { return .noneFound }
    if !mayAsk { return .choked }
    return now - downloadLimitedAt < Self.bottleneckMemory ? .rateLimit : .peers
  }

  /// Payload that moved both ways.
  var movedBytes: Int { downloadMeter.total &+ uploadMeter.total }

  /// Whether every one of these pieces is there.
  func hasAll(_ pieces: Range<Int>) -> Bool {
    guard let missing = picker.have.firstUnset(from: pieces.lowerBound) else { return true }
    return missing >= pieces.upperBound
  }
}
