// Swarms of torrent cores on a virtual network, clock and disk, all from one seed.
//
// A `Scenario` says who takes part (`HostPlan`), on which network and disks, and what goes wrong
// when. `SimulatedSwarm` runs it: each host has a real `TorrentCore`; what that sends goes through
// the real `PeerOutput`, as bytes, over a `SimulatedLink` to the real `PeerMessageDecoder` of
// another; what it stores goes to a `SimulatedDisk`, which hashes, forgets and fails as it is told.
// A `Behaviour` stands between a core and its line and makes a liar of it. Nothing else is modelled:
// every decision is the engine's.
//
//     let report = SimulatedSwarm(try Scenario(seed: 7)).run()
//     #expect(report.violations.isEmpty, "\(report)")
//
// Two runs of one scenario are the same, to the byte: `SimulationReport.traceHash` tells.
