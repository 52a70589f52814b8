package import NIOCore

/// Something that happens to a host at a moment.
package struct Fault {
  /// When, from the beginning.
  package var time: TimeAmount
  /// To which host.
  package var host: Int
  /// How it stops.
  package var death: Death
  /// After how long it comes back; nil when it does not.
  package var absence: TimeAmount?

  /// The host stops at `time`, and comes back after `absence`.
  package init(at time: TimeAmount, host: Int, _ death: Death, absence: TimeAmount?) {
    self.time = time
    self.host = host
    self.death = death
    self.absence = absence
  }
}
