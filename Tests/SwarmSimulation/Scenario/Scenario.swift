package import NIOCore

/// All that a run follows from.
package struct Scenario {
  /// Feeds every random choice of the run.
  package var seed: UInt64
  /// What is exchanged.
  package var torrent: SimulatedTorrent
  /// Who takes part.
  package var hosts: [HostPlan]
  /// Who dies when.
  package var faults: [Fault] = []
  /// How they are joined.
  package var network = NetworkNature()
  /// How long after the last host came, and the last fault, all must be complete.
  package var patience: TimeAmount = .seconds(150)
  /// Events that a run may have: more means that something goes round in circles.
  package var maximumEvents = 20_000_000

  /// A run of those hosts over a good network.
  package init(_ torrent: SimulatedTorrent, _ hosts: [HostPlan], seed: UInt64) {
    self.torrent = torrent
    self.hosts = hosts
    self.seed = seed
  }
}
