package import NIOCore

/// How the network is.
package struct NetworkNature {
  /// The way between two hosts, in milliseconds.
  package var latency = 2...60
  /// How much longer single packets may take, in milliseconds.
  package var jitter = 0
  /// Of how many packets one is lost, and comes when it was sent again; 0 for none.
  package var lossOneIn = 0
  /// Connections that break in a second, in the whole network.
  package var resets = 0
  /// Connections that stop for a while in a second.
  package var stalls = 0
  /// How long they stop, in milliseconds.
  package var stallTime = 1_000...20_000
  /// Whether reads end anywhere in a message.
  package var fragments = false
  /// Bytes on the way of one connection.
  package var window = 256 << 10
  /// Addresses that a tracker gives at once.
  package var addressesPerAnnounce = 30
  /// How often a tracker is asked.
  package var announceInterval: TimeAmount = .seconds(60)

  /// A good network.
  package init() {}
}
