/// A value in memory together with what of it would outlive a crash.
///
/// At most three versions matter: the one on disk, the one being synced, and the newest.
package struct Durable<Value: Sendable>: Sendable {
  private var base: Value
  private var first: (generation: UInt64, value: Value)?
  private var second: (generation: UInt64, value: Value)?

  /// A value that is on disk.
  package init(_ value: Value) { base = value }

  /// The newest version.
  package var current: Value { (second ?? first)?.value ?? base }

  /// The generation that holds the newest version; 0 when that was there from the start.
  package var generation: UInt64 { (second ?? first)?.generation ?? 0 }

  /// The newest version that generations up to `synced` hold.
  package func synced(_ synced: UInt64) -> Value {
    if let second, second.generation <= synced { return second.value }
    if let first, first.generation <= synced { return first.value }
    return base
  }

  /// Sets the newest version, which `generation` will hold.
  package mutating func set(_ value: Value, in generation: UInt64, synced: UInt64) {
    if let newest = second, newest.generation <= synced {
      base = newest.value
      first = nil
      second = nil
    } else if let older = first, older.generation <= synced {
      base = older.value
      first = second
      second = nil
    }
    // Of what is not on disk, one version is being synced and the other still gathers.
    if first == nil || second == nil && first?.generation == generation {
      first = (generation, value)
    } else {
      second = (generation, value)
    }
  }
}
