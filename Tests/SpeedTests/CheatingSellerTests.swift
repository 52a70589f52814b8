import BitTorrent
import ChainTypes
import Keys
import NIOCore
import Primitives
import Speed
import Synchronization
import Testing

@Suite("What sellers try")
struct CheatingSellerTests {
  @Test("garbage is not paid for, and nothing is bought from its seller again")
  func garbage() throws {
    let rig = try TradeRig()
    rig.begin()
    rig.transfer(blocks: 16, isRight: false)
    rig.pass(.seconds(2))
    #expect(rig.buyer.desk.spent == 0)
    #expect(
      rig.buyer.said.contains {
        if case .bye(let bye) = $0 { bye.reason == .badData } else { false }
      })
    rig.pass(.seconds(120))
    #expect(!rig.buyer.market.binds(TradeRig.peer))
    // Nor on a new connection.
    rig.disconnect()
    rig.connect()
    rig.begin()
    #expect(rig.buyer.market.statistics.peers[0].buyingPrice == nil)
  }

  @Test(
    "of large pieces a liar gets one piece's price at most, in v2 nothing",
    arguments: [false, true])
  func garbageOnAccount(isV2: Bool) throws {
    let rig = try TradeRig(pieceLength: 8 << 20, isV2: isV2)
    rig.begin()
    rig.transfer(blocks: 512, isRight: false)
    rig.pass(.seconds(2))
    #expect(rig.buyer.desk.spent <= rig.paid(isV2 ? 0 : 8 << 20))
    #expect(!rig.buyer.market.binds(TradeRig.peer))
  }

  @Test("of large pieces a liar with many connections gets one piece's price at most")
  func garbageOnManyConnections() throws {
    let rig = try TradeRig(pieceLength: 8 << 20)
    let peers = (1...5).map { PeerHandle($0) }
    for peer in peers { rig.connect(on: peer) }
    rig.begin()
    for (number, peer) in peers.enumerated() {
      for index in 0..<511 {
        let block = BlockRequest(piece: 100 + number, offset: index * 16_384, length: 16_384)
        rig.observe(.requested(block, of: peer), rig.buyer)
        rig.observe(.received(block, from: peer), rig.buyer)
      }
      rig.pump()
    }
    #expect(rig.buyer.market.statistics.peers.count { $0.buyingPrice != nil } == 6)
    rig.pass(.seconds(2))
    #expect(rig.buyer.desk.spent > 0 && rig.buyer.desk.spent <= rig.paid(8 << 20))
  }

  @Test(
    "copies that nobody can judge are paid for one piece in all, in v2 not at all",
    arguments: [false, true])
  func copies(isV2: Bool) throws {
    let rig = try TradeRig(isV2: isV2)
    rig.begin()
    rig.transfer(blocks: 16 * 32)
    rig.pass(.seconds(2))
    let spent = rig.buyer.desk.spent
    #expect(spent == rig.paid(8 << 20))
    for index in 0..<1_024 {
      let block = BlockRequest(
        piece: 1_000 + index / 16, offset: index % 16 * 16_384, length: 16_384)
      rig.observe(.requested(block, of: TradeRig.peer), rig.buyer)
      rig.observe(.cancelled(block, of: TradeRig.peer), rig.buyer)
      rig.observe(.duplicate(block, from: TradeRig.peer), rig.buyer)
    }
    rig.pass(.seconds(2))
    #expect(rig.buyer.desk.spent - spent == (isV2 ? 0 : rig.paid(256 << 10)))
  }

  @Test("a price above the buyer's is never accepted, nor ever answered")
  func tooDear() throws {
    let terms = TradeRig.terms(budget: 1 << 60, maximumPrice: TradeRig.price - 1)
    let rig = try TradeRig(buying: terms)
    rig.begin()
    rig.transfer(blocks: 16)
    #expect(rig.buyer.said.isEmpty)
    #expect(rig.ledger.count == 0 && rig.served == 256 << 10)
  }

  @Test("one seller's demands don't lock up what is meant for many")
  func greedyDeposits() throws {
    var terms = SellingTerms(floorPrice: TradeRig.price)
    terms.leastDeposit = 1 << 59
    var patient = SellingTerms(floorPrice: TradeRig.price)
    patient.graceSeconds = 8 * 86_400
    for selling in [terms, patient] {
      let rig = try TradeRig(selling: selling)
      rig.begin()
      #expect(rig.ledger.count == 0 && rig.buyer.said.isEmpty)
    }
  }

  @Test("quotes with wrong signatures, old numbers or another payee are no quotes")
  func falseQuotes() throws {
    let rig = try TradeRig(isConnected: false)
    rig.onTheWay = { message, toSeller in
      guard !toSeller, case .quote(var signed) = message else { return message }
      signed.quote.price = 1
      return .quote(signed)
    }
    rig.connect()
    rig.begin()
    #expect(rig.buyer.said.isEmpty && rig.ledger.count == 0)
  }

  @Test("requests are at the price that was accepted before them, not at a later one")
  func pricesHold() throws {
    let rig = try TradeRig()
    rig.begin()
    rig.transfer(blocks: 16)
    // Later quotes do not arrive: the old one holds for both.
    rig.onTheWay = { message, toSeller in
      if !toSeller, case .quote = message { nil } else { message }
    }
    rig.pass(.seconds(310))
    rig.transfer(blocks: 16)
    rig.pass(.seconds(2))
    #expect(rig.seller.desk.income == rig.paid(512 << 10))
    // It ends with its time: nobody pays for what is asked then.
    rig.pass(.seconds(400))
    rig.transfer(blocks: 16)
    rig.pass(.seconds(2))
    #expect(rig.seller.desk.income == rig.paid(512 << 10))
    #expect(rig.served == 768 << 10)
  }

  @Test("a seller that takes the order and does not deliver is paid nothing and left for a while")
  func slowWalk() throws {
    let rig = try TradeRig()
    rig.begin()
    rig.transfer(blocks: 16)
    rig.pass(.seconds(1))
    let spent = rig.buyer.desk.spent
    let block = BlockRequest(piece: 500, offset: 0, length: 16_384)
    rig.observe(.requested(block, of: TradeRig.peer), rig.buyer)
    rig.pass(.seconds(25))
    #expect(!rig.buyer.market.binds(TradeRig.peer))
    #expect(rig.buyer.desk.spent == spent)
  }

  @Test("a seller that demands prepayment gets none, unless the buyer's terms allow a first window")
  func prepayment() throws {
    for allows in [false, true] {
      var terms = TradeRig.terms(budget: 1 << 60)
      terms.prepaysFirstWindow = allows
      let rig = try TradeRig(buying: terms)
      rig.onTheWay = { message, toSeller in
        guard !toSeller, case .need(var need) = message else { return message }
        need.window = 0
        need.required = rig.paid(128 << 10)
        return .need(need)
      }
      rig.begin()
      #expect(rig.buyer.desk.spent == (allows ? rig.paid(128 << 10) : 0))
      rig.pass(.seconds(20))
      #expect(rig.buyer.desk.spent == (allows ? rig.paid(128 << 10) : 0))
    }
  }

  @Test("disconnecting after each voucher brings no more than what was delivered")
  func leavesAfterVouchers() throws {
    let rig = try TradeRig()
    for _ in 0..<5 {
      rig.begin()
      rig.transfer(blocks: 24)
      rig.disconnect()
      rig.connect()
    }
    rig.begin()
    rig.pass(.seconds(2))
    #expect(rig.buyer.desk.spent <= rig.paid(rig.served))
  }

  @Test("with spending off at the signer, or no ledger, the download goes on for nothing")
  func spendingOff() throws {
    for isLedgerDown in [false, true] {
      let rig = try TradeRig()
      rig.buyer.desk.books.withLock {
        $0.isSpendingOff = !isLedgerDown
        $0.isLedgerDown = isLedgerDown
      }
      rig.begin()
      rig.transfer(blocks: 64)
      #expect(rig.served == 1 << 20 && rig.buyer.desk.spent == 0)
    }
  }

  @Test("an open channel goes on paying while the ledger is away")
  func ledgerAway() throws {
    let rig = try TradeRig()
    rig.begin()
    rig.buyer.desk.books.withLock { $0.isLedgerDown = true }
    rig.transfer(blocks: 64)
    rig.pass(.seconds(2))
    #expect(rig.seller.desk.income == rig.paid(1 << 20))
  }
}
