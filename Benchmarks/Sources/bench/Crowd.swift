internal import ChainTypes
internal import Foundation
internal import Keys
internal import Metainfo
internal import NIOCore
internal import NIOPosix
internal import Primitives

/// The seller's other side, in a program of its own: `bench crowd PORT INFOHASH PAYEE PEERS RATE`.
///
/// Lines of its standard input say `paid`, `free` or `first`; a line of its output answers each.
enum Crowd {
  /// The payers of a crowd, the same in every run.
  static func payers(_ count: Int) throws -> [PrivateKey] {
    var random = Sequence64(seed: 5)
    return try (0..<count).map { _ in try PrivateKey(bytes: random.bytes(32)) }
  }

  /// The channel of a payer.
  static func channel(of payer: Address, to payee: Address) -> ChannelDescriptor {
    ChannelDescriptor(
      payer: payer, payee: payee, graceSeconds: 86_400, graceBlocks: 720, openCount: 0,
      chainID: BenchLedger.chainID)
  }

  static func run(_ arguments: [String]) throws {
    guard arguments.count == 7, let port = Int(arguments[0]),
      let infoHash = try? SHA1Hash(hex: arguments[1]),
      let payee = try? Address(hex: arguments[2]), let count = Int(arguments[3]),
      let rate = Double(arguments[4]), let pieceLength = Int(arguments[5]),
      let pieceCount = Int(arguments[6])
    else { throw BenchError("crowd: PORT INFOHASH PAYEE PEERS RATE PIECE-LENGTH PIECES") }
    let terms = CrowdPeer.Terms(
      infoHash: infoHash.bytes, domain: ChannelDomain(chainID: BenchLedger.chainID),
      pieceLength: pieceLength, pieceCount: pieceCount)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop = group.next()
    let crowd = try loop.submit { NIOLoopBound(Members(), eventLoop: loop) }.wait()
    for key in try payers(count) {
      let descriptor = channel(of: key.address, to: payee)
      _ = try ClientBootstrap(group: loop)
        .channelOption(.socketOption(.so_rcvbuf), value: 256 << 10)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            let peer = CrowdPeer(
              terms, key: key, descriptor: descriptor,
              nonce: Keccak256.hash(key.address.bytes + Array("\(port)".utf8)))
            crowd.value.add(peer)
            try channel.pipeline.syncOperations.addHandler(peer)
          }
        }
        .connect(host: "127.0.0.1", port: port).wait()
    }
    let step = 0.05
    loop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(50)) { _ in
      guard crowd.value.isAsking else { return }
      // No two have one rate, or else all would pay in the same moment.
      for (index, peer) in crowd.value.peers.enumerated() {
        let part = 0.5 + (Double(index) * 0.618).truncatingRemainder(dividingBy: 1)
        peer.ask(rate: rate / Double(count) * part, seconds: step)
      }
    }
    while let line = readLine() {
      let answer: String
      switch line {
      case "paid", "free":
        answer = try loop.submit { crowd.value.ask(isPaying: line == "paid") }.wait()
      case "rest":
        answer = try loop.submit { crowd.value.rest() }.wait()
      case "ready":
        answer = try loop.submit { "\(crowd.value.peers.count { $0.isReady })" }.wait()
      case "first":
        answer = try loop.flatSubmit { crowd.value.first(on: loop) }.wait()
      default: throw BenchError("crowd: \(line)?")
      }
      try FileHandle.standardOutput.write(contentsOf: Data((answer + "\n").utf8))
    }
  }

  /// All of a crowd, on its event loop.
  private final class Members {
    private(set) var peers: [CrowdPeer] = []
    private(set) var isAsking = false
    private let began = NIODeadline.now()
    private var roundTrip: TimeAmount?

    func add(_ peer: CrowdPeer) {
      let start = NIODeadline.now()
      // The connection takes one round trip, both handshakes the next.
      peer.whenGreeted = { [unowned self] in
        if roundTrip == nil { roundTrip = NIODeadline.now() - start }
      }
      peers.append(peer)
    }

    func ask(isPaying: Bool) -> String {
      isAsking = true
      for peer in peers { peer.setPaying(isPaying) }
      return "\(received)"
    }

    func rest() -> String {
      isAsking = false
      return "\(received)"
    }

    private var received: UInt64 { peers.reduce(0) { $0 + $1.bytesReceived } }

    /// The milliseconds of a round trip: a block asked for nothing, the fastest of some; then from
    /// the first request that costs something until its block is here.
    func first(on loop: any EventLoop) -> EventLoopFuture<String> {
      let peer = peers[0]
      let bound = NIOLoopBound(peer, eventLoop: loop)
      let done = loop.makePromise(of: String.self)
      var (start, free) = (NIODeadline.now(), [Double]())
      peer.whenReceived = { _ in
        let peer = bound.value
        let time = Double((NIODeadline.now() - start).nanoseconds) / 1e6
        if peer.isPaying {
          peer.whenReceived = nil
          return done.succeed("\(free.min() ?? .nan) \(time)")
        }
        free.append(time)
        if free.count == 5 { peer.setPaying(true) }
        start = .now()
        peer.request()
        peer.flush()
      }
      peer.setPaying(false)
      start = .now()
      peer.request()
      peer.flush()
      return done.futureResult
    }
  }
}
