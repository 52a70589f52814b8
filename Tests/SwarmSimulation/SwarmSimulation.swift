// Swarms of torrent cores on a virtual network, clock and disk, all from one seed.
//
// A `Scenario` says who takes part (`HostPlan`), on which network and disks, and what goes wrong
// when. `SimulatedSwarm` runs it: each host has a real `TorrentCore`; what that sends goes through
// the real `PeerOutput`, as bytes, over a `SimulatedLink` to the real `PeerMessageDecoder` of
// another; what it stores goes to a `SimulatedDisk`, which hashes, forgets and fails as it is told.
// Nothing else is modelled: every decision is the engine's.
//
//     let report = SimulatedSwarm(try Scenario(seed: 7)).run()
//     #expect(report.violations.isEmpty, "\(report)")
//
// Two runs of one scenario are the same, to the byte: `SimulationReport.traceHash` tells. So
// whatever is added draws its random numbers from the swarm, and never goes through a dictionary or
// a set in its own order.
//
// What must not be is a violation and ends the run: an honest host that does not complete, that
// blames an honest one, or that keeps a wrong byte or too much memory. A test adds rules of its own
// by `SimulatedSwarm.inspect`, which sees the swarm every half second and at the end, and may
// `violate`.
//
// A new way to misbehave is a `Behaviour`. It stands between a core and its line, and changes,
// drops or adds messages; whoever has one is not honest, and need not complete:
//
//     final class Forgetter: Behaviour {
//       func serves(
//         _ block: BlockRequest, _ bytes: ByteBuffer, to peer: PeerHandle, _ seat: Seat
//       ) -> Service { seat.chance(oneIn: 2) ? .drop : .send(bytes) }
//     }
//     var host = HostPlan(.everything)
//     host.kind = "forgetting"
//     host.behaviour = { Forgetter() }
//
// With a case of `Liar` it takes part in the swarms that are drawn from seeds.
//
// What decides about transfers from outside, as a market does, is a `Strategy` of the engine: one
// is made for each life of a host, from `HostPlan.strategy`, and gets all calls that it gets on
// sockets, messages of its extensions among them. What it needs of the world outside (answers that
// come later, money, other hosts) it gets by closures that the test hands it:
// `SimulatedSwarm.plan(_:after:_:)` and `tell(_:_:)` are for what comes later,
// `SimulatedHost.index(behind:)` says which host a connection leads to. A cheater is a host with a
// strategy that cheats, a behaviour, or both:
//
//     var host = HostPlan(.nothing)
//     host.strategy = { CheatingMarket(desk: desk) }
//     host.kind = "cheating"
//     host.behaviour = { Plain() }
