import BitTorrent
import ChainTypes
import Metainfo
import NIOCore
import Primitives
import Speed
import Synchronization
import Testing

@Suite("Trade between a seller and a buyer")
struct TradeTests {
  @Test("what proved right is paid at the quoted price, and both books agree")
  func honest() throws {
    let rig = try TradeRig()
    rig.begin()
    #expect(
      !rig.buyer.market.binds(TradeRig.peer), "nobody keeps pieces who was not seen to be fast")
    rig.transfer(blocks: 16)
    #expect(rig.buyer.market.binds(TradeRig.peer))
    for _ in 0..<63 {
      rig.transfer(blocks: 16)
      rig.pass(.milliseconds(50))
    }
    rig.pass(.seconds(2))
    #expect(rig.served == 16 << 20)
    #expect(rig.seller.desk.income == rig.paid(16 << 20))
    #expect(rig.buyer.desk.spent == rig.seller.desk.income)
    #expect(rig.buyer.market.statistics.spent == rig.seller.market.statistics.earned)
    #expect(rig.unpaidBytes == 0)
  }

  @Test("nothing waits for a payment: requests are held only while a voucher is on its way")
  func neverWaits() throws {
    let rig = try TradeRig()
    rig.begin()
    for _ in 0..<200 {
      rig.transfer(blocks: 1)
      #expect(rig.held.isEmpty)
    }
  }

  @Test("after the last piece all is paid, the buyer says so, and the payee closes the channel")
  func done() throws {
    let rig = try TradeRig()
    rig.begin()
    rig.transfer(blocks: 40)
    rig.transfer(blocks: 8)
    rig.buyer.figures.isComplete = true
    rig.pass(.seconds(3))
    #expect(rig.unpaidBytes == 0)
    #expect(rig.seller.desk.books.withLock { $0.closed.count } == 1)
    #expect(!rig.buyer.market.keeps(TradeRig.peer) && !rig.seller.market.keeps(TradeRig.peer))
  }

  @Test("a connection with money on its way is kept")
  func kept() throws {
    let rig = try TradeRig()
    rig.begin()
    rig.transfer(blocks: 5)
    #expect(rig.seller.market.keeps(TradeRig.peer) && rig.buyer.market.keeps(TradeRig.peer))
  }

  @Test("peers that do not offer the extension hear nothing and are served")
  func silent() throws {
    let rig = try TradeRig()
    let stranger = PeerHandle(7)
    rig.seller.market.connected(
      stranger,
      PeerIntroduction(
        address: PeerAddress(ipv4: 0x0909_0909, port: 1), direction: .incoming,
        peerID: BitTorrent.PeerID.test, features: [.extended], infoHash: .zero, isV2: false))
    rig.pass(.seconds(30))
    let block = BlockRequest(piece: 0, offset: 0, length: 16_384)
    #expect(rig.seller.market.admit(block, from: stranger) == .serve())
    let messages = rig.seller.said.count
    rig.observe(.sent(block, to: stranger), rig.seller)
    rig.pump()
    #expect(rig.seller.said.count == messages)
    #expect(!rig.seller.market.binds(stranger))
  }

  @Test("channels of one second are opened in one transaction, and used again on a new connection")
  func reuse() throws {
    let rig = try TradeRig()
    rig.begin()
    rig.transfer(blocks: 32)
    rig.pass(.seconds(2))
    rig.disconnect()
    rig.connect()
    rig.begin()
    rig.transfer(blocks: 32)
    rig.pass(.seconds(2))
    #expect(rig.ledger.count == 1)
    #expect(rig.unpaidBytes == 0)
    #expect(rig.seller.desk.income == rig.paid(64 * 16_384))
  }

  @Test("what one gives the other is set against what it takes")
  func barter() throws {
    let rig = try TradeRig()
    rig.begin()
    rig.transfer(blocks: 1)
    rig.pass(.seconds(1))
    // The buyer gives 1 MiB of other pieces, for nothing.
    for index in 0..<64 {
      let block = BlockRequest(
        piece: 1_000 + index / 16, offset: index % 16 * 16_384, length: 16_384)
      rig.observe(.sent(block, to: TradeRig.peer), rig.buyer)
      rig.observe(.requested(block, of: TradeRig.peer), rig.seller)
      rig.observe(.received(block, from: TradeRig.peer), rig.seller)
    }
    rig.pass(.seconds(1))
    rig.transfer(blocks: 127)
    rig.pass(.seconds(2))
    #expect(rig.served == 2 << 20)
    #expect(rig.seller.desk.income == rig.paid(1 << 20))
    #expect(rig.seller.market.statistics.earned == rig.paid(1 << 20))
  }

  @Test("a deposit is topped up at three quarters, within the budget")
  func topUp() throws {
    var terms = BuyingTerms(budget: TradeRig.price * 96, maximumPrice: TradeRig.price)
    terms.measuresGain = false
    let rig = try TradeRig(buying: terms)
    rig.begin()
    for _ in 0..<400 { rig.transfer(blocks: 16) }
    rig.pass(.seconds(3))
    let deposits = rig.buyer.desk.orders.compactMap { order -> UInt128? in
      switch order {
      case .open(let wishes): wishes.reduce(0) { $0 + $1.deposit }
      case .topUp(_, let amount): amount
      default: nil
      }
    }
    #expect(deposits == [TradeRig.price * 64, TradeRig.price * 32])
    #expect(rig.buyer.desk.spent <= terms.budget)
    #expect(rig.buyer.desk.spent > TradeRig.price * 95)
    // The rest came for nothing.
    #expect(rig.served == 400 * 16 * 16_384)
  }

  @Test("large pieces are paid on account, of one piece at most", arguments: [4 << 20, 16 << 20])
  func onAccount(_ pieceLength: Int) throws {
    let rig = try TradeRig(pieceLength: pieceLength)
    rig.begin()
    let blocks = pieceLength / 16_384
    rig.transfer(blocks: blocks - 1)
    #expect(rig.held.isEmpty)
    #expect(rig.seller.desk.income > 0)
    #expect(rig.seller.desk.income <= rig.paid(pieceLength))
    rig.transfer(blocks: 1 + blocks)
    rig.pass(.seconds(2))
    #expect(rig.seller.desk.income == rig.paid(2 * pieceLength))
  }
}
