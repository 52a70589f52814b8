internal import NIOCore
internal import Synchronization

/// The open connections of a server: how many there may be, and who goes first.
final class RPCConnections: Sendable {
  private struct Entry {
    var channel: any Channel
    /// Since when the caller has had to send something, or nil while a task works for it.
    var idleSince: NIODeadline?
    /// Whether it gets events, which never end by themselves.
    var isSubscribed = false
  }

  private struct State {
    var entries: [ObjectIdentifier: Entry] = [:]
    var isStopping = false
    var freeBytes: Int
    var waiter: CheckedContinuation<Void, Never>?
  }

  /// How much of a body each connection may hold without asking: ordinary calls are shorter.
  static let freeBodyBytes = 64 * 1024

  private let limit: Int
  private let state: Mutex<State>

  init(limit: Int, bodyBytes: Int) {
    self.limit = limit
    state = Mutex(State(freeBytes: bodyBytes))
  }

  /// Takes a new connection in, or gives false when there is no room for it.
  func admit(_ channel: any Channel) -> Bool {
    let (isAdmitted, evicted) = state.withLock { state -> (Bool, (any Channel)?) in
      guard !state.isStopping else { return (false, nil) }
      var evicted: (any Channel)?
      if state.entries.count >= limit {
        let idle = state.entries.lazy.compactMap { id, entry in entry.idleSince.map { (id, $0) } }
        guard let oldest = idle.min(by: { $0.1 < $1.1 })?.0 else { return (false, nil) }
        evicted = state.entries.removeValue(forKey: oldest)?.channel
      }
      state.entries[ObjectIdentifier(channel)] = Entry(channel: channel, idleSince: .now())
      return (true, evicted)
    }
    evicted?.close(promise: nil)
    return isAdmitted
  }

  /// Notes since when a connection waits for its caller, or that a task works for it.
  func setIdle(_ channel: any Channel, since: NIODeadline?) {
    state.withLock { $0.entries[ObjectIdentifier(channel)]?.idleSince = since }
  }

  /// Notes that a connection gets events from now on; false when the server is about to stop.
  func setSubscribed(_ channel: any Channel) -> Bool {
    state.withLock { state in
      state.entries[ObjectIdentifier(channel)]?.isSubscribed = true
      state.entries[ObjectIdentifier(channel)]?.idleSince = nil
      return !state.isStopping
    }
  }

  /// Takes a part of the memory for bodies, or gives false when too little is left.
  func reserve(_ count: Int) -> Bool {
    state.withLock { state in
      guard count <= state.freeBytes else { return false }
      state.freeBytes -= count
      return true
    }
  }

  /// Gives a part of the memory for bodies back.
  func release(_ count: Int) {
    state.withLock { $0.freeBytes += count }
  }

  /// Forgets a connection that is closed and whose work has ended.
  func remove(_ channel: any Channel) {
    resume {
      $0.entries[ObjectIdentifier(channel)] = nil
      return $0.entries.isEmpty
    }
  }

  /// Admits no more, and asks every connection to end once it has answered what it has.
  func beginStopping() {
    let entries = state.withLock { state in
      state.isStopping = true
      return Array(state.entries.values)
    }
    for entry in entries {
      if entry.isSubscribed {
        entry.channel.close(promise: nil)
      } else {
        entry.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
      }
    }
  }

  /// Closes every connection, whatever it is doing.
  func closeAll() {
    let channels = state.withLock { $0.entries.values.map(\.channel) }
    for channel in channels { channel.close(promise: nil) }
  }

  /// Returns when there is no connection left, or `giveUpWaiting` is called.
  func waitUntilEmpty() async {
    await withCheckedContinuation { continuation in
      resume {
        $0.waiter = continuation
        return $0.entries.isEmpty
      }
    }
  }

  /// Lets `waitUntilEmpty` return with connections left.
  func giveUpWaiting() { resume { _ in true } }

  private func resume(when change: (inout State) -> Bool) {
    let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
      guard change(&state) else { return nil }
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume()
  }
}
