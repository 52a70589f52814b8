internal import NIOCore

// What others ask of the node.
extension DHTNode {
  /// The most bytes of an answer that has peers: it is to go in one packet anywhere.
  static let maximumAnswer = 1_200
  /// How many infohashes are given as a sample.
  static let sampleCount = 20
  static let sampleInterval = 600

  mutating func answer(
    _ query: DHTQuery, of sender: DHTContact, wants: DHTMessage.Wants?, transaction: [UInt8],
    neighbours: [DHTContact], at now: NIODeadline
  ) {
    var response = DHTResponse(id: id)
    let wants = wants ?? DHTMessage.Wants(configuration.family)
    switch query {
    case .ping: break
    case .findNode(let target): addNodes(to: &response, target, wants, neighbours)
    case .getPeers(let infoHash, let withoutSeeds, let scrape):
      addNodes(to: &response, infoHash, wants, neighbours)
      addPeers(
        to: &response, of: infoHash, withoutSeeds: withoutSeeds, scrape: scrape,
        for: sender.address, at: now)
    case .sampleInfohashes(let target):
      addNodes(to: &response, target, wants, neighbours)
      let sample = store.sample(
        Self.sampleCount, every: .seconds(Int64(Self.sampleInterval)), at: now, using: &random)
      response.sample = DHTResponse.Sample(
        infoHashes: sample, total: store.torrentCount, interval: Self.sampleInterval)
    case .announcePeer(let announce, let infoHash, let token):
      guard tokens.accepts(token, from: sender.address, infoHash) else {
        return refuse(
          transaction, DHTFailureCode.malformed, "bad token", to: sender.address, at: now)
      }
      var peer = sender.address
      if !announce.impliesPort { peer.port = announce.port }
      guard peer.port != 0 else {
        return refuse(transaction, DHTFailureCode.malformed, "no port", to: sender.address, at: now)
      }
      store.insert(peer, isSeed: announce.isSeed, of: infoHash, at: now)
      if watched.contains(infoHash) { actions.append(.found([peer], of: infoHash)) }
    }
    reply(
      DHTMessage(transaction: transaction, .response(response, observed: sender.address)),
      to: sender.address, at: now)
  }

  private func addNodes(
    to response: inout DHTResponse, _ target: DHTID, _ wants: DHTMessage.Wants,
    _ neighbours: [DHTContact]
  ) {
    let own = closest(to: target)
    let (ipv4, ipv6) = configuration.family == .ipv4 ? (own, neighbours) : (neighbours, own)
    if wants.contains(.ipv4) { response.nodes = ipv4 }
    if wants.contains(.ipv6) { response.nodes6 = ipv6 }
  }

  private mutating func addPeers(
    to response: inout DHTResponse, of infoHash: DHTID, withoutSeeds: Bool, scrape: Bool,
    for address: PeerAddress, at now: NIODeadline
  ) {
    response.token = tokens.token(for: address, infoHash)
    var room = Self.maximumAnswer - 200
    room -= (response.nodes?.count ?? 0) * 26 + (response.nodes6?.count ?? 0) * 38
    if scrape, let filters = store.scrape(infoHash, at: now) {
      (response.seeds, response.leechers) = filters
      room -= 2 * (ScrapeFilter.byteCount + 12)
    }
    let each = configuration.family.compactLength + 3
    response.peers = store.peers(
      of: infoHash, limit: max(room, 0) / each, withoutSeeds: withoutSeeds, at: now,
      using: &random)
  }

  mutating func refuse(
    _ transaction: [UInt8], _ code: Int, _ reason: String, to address: PeerAddress,
    at now: NIODeadline
  ) {
    reply(
      DHTMessage(transaction: transaction, .failure(code: code, reason: reason)), to: address,
      at: now)
  }

  private mutating func reply(_ message: DHTMessage, to address: PeerAddress, at now: NIODeadline) {
    let datagram = message.encoded
    guard limiter.spend(datagram.count, at: now) else { return }
    actions.append(.send(datagram, to: address))
  }
}
