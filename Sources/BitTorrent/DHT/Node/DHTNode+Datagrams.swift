public import NIOCore

extension DHTNode {
  /// Takes a datagram in; `neighbours` gives nodes of the other kind of addresses close to a
  /// point, for those who want them too (BEP 32).
  public mutating func receive(
    _ datagram: [UInt8], from address: PeerAddress, at now: NIODeadline,
    neighbours: (DHTID) -> [DHTContact] = { _ in [] }
  ) {
    guard address.family == configuration.family, address.isDialable,
      !limiter.isBlocked(address, at: now)
    else { return }
    let message: DHTMessage
    do throws(DHTMessageError) {
      message = try DHTMessage(datagram)
    } catch {
      return received(error, from: address, at: now)
    }
    switch message.body {
    case .query(let query, let other, let wants, let isReadOnly):
      guard !configuration.isReadOnly, limiter.admits(address, at: now) else { return }
      let sender = DHTContact(id: other, address: address)
      let others = wants.map { _ in neighbours(query.target ?? other) } ?? []
      answer(
        query, of: sender, wants: wants, transaction: message.transaction, neighbours: others,
        at: now)
      // Who answers nobody is of no use in the table (BEP 43).
      if !isReadOnly { wasAsked(by: sender, at: now) }
    case .response(let response, let observed):
      guard let pending = takePending(message.transaction, from: address, at: now) else { return }
      answered(response, to: pending, at: now)
      if let observed { heardOwnAddress(observed, from: address, at: now) }
    case .failure:
      guard let pending = takePending(message.transaction, from: address, at: now) else { return }
      // It is there, but of no use for what was asked.
      if case .lookup(let number) = pending.purpose {
        lookups[number]?.failed(address)
        advance(number, at: now)
      }
    }
  }

  private mutating func received(
    _ error: DHTMessageError, from address: PeerAddress, at now: NIODeadline
  ) {
    guard limiter.admits(address, at: now), !configuration.isReadOnly else { return }
    switch error {
    case .malformedQuery(let transaction):
      refuse(transaction, DHTFailureCode.malformed, "malformed query", to: address, at: now)
    case .unknownQuery(let transaction):
      refuse(transaction, DHTFailureCode.unknownMethod, "unknown method", to: address, at: now)
    case .notBencoded, .noTransaction, .unknownKind, .malformedResponse: break
    }
  }

  // A node that nobody asked may have room in the table, while the table is small: without delay.
  private mutating func wasAsked(by sender: DHTContact, at now: NIODeadline) {
    guard !routers.contains(sender.address), table.asked(sender, at: now),
      table.count < Self.smallTable,
      !pending.values.contains(where: { $0.address == sender.address })
    else { return }
    ask(.ping, sender.address, id: sender.id, for: .check, at: now)
  }

  /// Below so many nodes others are asked more eagerly.
  static let smallTable = 32

  // MARK: - Answers to our questions

  private mutating func takePending(
    _ transaction: [UInt8], from address: PeerAddress, at now: NIODeadline
  ) -> Pending? {
    var number: UInt32?
    if transaction.count == 4 { number = transaction.reduce(0) { $0 << 8 | UInt32($1) } }
    guard let number, let found = pending[number], found.address == address else {
      // An answer that nobody waits for: late, or a guess.
      _ = limiter.admits(address, at: now)
      return nil
    }
    pending[number] = nil
    return found
  }

  private mutating func answered(
    _ response: DHTResponse, to pending: Pending, at now: NIODeadline
  ) {
    let contact = DHTContact(id: response.id, address: pending.address)
    if let expected = pending.id, expected != response.id {
      table.failed(DHTContact(id: expected, address: pending.address), at: now)
    }
    if !routers.contains(contact.address) {
      let wasEmpty = table.count == 0
      table.answered(contact, at: now)
      if wasEmpty, table.count > 0 {
        bootstrapFailures = 0
        actions.append(.joined)
        if !isLookingForItself { begin(id, .nodes, at: now) }
      }
    }
    let nodes = usable(
      (configuration.family == .ipv4 ? response.nodes : response.nodes6) ?? [],
      from: contact.address)
    switch pending.purpose {
    case .announce: break
    case .check: for node in nodes { table.heardOf(node) }
    case .lookup(let number):
      // Taken out while it changes, so that nothing is copied.
      guard var lookup = lookups.removeValue(forKey: number) else { return }
      for node in nodes { lookup.add(node) }
      lookup.answered(contact, token: response.token)
      if case .peers = lookup.purpose {
        let peers = response.peers.filter {
          $0.family == configuration.family && $0.isCredible(from: contact.address)
        }
        lookup.peerCount += peers.count
        if !peers.isEmpty { actions.append(.found(peers, of: lookup.target)) }
      } else {
        for node in nodes { table.heardOf(node) }
      }
      lookups[number] = lookup
      advance(number, at: now)
    }
  }

  private var isLookingForItself: Bool {
    lookups.values.contains { if case .nodes = $0.purpose { true } else { false } }
  }

  // Nodes that the one who names them can know, and that are not this one.
  private func usable(_ nodes: [DHTContact], from source: PeerAddress) -> [DHTContact] {
    nodes.filter {
      $0.id != id && $0.address.family == configuration.family
        && $0.address.isCredible(from: source)
    }
  }

  private mutating func heardOwnAddress(
    _ address: PeerAddress, from voter: PeerAddress, at now: NIODeadline
  ) {
    guard let own = vote.vote(address, from: voter), !id.isAllowed(at: own) else { return }
    id = DHTID(for: own, using: &random)
    // The same nodes, seen from elsewhere. What is kept for others stays where it is asked for.
    let contacts = table.all
    table = RoutingTable(around: id)
    for contact in contacts { table.answered(contact, at: now) }
    begin(id, .nodes, at: now)
  }
}

extension DHTQuery {
  /// The point that the question is about.
  fileprivate var target: DHTID? {
    switch self {
    case .ping: nil
    case .findNode(let target), .sampleInfohashes(let target), .getPeers(let target, _, _),
      .announcePeer(_, let target, _):
      target
    }
  }
}
