internal import BitTorrent
internal import Metainfo
internal import NIOCore
internal import TestSupport

/// Nodes that send each other datagrams over a network that takes its time and loses some, all of
/// it by chance from one seed.
struct DHTNetwork {
  private struct Datagram {
    var bytes: [UInt8]
    var source: Int
    var target: PeerAddress
  }

  var nodes: [DHTNode] = []
  private(set) var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
  /// What nodes found and finished, in order.
  private(set) var found: [(node: Int, peers: [PeerAddress], id: DHTID)] = []
  private(set) var finished: [(node: Int, id: DHTID, summary: DHTNode.Summary)] = []
  /// How many datagrams were sent.
  private(set) var sentCount = 0
  /// How many of a hundred datagrams get lost.
  var lossPercent = 0
  /// Nodes that are not there any more.
  var gone: Set<Int> = []

  private var random: TestSupport.SeededGenerator
  private var indices: [PeerAddress: Int] = [:]
  // By steps of 10 ms.
  private var underway: [Int: [Datagram]] = [:]
  private var step = 0

  init(seed: UInt64) { random = TestSupport.SeededGenerator(seed: seed) }

  /// The address of a node: each in a network of its own.
  static func address(_ index: Int) -> PeerAddress {
    let number = UInt32(index)
    return PeerAddress(ipv4: 0x1400_0001 + number << 8, port: UInt16(1_024 + index % 50_000))
  }

  /// Adds a node that knows of another, if any.
  mutating func add(
    knowing other: Int? = nil, _ configuration: DHTNode.Configuration = .init()
  ) -> Int {
    let index = nodes.count
    let address = Self.address(index)
    let id = DHTID(for: address, using: &random)
    var node = DHTNode(
      configuration, id: id, random: TestSupport.SeededGenerator(seed: random.next()), at: now)
    if let other { node.addEntryPoints([Self.address(other)], at: now) }
    nodes.append(node)
    indices[address] = index
    return index
  }

  /// A network of so many, each of which came by one who was there before.
  static func grown(to count: Int, seed: UInt64) -> DHTNetwork {
    var network = DHTNetwork(seed: seed)
    for index in 0..<count {
      let other = index == 0 ? nil : Int.random(in: 0..<index, using: &network.random)
      _ = network.add(knowing: other)
      if index % 4 == 0 { network.run(.milliseconds(100)) }
    }
    network.run(.seconds(20))
    return network
  }

  mutating func lookUp(
    _ infoHash: SHA1Hash, from index: Int, announcing announce: DHTAnnounce? = nil
  ) {
    nodes[index].lookUp(infoHash, announcing: announce, at: now)
    carry(index)
  }

  /// Hands a node a datagram.
  mutating func deliver(_ bytes: [UInt8], from address: PeerAddress, to index: Int) {
    nodes[index].receive(bytes, from: address, at: now)
    carry(index)
  }

  /// Lets time go by.
  mutating func run(_ time: TimeAmount) {
    let end = now + time
    while now < end {
      step += 1
      now = now + .milliseconds(10)
      for datagram in underway.removeValue(forKey: step) ?? [] {
        guard let index = indices[datagram.target], !gone.contains(index) else { continue }
        nodes[index].receive(datagram.bytes, from: Self.address(datagram.source), at: now)
        carry(index)
      }
      // Each node has its own beat.
      for index in stride(from: step % 50, to: nodes.count, by: 50) where !gone.contains(index) {
        nodes[index].tick(at: now)
        carry(index)
      }
    }
  }

  private mutating func carry(_ index: Int) {
    for action in nodes[index].takeActions() {
      switch action {
      case .send(let bytes, let target):
        sentCount += 1
        guard Int.random(in: 0..<100, using: &random) >= lossPercent else { continue }
        let delay = Int.random(in: 1...15, using: &random)
        underway[step + delay, default: []].append(
          Datagram(bytes: bytes, source: index, target: target))
      case .found(let peers, let id): found.append((index, peers, id))
      case .finished(let id, let summary): finished.append((index, id, summary))
      case .joined: continue
      }
    }
  }

  /// The nodes that are truly closest to a point.
  func closest(to target: DHTID, count: Int) -> [Int] {
    Array(
      nodes.indices.filter { !gone.contains($0) }.sorted {
        nodes[$0].id.distance(to: target) < nodes[$1].id.distance(to: target)
      }.prefix(count))
  }
}
