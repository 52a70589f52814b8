import BitTorrent
import ChainTypes
import Keys
import NIOCore
import Primitives
import Speed
import Testing

@Suite("What buyers try")
struct CheatingBuyerTests {
  @Test("a buyer that never pays gets one first window, then what anybody gets")
  func neverPays() throws {
    let rig = try TradeRig()
    rig.onTheWay = { message, _ in if case .voucher = message { nil } else { message } }
    rig.begin()
    rig.transfer(blocks: 200)
    #expect(rig.served == 512 << 10)
    #expect(rig.held.count == 168)
    rig.pass(.seconds(15))
    // Paid mode has ended: what waited was served as to any free peer, and it hears why.
    #expect(rig.held.isEmpty)
    #expect(
      rig.seller.said.contains {
        if case .bye(let bye) = $0 { bye.reason == .unpaid } else { false }
      })
    #expect(rig.seller.market.rank(of: TradeRig.peer, figures: PeerFigures())?.tier == 0)
    #expect(rig.seller.market.statistics.earned == rig.paid(512 << 10))
  }

  @Test("a block that is asked for twice and taken back once is not served for nothing")
  func twice() throws {
    let rig = try TradeRig()
    rig.begin()
    rig.transfer(blocks: 16)
    let block = BlockRequest(piece: 900, offset: 0, length: 16_384)
    #expect(rig.seller.market.admit(block, from: TradeRig.peer) == .serve())
    #expect(rig.seller.market.admit(block, from: TradeRig.peer) == .reject)
    // It is still promised, once.
    let earned = rig.seller.market.statistics.earned
    rig.observe(.sent(block, to: TradeRig.peer), rig.seller)
    #expect(rig.seller.market.statistics.earned == earned + rig.paid(16_384))
    // And when it was sent it may be asked for again.
    #expect(rig.seller.market.admit(block, from: TradeRig.peer) == .serve())
  }

  @Test(
    "who stops paying, asks for a block and pays again in one breath loses the slot"
  )
  func freeRide() throws {
    let rig = try TradeRig()
    rig.begin()
    rig.transfer(blocks: 16)
    let quote = rig.seller.said.reduce(0 as UInt64) { last, message in
      if case .quote(let quote) = message { quote.quote.id } else { last }
    }
    func tier(asking: Bool) -> Int? {
      rig.say(.accept(quoteID: 0), to: rig.seller)
      let block = BlockRequest(piece: 901, offset: 0, length: 16_384)
      if asking { #expect(rig.seller.market.admit(block, from: TradeRig.peer) == .serve()) }
      rig.say(.accept(quoteID: quote), to: rig.seller)
      rig.pump()
      return rig.seller.market.rank(of: TradeRig.peer, figures: PeerFigures())?.tier
    }
    #expect(tier(asking: false) == 1)
    #expect(tier(asking: true) == 0)
  }

  @Test("a buyer that stops paying later gets its window, never more", arguments: 1...8)
  func stopsPaying(_ vouchers: Int) throws {
    let rig = try TradeRig()
    var left = vouchers
    rig.onTheWay = { message, _ in
      guard case .voucher = message else { return message }
      left -= 1
      return left < 0 ? nil : message
    }
    rig.begin()
    var worst = 0
    for _ in 0..<60 {
      rig.transfer(blocks: 16)
      let window = rig.seller.market.statistics.peers[0].window
      worst = max(worst, rig.unpaidBytes)
      #expect(rig.unpaidBytes <= window)
    }
    #expect(worst <= 1 << 20)
  }

  @Test("a defaulter that comes back has no credit until it has paid, then a first window")
  func comesBack() throws {
    let rig = try TradeRig()
    rig.onTheWay = { message, _ in if case .voucher = message { nil } else { message } }
    rig.begin()
    rig.transfer(blocks: 32)
    rig.disconnect()
    rig.connect()
    rig.begin()
    let served = rig.served
    rig.transfer(blocks: 4)
    #expect(rig.seller.market.statistics.peers[0].window == 0)
    rig.onTheWay = { message, _ in message }
    rig.disconnect()
    rig.connect()
    rig.begin()
    #expect(rig.seller.desk.income >= rig.paid(512 << 10))
    #expect(rig.seller.market.statistics.peers[0].window >= 512 << 10)
    #expect(rig.served >= served)
  }

  @Test("old vouchers, forged ones and those of other channels buy nothing")
  func badVouchers() throws {
    let rig = try TradeRig()
    var kept: SignedVoucher?
    rig.onTheWay = { message, _ in
      guard case .voucher(let voucher) = message else { return message }
      kept = kept ?? voucher
      return kept.map { .voucher($0) }
    }
    rig.begin()
    rig.transfer(blocks: 300)
    let first = try #require(kept)
    #expect(rig.seller.desk.income == first.cumulativeAmount)
    let income = rig.seller.desk.income
    let forger = try PrivateKey(bytes: [UInt8](repeating: 3, count: 32))
    let forged = try Voucher(channelID: first.channelID, cumulativeAmount: income * 2)
      .signed(by: forger, in: rig.ledger.domain)
    let other = rig.ledger.open(
      payer: rig.buyer.desk.account, payee: forger.address, deposit: 1 << 60, grace: 900)
    let foreign = try Voucher(channelID: other.id, cumulativeAmount: 1 << 50)
      .signed(by: rig.buyer.desk.key, in: rig.ledger.domain)
    for voucher in [forged, foreign] { rig.say(.voucher(voucher), to: rig.seller) }
    rig.pump()
    #expect(rig.seller.desk.income == income)
    // Whoever goes on with it trades no more.
    for _ in 0..<4 {
      rig.say(.voucher(forged), to: rig.seller)
      rig.pump()
    }
    #expect(
      rig.seller.said.contains {
        if case .bye(let bye) = $0 { bye.reason == .misconduct } else { false }
      })
  }

  @Test("who leaves owes for what was asked for before; what is asked for later is free")
  func leavesWithRequestsOut() throws {
    let rig = try TradeRig()
    rig.begin()
    let market = rig.seller.market
    let asked = (0..<8).map { BlockRequest(piece: 0, offset: $0 * 16_384, length: 16_384) }
    for block in asked { #expect(market.admit(block, from: TradeRig.peer) == .serve()) }
    let channel = try #require(market.statistics.peers.first?.sellingChannel)
    rig.say(
      .bye(SpeedBye(reason: .done, channelID: channel, sent: 0, received: 0, total: 0)),
      to: rig.seller)
    rig.pump()
    for block in asked { rig.observe(.sent(block, to: TradeRig.peer), rig.seller) }
    #expect(market.statistics.earned == rig.paid(8 * 16_384))
    let later = BlockRequest(piece: 1, offset: 0, length: 16_384)
    #expect(market.admit(later, from: TradeRig.peer) == .serve())
    rig.observe(.sent(later, to: TradeRig.peer), rig.seller)
    #expect(market.statistics.earned == rig.paid(8 * 16_384))
  }

  @Test("a channel of somebody else gives no credit, however public its descriptor is")
  func foreignDescriptor() throws {
    let rig = try TradeRig()
    let victim = try PrivateKey(bytes: [UInt8](repeating: 9, count: 32))
    let channel = rig.ledger.open(
      payer: victim.address, payee: rig.seller.desk.account, deposit: 1 << 60, grace: 900)
    rig.onTheWay = { message, _ in
      guard case .opened(let proof) = message else { return message }
      return .opened(ChannelProof(channel, signature: proof.signature))
    }
    rig.begin()
    rig.say(.accept(quoteID: 1), to: rig.seller)
    rig.transfer(blocks: 10)
    #expect(!rig.seller.desk.orders.contains { if case .admit = $0 { true } else { false } })
    #expect(rig.seller.market.statistics.earned == 0)
    #expect(rig.served == 10 * 16_384)
  }

  @Test("nothing is delivered beyond a deposit, whatever the window")
  func underfunded() throws {
    let terms = TradeRig.terms(budget: TradeRig.price / 4)
    let rig = try TradeRig(buying: terms)
    rig.begin()
    // A buyer that asks on although its money is at its end: its accept 0 is lost.
    rig.onTheWay = { message, _ in message == .accept(quoteID: 0) ? nil : message }
    rig.transfer(blocks: 64)
    #expect(rig.seller.market.statistics.earned <= TradeRig.price / 4)
    #expect(rig.seller.desk.income <= TradeRig.price / 4)
  }

  @Test("who says that bytes trickle in is in default before long all the same")
  func dripping() throws {
    let rig = try TradeRig()
    rig.onTheWay = { message, toSeller in
      switch message {
      case .voucher: nil
      case .receipt where toSeller: nil
      default: message
      }
    }
    rig.begin()
    rig.transfer(blocks: 40)
    #expect(rig.served == 512 << 10)
    var seconds = 0
    while !rig.held.isEmpty, seconds < 3_600 {
      seconds += 9
      rig.pass(.seconds(9))
      let received = UInt64(seconds)
      rig.say(.receipt(SpeedReceipt(received: received, verified: received)), to: rig.seller)
      rig.pump()
    }
    #expect(seconds <= 18)
  }

  @Test("a claim to have received less than was sent long ago ends paid mode")
  func dispute() throws {
    let rig = try TradeRig()
    rig.onTheWay = { message, _ in
      guard case .receipt = message else { return message }
      return .receipt(SpeedReceipt(received: 16_384, verified: 16_384))
    }
    rig.begin()
    for _ in 0..<40 {
      rig.transfer(blocks: 32)
      rig.pass(.seconds(2))
    }
    #expect(
      rig.seller.said.contains {
        if case .bye(let bye) = $0 { bye.reason == .dispute } else { false }
      })
  }

  @Test("a seller with an old view of the ledger gives no credit")
  func oldView() throws {
    let rig = try TradeRig()
    rig.begin()
    rig.seller.desk.mailbox.post(.ledgerAge(.seconds(226)))
    rig.pump()
    rig.transfer(blocks: 4)
    #expect(rig.served == 0)
    rig.seller.desk.mailbox.post(.ledgerAge(.seconds(1)))
    rig.pump()
    rig.transfer(blocks: 4)
    #expect(rig.served > 0)
  }

  @Test("after a close request nothing more is sold on the channel")
  func closing() throws {
    let rig = try TradeRig()
    rig.begin()
    rig.transfer(blocks: 16)
    let id = try #require(rig.seller.market.statistics.peers[0].sellingChannel)
    rig.seller.desk.mailbox.post(.closing(id))
    rig.pump()
    rig.transfer(blocks: 64)
    #expect(rig.seller.market.statistics.earned == rig.paid(256 << 10))
    #expect(rig.served == 80 * 16_384)
  }

  @Test("friends pay nothing, once they have proved who they are")
  func friends() throws {
    var terms = SellingTerms(floorPrice: TradeRig.price)
    let friend = try TestDesk(TestLedger(), key: 2).account
    terms.friends = [friend]
    let rig = try TradeRig(selling: terms)
    rig.begin()
    rig.transfer(blocks: 64)
    rig.pass(.seconds(3))
    #expect(rig.seller.market.statistics.peers[0].sellingPrice == 0)
    #expect(rig.served == 1 << 20)
  }
}
