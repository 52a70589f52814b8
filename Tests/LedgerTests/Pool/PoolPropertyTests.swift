import ChainTypes
import Ledger
import Primitives
import TestSupport
import Testing

@Suite("The transaction pool, under random use")
struct PoolPropertyTests {
  @Test("does at every step what its rules say, worked out anew")
  func model() throws {
    var random = SeededGenerator()
    let senders = (1...6).map { Address($0) }
    for round in 0..<25 {
      let slots = Int.random(in: 6...24, using: &random)
      let bytes = Int.random(in: 600...3_000, using: &random)
      let pendingPerSender = Int.random(in: 2...8, using: &random)
      let gappedPerSender = Int.random(in: 0...4, using: &random)
      let gapped = Int.random(in: 0...10, using: &random)
      let fixture = PoolFixture {
        $0.globalSlots = slots
        $0.globalBytes = bytes
        $0.pendingPerSender = pendingPerSender
        $0.gappedPerSender = gappedPerSender
        $0.globalGapped = gapped
        $0.gappedLifetime = .seconds(500)
      }
      var model = PoolModel(limits: fixture.pool.configuration, baseFee: fixture.baseFee)
      var time: UInt64 = 1_000_000
      var seen: [RecoveredTransaction] = []
      for step in 0..<250 {
        let place: Comment = "seed \(random.seed), round \(round), step \(step)"
        switch Int.random(in: 0..<20, using: &random) {
        case 0...16:
          let sender = senders[Int.random(in: 0..<senders.count, using: &random)]
          let local = Int.random(in: 0..<4, using: &random) == 0
          let transaction = try Self.transaction(
            sender, money: model.money(sender), seen: seen, &random)
          seen.append(transaction)
          var expected: Result<TransactionPool.Outcome, PoolError>
          do throws(PoolError) {
            expected = .success(try model.add(transaction, isLocal: local, time: time))
          } catch {
            expected = .failure(error)
          }
          var actual: Result<TransactionPool.Outcome, PoolError>
          do throws(PoolError) {
            actual = .success(try fixture.pool.add(transaction, isLocal: local))
          } catch {
            actual = .failure(error)
          }
          #expect(actual == expected, place)
        case 17, 18:
          let changes = Self.changes(model, senders, &random)
          let baseFee = UInt256(UInt64.random(in: 2...12, using: &random))
          let all = Bool.random(using: &random)
          fixture.move(changes, baseFee: baseFee, all: all)
          model.move(all ? model.accounts.merging(changes) { $1 } : changes, baseFee: baseFee)
          model.expire(at: time)
        default:
          time += 60
          fixture.advance(seconds: 60)
          continue
        }
        try compare(fixture, model, senders, place)
        if fixture.pool.content() != model.content { return }
      }
    }
  }

  private func compare(
    _ fixture: PoolFixture, _ model: PoolModel, _ senders: [Address], _ place: Comment
  ) throws {
    let pool = fixture.pool
    #expect(pool.content() == model.content, place)
    #expect(
      pool.status
        == .init(
          pending: model.items.count - model.queued.count, queued: model.queued.count,
          byteCount: model.items.reduce(0) { $0 + $1.byteCount }), place)
    for item in model.items { #expect(pool.transaction(item.hash) == item.recovered, place) }
    var source = pool.source(baseFee: model.baseFee)
    var order: [Hash256] = []
    while let next = source.next() { order.append(next.signed.hash) }
    #expect(order == model.order(), place)
    #expect(pool.hasExecutable(baseFee: model.baseFee) == !order.isEmpty, place)
    for sender in senders {
      let (pending, queued) = model.split(sender)
      #expect(
        try pool.pendingNonce(of: sender) == model.money(sender).nonce + UInt64(pending.count),
        place)
      #expect(pending.count <= model.limits.pendingPerSender, place)
      #expect(queued.count <= max(model.limits.gappedPerSender, 0), place)
    }
    #expect(model.items.count <= model.limits.globalSlots, place)
    #expect(pool.status.byteCount <= model.limits.globalBytes, place)
    #expect(model.queued.count <= model.limits.globalGapped, place)
  }

  private static func transaction(
    _ sender: Address, money: PoolFixture.Money, seen: [RecoveredTransaction],
    _ random: inout SeededGenerator
  ) throws -> RecoveredTransaction {
    if let old = seen.randomElement(using: &random), Int.random(in: 0..<12, using: &random) == 0 {
      return old
    }
    let offset = UInt64.random(in: 0...7, using: &random)
    let nonce = money.nonce + offset
    let tip = UInt64.random(in: 0...8, using: &random)
    let cap = UInt64.random(in: max(tip, 1)...20, using: &random)
    let value = UInt64.random(in: 0...4, using: &random) * 50_000
    let count = Int.random(in: 0...9, using: &random) == 0 ? 300 : 0
    return try PoolFixture.transaction(
      sender, nonce > 0 && offset == 7 ? nonce - 1 : nonce, tip: UInt256(tip), cap: UInt256(cap),
      value: UInt256(value), gas: count > 0 ? 30_000 : 21_000,
      data: [UInt8](repeating: 0, count: count))
  }

  private static func changes(
    _ model: PoolModel, _ senders: [Address], _ random: inout SeededGenerator
  ) -> [Address: PoolFixture.Money] {
    var changes: [Address: PoolFixture.Money] = [:]
    for sender in senders where Bool.random(using: &random) {
      var money = model.money(sender)
      let count = UInt64(model.split(sender).pending.count)
      money.nonce += UInt64.random(in: 0...(count + 1), using: &random)
      if Bool.random(using: &random) {
        money.balance = UInt256(UInt64.random(in: 0...2_500_000, using: &random))
      }
      changes[sender] = money
    }
    return changes
  }
}

extension PoolModel {
  var content: [Address: TransactionPool.Content] {
    var content: [Address: TransactionPool.Content] = [:]
    for sender in senders {
      let (pending, queued) = split(sender)
      content[sender, default: .init()].pending = pending.map(\.recovered.signed)
      content[sender, default: .init()].queued = queued.map(\.recovered.signed)
    }
    return content
  }
}
