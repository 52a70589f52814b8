public import NIOCore

extension DHTNode {
  /// How often it wants to look at the time.
  public static let tickInterval = TimeAmount.milliseconds(500)
  private static let checkInterval = TimeAmount.seconds(5)

  /// Looks at the time: gives up on who did not answer, and keeps the table in order.
  public mutating func tick(at now: NIODeadline) {
    giveUp(at: now)
    tokens.rotate(at: now, using: &random)
    if now >= nextExpiry {
      nextExpiry = now + .minutes(1)
      store.expire(at: now)
    }
    bootstrap(at: now)
    check(at: now)
  }

  private mutating func giveUp(at now: NIODeadline) {
    var touched: Set<Int> = []
    for (number, question) in pending.sorted(by: { $0.key < $1.key })
    where now - question.sent >= configuration.slowAfter {
      if now - question.sent >= configuration.timeout {
        pending[number] = nil
        if let id = question.id {
          table.failed(DHTContact(id: id, address: question.address), at: now)
        }
        if case .lookup(let lookup) = question.purpose {
          lookups[lookup]?.failed(question.address)
          touched.insert(lookup)
        }
      } else if !question.isSlow {
        pending[number]?.isSlow = true
        if case .lookup(let lookup) = question.purpose {
          lookups[lookup]?.isSlow(question.address)
          touched.insert(lookup)
        }
      }
    }
    // Others may wait for room among the open questions.
    for number in touched.union(lookups.keys).sorted() { advance(number, at: now) }
  }

  // Without nodes: asks those of old and the routers for the way to our own id, ever less often.
  private mutating func bootstrap(at now: NIODeadline) {
    guard table.count == 0, now >= nextBootstrap, lookups.isEmpty, !entryPoints.isEmpty else {
      return
    }
    nextBootstrap = now + .seconds(5 << Int64(min(bootstrapFailures, 7)))
    bootstrapFailures += 1
    begin(id, .nodes, at: now)
  }

  // One question now and then finds out who is gone, and who has come into the bucket.
  private mutating func check(at now: NIODeadline) {
    guard now >= nextCheck else { return }
    let isSmall = table.count < Self.smallTable
    nextCheck = now + (isSmall ? .seconds(1) : Self.checkInterval)
    guard let (contact, bucket) = table.nextToCheck(at: now) else { return }
    let target = id.sibling(atBit: bucket, using: &random)
    ask(.findNode(target), contact.address, id: contact.id, for: .check, at: now)
  }

  // MARK: - Look-ups

  /// Asks whom the look-up wants asked, and ends it when it is over.
  mutating func advance(_ number: Int, at now: NIODeadline) {
    guard var lookup = lookups.removeValue(forKey: number) else { return }
    let query: DHTQuery =
      switch lookup.purpose {
      case .nodes: .findNode(lookup.target)
      case .peers(let announce):
        .getPeers(lookup.target, withoutSeeds: announce?.isSeed == true, scrape: false)
      }
    while let next = lookup.next() {
      guard ask(query, next.address, id: next.id, for: .lookup(number), at: now) else {
        lookup.unask(next.address)
        break
      }
    }
    guard lookup.isOver else {
      lookups[number] = lookup
      return
    }
    finish(lookup, at: now)
  }

  private mutating func finish(_ lookup: DHTLookup, at now: NIODeadline) {
    guard case .peers(let announce) = lookup.purpose else { return }
    if let announce {
      for case (let contact, let token?) in lookup.result {
        ask(
          .announcePeer(announce, lookup.target, token: token), contact.address, id: contact.id,
          for: .announce, at: now)
      }
    }
    actions.append(
      .finished(
        lookup.target,
        Summary(
          queries: lookup.queryCount, answers: lookup.answerCount, peers: lookup.peerCount)))
  }
}
