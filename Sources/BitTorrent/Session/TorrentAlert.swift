public import Metainfo

/// Something happened to a torrent of a session.
public struct TorrentAlert: Sendable {
  /// What happened.
  public enum Kind: Sendable {
    /// It was added.
    case added
    /// Its info dictionary came from peers.
    case metadata
    /// It is about something else now.
    case phase(TorrentStatus.Phase)
    /// All bytes of a file are verified and written; by its index among the torrent's files.
    case fileCompleted(index: Int, path: String)
    /// All that is wanted is verified and written.
    case completed
    /// A tracker failed, or has something to say.
    case tracker(message: String)
    /// It cannot go on, or waits until the disk can be used again.
    case failed(StorageError)
    /// It is gone from the session.
    case removed
  }

  /// Counts a session's alerts from 1: whoever sees a gap was too slow, and has missed some.
  public var number: UInt64
  /// The torrent's infohashes.
  public var hashes: InfoHashes
  /// The infohash that names the torrent in the session.
  public var id: SHA1Hash
  /// The torrent's name, once it is known.
  public var name: String?
  /// What happened.
  public var kind: Kind
}

/// Those who listen to a session's alerts, each with a bounded buffer that drops the oldest.
struct AlertHub {
  private var listeners: [Int: AsyncStream<TorrentAlert>.Continuation] = [:]
  private var nextListener = 0
  private var number: UInt64 = 0

  /// Whether anybody listens.
  var hasListeners: Bool { !listeners.isEmpty }

  /// Adds a listener; returns what ``remove(_:)`` takes.
  mutating func add(_ continuation: AsyncStream<TorrentAlert>.Continuation) -> Int {
    nextListener += 1
    listeners[nextListener] = continuation
    return nextListener
  }

  /// Removes a listener.
  mutating func remove(_ listener: Int) { listeners[listener] = nil }

  /// Tells everybody.
  mutating func post(_ kind: TorrentAlert.Kind, of entry: TorrentEntry) {
    number += 1
    guard hasListeners else { return }
    let alert = TorrentAlert(
      number: number, hashes: entry.hashes, id: entry.id, name: entry.status.name, kind: kind)
    for listener in listeners.values { listener.yield(alert) }
  }

  /// Ends all streams.
  mutating func finish() {
    for listener in listeners.values { listener.finish() }
    listeners = [:]
  }
}
