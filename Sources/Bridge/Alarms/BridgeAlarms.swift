package import Logging
internal import Synchronization

/// The alarms that hold, and who is told of them.
package final class BridgeAlarms: Sendable {
  private struct Key: Hashable {
    var kind: BridgeAlarm.Kind
    var subject: String
  }

  private let held = Mutex<[Key: BridgeAlarm]>([:])
  private let clock: any BridgeClock
  private let logger: Logger
  private let tell: @Sendable (BridgeAlarm, Bool) -> Void

  /// No alarms; `tell` hears of each as it begins (true) and ends.
  package init(
    clock: any BridgeClock, logger: Logger,
    tell: @escaping @Sendable (BridgeAlarm, Bool) -> Void = { _, _ in }
  ) {
    self.clock = clock
    self.logger = logger
    self.tell = tell
  }

  /// Those that hold, the oldest first.
  package var all: [BridgeAlarm] {
    held.withLock { Array($0.values) }.sorted {
      ($0.since, $0.kind.rawValue, $0.subject) < ($1.since, $1.kind.rawValue, $1.subject)
    }
  }

  /// An alarm holds; one that held already only gets the new message.
  package func raise(_ kind: BridgeAlarm.Kind, _ subject: String, _ message: String) {
    let now = clock.seconds
    let alarm = held.withLock { held -> BridgeAlarm? in
      let key = Key(kind: kind, subject: subject)
      let isNew = held[key] == nil
      let alarm = BridgeAlarm(
        kind: kind, subject: subject, message: message, since: held[key]?.since ?? now)
      held[key] = alarm
      return isNew ? alarm : nil
    }
    guard let alarm else { return }
    logger.warning(
      "bridge alarm",
      metadata: [
        "kind": "\(kind.rawValue)", "subject": "\(subject)", "message": "\(message)",
      ])
    tell(alarm, true)
  }

  /// An alarm holds no longer.
  package func clear(_ kind: BridgeAlarm.Kind, _ subject: String) {
    guard let alarm = held.withLock({ $0.removeValue(forKey: Key(kind: kind, subject: subject)) })
    else { return }
    logger.notice(
      "bridge alarm is over",
      metadata: ["kind": "\(kind.rawValue)", "subject": "\(subject)"])
    tell(alarm, false)
  }
}
