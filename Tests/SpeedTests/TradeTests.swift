import BitTorrent
import ChainTypes
import Metainfo
import NIOCore
import Primitives
import Speed
import Synchronization
import TestSupport
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

  @Test("the window follows what goes out within hundredths of a second, before any meter tells")
  func fastWindow() throws {
    let rig = try TradeRig()
    rig.begin()
    for _ in 0..<40 {
      rig.transfer(blocks: 16)
      rig.pass(.milliseconds(4))
    }
    let windows = rig.seller.said.compactMap { message in
      if case .need(let need) = message { need.window } else { nil }
    }
    // 64 MB a second, for a tenth of a second: the round trip of those never measured.
    #expect(windows.max() ?? 0 > 4 << 20)
  }

  @Test("what a seller counts and nobody owes, as after its crash, has no piece wait for the clock")
  func phantomDebt() throws {
    let rig = try TradeRig()
    rig.begin()
    for _ in 0..<16 { rig.transfer(blocks: 16) }
    rig.pass(.seconds(2))
    let window = rig.seller.said.reduce(0) { last, message in
      if case .need(let need) = message { Int(need.window) } else { last }
    }
    // Sent and never arrived: more than half a window, so that what is due stays below that.
    let blocks = window / BlockRequest.blockLength
    for index in 0..<blocks / 8 * 5 {
      let block = BlockRequest(piece: 100 + index / 16, offset: index % 16 << 14, length: 1 << 14)
      #expect(rig.seller.market.admit(block, from: TradeRig.peer) == .serve())
      rig.observe(.sent(block, to: TradeRig.peer), rig.seller)
      rig.pump()
    }
    rig.transfer(blocks: blocks / 2)
    #expect(rig.held.isEmpty)
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

  @Test("what is being noted ahead when a payer leaves is no debt of its")
  func leftInTime() throws {
    let rig = try TradeRig()
    rig.begin()
    for _ in 0..<8 { rig.transfer(blocks: 16) }
    rig.pass(.seconds(2))
    let desk = rig.seller.desk
    var late: [DeskEvent] = []
    desk.later = { order, event in
      if case .charge = order { late.append(event) } else { desk.mailbox.post(event) }
    }
    while late.isEmpty { rig.transfer(blocks: 1) }
    rig.disconnect()
    #expect(desk.books.withLock { $0.billed.values.max() ?? 0 } <= rig.paid(rig.served))
    desk.later = nil
    for event in late { desk.mailbox.post(event) }
    rig.connect()
    rig.begin()
    rig.transfer(blocks: 64)
    rig.pass(.seconds(2))
    // Of the piece in the middle of which it left, what came before is nobody's.
    #expect(rig.held.isEmpty && rig.unpaidBytes < rig.pieceLength)
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

  @Test(
    "what one gives the other is set against what it takes, if it proves right",
    arguments: [true, false])
  func barter(isRight: Bool) throws {
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
      if isRight, index % 16 == 15 {
        rig.observe(
          .verified(piece: block.piece, bytes: 256 << 10, from: TradeRig.peer), rig.seller)
      }
    }
    rig.pass(.seconds(1))
    rig.transfer(blocks: 127)
    rig.pass(.seconds(2))
    #expect(rig.served == 2 << 20)
    let due = rig.paid(isRight ? 1 << 20 : 2 << 20)
    #expect(rig.seller.desk.income == due)
    #expect(rig.seller.market.statistics.earned == due)
  }

  @Test("two that sell to each other agree on what each owes, wherever receipts are")
  func mutual() throws {
    let rig = try TradeRig(isMutual: true)
    rig.begin()
    var random = SeededGenerator(seed: 5)
    for _ in 0..<300 {
      rig.transfer(blocks: Int.random(in: 0...12, using: &random))
      rig.give(blocks: Int.random(in: 0...12, using: &random))
      rig.pass(.milliseconds(Int64.random(in: 0...700, using: &random)))
    }
    rig.pass(.seconds(3))
    let (seller, buyer) = (rig.seller.market.statistics, rig.buyer.market.statistics)
    #expect(rig.held.isEmpty && rig.gifts.isEmpty)
    #expect(seller.paidBytesOut > 10 << 20 && buyer.paidBytesOut > 10 << 20)
    #expect(buyer.spent + rig.paid(rig.openBytes) >= seller.earned && buyer.spent <= seller.earned)
    #expect(seller.spent + rig.paid(rig.openBytes) >= buyer.earned && seller.spent <= buyer.earned)
    for end in rig.ends {
      #expect(
        !end.said.contains { if case .bye(let bye) = $0 { bye.reason == .unpaid } else { false } })
    }
  }

  @Test("a ledger that refuses a top-up is asked again after a while, and its money is not lost")
  func refusedTopUp() throws {
    let terms = TradeRig.terms(budget: TradeRig.price * 160)
    let rig = try TradeRig(buying: terms)
    rig.begin()
    rig.buyer.desk.books.withLock { $0.isLedgerDown = true }
    for _ in 0..<224 { rig.transfer(blocks: 16) }
    #expect(topUps(of: rig).count == 1)
    rig.buyer.desk.books.withLock { $0.isLedgerDown = false }
    rig.pass(.seconds(31))
    for _ in 0..<64 { rig.transfer(blocks: 16) }
    rig.pass(.seconds(2))
    #expect(topUps(of: rig).count == 2)
    #expect(rig.seller.desk.income == rig.paid(72 << 20))
  }

  @Test(
    "a seller whose deposit is used up is bought from again once the ledger or the budget allows",
    arguments: [true, false])
  func usedUp(isLedgerDown: Bool) throws {
    let terms = TradeRig.terms(budget: TradeRig.price * (isLedgerDown ? 128 : 64))
    let rig = try TradeRig(buying: terms)
    rig.begin()
    let id = try #require(rig.buyer.market.statistics.peers[0].buyingChannel)
    rig.buyer.desk.books.withLock { $0.isLedgerDown = isLedgerDown }
    for _ in 0..<260 { rig.transfer(blocks: 16) }
    rig.pass(.seconds(2))
    #expect(rig.seller.desk.income == rig.paid(64 << 20))
    #expect(rig.buyer.market.statistics.peers[0].buyingPrice == nil)
    rig.buyer.desk.books.withLock { $0.isLedgerDown = false }
    rig.buyer.market.buying?.budget = TradeRig.price * 128
    rig.pass(.seconds(31))
    #expect(rig.buyer.market.statistics.peers[0].buyingPrice != nil)
    rig.seller.desk.mailbox.post(.toppedUp(id, deposit: TradeRig.price * 128))
    rig.pump()
    for _ in 0..<64 { rig.transfer(blocks: 16) }
    rig.pass(.seconds(2))
    #expect(rig.seller.desk.income == rig.paid(80 << 20))
    #expect(rig.ledger.count == 1)
  }

  @Test("buying is settled only when what was asked for at a price has come and is paid")
  func settled() throws {
    let rig = try TradeRig()
    rig.begin()
    // Of the second piece the first blocks.
    rig.transfer(blocks: 20)
    rig.buyer.market.buying = nil
    rig.pass(.seconds(2))
    #expect(!rig.buyer.market.isSettled)
    rig.transfer(blocks: 12)
    rig.pass(.seconds(1))
    #expect(rig.buyer.market.isSettled)
    #expect(rig.seller.desk.income == rig.paid(20 << 14))
  }

  @Test("a torrent that comes to rest leaves its trade to be told, once")
  func rests() throws {
    let rig = try TradeRig()
    rig.begin()
    let id = try #require(rig.buyer.market.statistics.peers[0].buyingChannel)
    let statement = try Statement(path: nil)
    let recorder = TradeRecorder(statement: statement)
    statement.append(
      .opened(
        id, ChannelParty(rig.seller.desk.account, isPaidByUs: true), deposit: 1 << 60, paid: 0,
        torrent: .zero))
    rig.transfer(blocks: 16)
    recorder.record(rig.buyer.market.takeTrade(), of: .zero)
    rig.transfer(blocks: 16)
    rig.buyer.market.ended()
    let rows = rig.buyer.market.takeTrade()
    #expect(rows.last?.hasEnded == true)
    recorder.record(rows, of: .zero)
    recorder.record(rig.buyer.market.takeTrade(), of: .zero)
    #expect(statement.owed(on: id) == rig.paid(32 << 14))
  }

  @Test("what a closed channel did not pay may be locked again")
  func closedChannel() throws {
    let terms = TradeRig.terms(budget: TradeRig.price * 96)
    let rig = try TradeRig(buying: terms)
    rig.begin()
    rig.transfer(blocks: 64)
    rig.pass(.seconds(2))
    let id = try #require(rig.buyer.market.statistics.peers[0].buyingChannel)
    rig.ledger.close(id, paying: rig.paid(1 << 20))
    for end in rig.ends { end.desk.mailbox.post(.closed(id)) }
    rig.pump()
    #expect(rig.buyer.market.statistics.locked == 0)
    rig.pass(.seconds(65))
    #expect(rig.buyer.market.statistics.locked == TradeRig.price * 64)
    #expect(rig.ledger.count == 2)
  }

  @Test("a deposit that was used up and is raised lets trade go on")
  func raised() throws {
    let terms = TradeRig.terms(budget: TradeRig.price * 128)
    let rig = try TradeRig(buying: terms)
    rig.begin()
    let id = try #require(rig.buyer.market.statistics.peers[0].buyingChannel)
    rig.seller.desk.books.withLock { $0.deposits[id] = TradeRig.price * 64 }
    let mailbox = rig.buyer.desk.mailbox
    nonisolated(unsafe) var kept: DeskEvent?
    rig.buyer.desk.later = { order, event in
      if case .topUp = order { kept = event } else { mailbox.post(event) }
    }
    for _ in 0..<260 { rig.transfer(blocks: 16) }
    rig.pass(.seconds(2))
    let event = try #require(kept)
    #expect(rig.seller.desk.income == rig.paid(64 << 20))
    mailbox.post(event)
    rig.pass(.seconds(1))
    rig.transfer(blocks: 16)
    #expect(rig.held.count == 16, "the seller has not seen it yet")
    rig.seller.desk.books.withLock { $0.deposits = [:] }
    rig.seller.desk.mailbox.post(event)
    rig.pump()
    #expect(rig.held.isEmpty)
    rig.pass(.seconds(2))
    #expect(rig.seller.desk.income > rig.paid(64 << 20))
  }

  @Test("requests that died are no money on its way, and who is asked nothing is not slow")
  func chokes() throws {
    let rig = try TradeRig()
    rig.begin()
    rig.transfer(blocks: 16)
    for round in 0..<9 {
      let blocks = (0..<500).map {
        BlockRequest(piece: 1_000 + round * 32 + $0 / 16, offset: $0 % 16 * 16_384, length: 16_384)
      }
      for block in blocks { rig.observe(.requested(block, of: TradeRig.peer), rig.buyer) }
      for block in blocks { rig.observe(.cancelled(block, of: TradeRig.peer), rig.buyer) }
      rig.pump()
    }
    rig.pass(.seconds(25))
    #expect(rig.buyer.market.statistics.peers[0].buyingPrice != nil)
    rig.transfer(blocks: 16)
    rig.pass(.seconds(2))
    #expect(rig.seller.desk.income == rig.paid(512 << 10))
  }

  @Test("a deposit is topped up at three quarters, within the budget")
  func topUp() throws {
    let terms = TradeRig.terms(budget: TradeRig.price * 96)
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

  @Test(
    "top-ups grow with the deposit, but not beyond half of what is not locked",
    arguments: [(1_024, 128), (320, 96)])
  func growingTopUps(budget: Int, second: Int) throws {
    let terms = TradeRig.terms(budget: TradeRig.price * UInt128(budget))
    let rig = try TradeRig(buying: terms)
    rig.buyer.figures.bytesLeft = 10 << 30
    rig.begin()
    for _ in 0..<400 { rig.transfer(blocks: 16) }
    rig.pass(.seconds(3))
    #expect(topUps(of: rig) == [TradeRig.price * 64, TradeRig.price * UInt128(second)])
  }

  @Test("no more is locked than what is left to fetch costs, or little more")
  func topUpOfTheRest() throws {
    let terms = TradeRig.terms(budget: TradeRig.price * 1_024)
    let rig = try TradeRig(buying: terms)
    rig.buyer.figures.bytesLeft = 80 << 20
    rig.begin()
    for _ in 0..<320 {
      rig.transfer(blocks: 16)
      rig.buyer.figures.bytesLeft -= 256 << 10
      rig.tick()
    }
    rig.pass(.seconds(2))
    let amounts = topUps(of: rig)
    #expect(amounts.count == 1)
    #expect((TradeRig.price * 16...TradeRig.price * 20).contains(amounts.first ?? 0))
    #expect(rig.seller.desk.income == rig.paid(80 << 20))
  }

  @Test("a deposit counts against the budget of the torrent that tops it up, whoever opened it")
  func twoTorrents() throws {
    let first = try TradeRig(buying: TradeRig.terms(budget: TradeRig.price * 64))
    first.begin()
    let second = TradeRig(with: first, buying: TradeRig.terms(budget: TradeRig.price * 1_024))
    second.buyer.figures.bytesLeft = 10 << 30
    second.begin()
    func locked(_ rig: TradeRig) -> UInt128 { rig.buyer.market.statistics.locked }
    #expect(locked(first) == TradeRig.price * 64 && locked(second) == 0)
    first.buyer.figures.isComplete = true
    first.tick()
    for _ in 0..<224 { second.transfer(blocks: 16) }
    second.pass(.seconds(2))
    #expect(topUps(of: second) == [TradeRig.price * 64])
    #expect(locked(first) == 0 && locked(second) == TradeRig.price * (128 - 56))
  }

  private func topUps(of rig: TradeRig) -> [UInt128] {
    rig.buyer.desk.orders.compactMap { order in
      if case .topUp(_, let amount) = order { amount } else { nil }
    }
  }

  @Test("in v2 blocks of large pieces are paid one by one, and nothing on account")
  func byLeaf() throws {
    let rig = try TradeRig(pieceLength: 8 << 20, isV2: true)
    rig.begin()
    #expect(rig.buyer.market.wantsLeaves(of: TradeRig.peer))
    for _ in 0..<300 { rig.transfer(blocks: 1) }
    rig.pass(.seconds(2))
    #expect(rig.held.isEmpty)
    #expect(rig.seller.desk.income == rig.paid(300 << 14))
    // A block that came and is not judged yet is not paid for.
    let block = BlockRequest(piece: 500, offset: 0, length: 16_384)
    rig.buyer.market.leavesChanged(ofPiece: 500, areComing: true)
    rig.observe(.requested(block, of: TradeRig.peer), rig.buyer)
    rig.observe(.received(block, from: TradeRig.peer), rig.buyer)
    rig.pass(.seconds(2))
    #expect(rig.buyer.desk.spent == rig.paid(300 << 14))
  }

  @Test("in v2 a piece whose leaves nobody gives is paid on account, so that its buyer is not late")
  func withoutLeaves() throws {
    let rig = try TradeRig(pieceLength: 8 << 20, isV2: true)
    rig.begin()
    rig.givesLeaves = false
    rig.transfer(blocks: 511)
    #expect(rig.held.isEmpty)
    #expect(rig.seller.desk.income > 0 && rig.seller.desk.income <= rig.paid(8 << 20))
    rig.transfer(blocks: 1)
    rig.pass(.seconds(2))
    #expect(rig.seller.desk.income == rig.paid(8 << 20))
    rig.givesLeaves = true
    rig.transfer(blocks: 16)
    rig.pass(.seconds(2))
    #expect(rig.seller.desk.income == rig.paid(8 << 20 + 16 << 14))
  }

  @Test("in v2 a block that came after a copy is paid for once it proves right")
  func judgedCopies() throws {
    let rig = try TradeRig(isV2: true)
    rig.begin()
    rig.transfer(blocks: 64)
    rig.pass(.seconds(2))
    let spent = rig.buyer.desk.spent
    let copies = (0..<32).map {
      BlockRequest(piece: 1_000 + $0 / 16, offset: $0 % 16 * 16_384, length: 16_384)
    }
    for block in copies {
      rig.observe(.requested(block, of: TradeRig.peer), rig.buyer)
      rig.observe(.cancelled(block, of: TradeRig.peer), rig.buyer)
      rig.observe(.duplicate(block, from: TradeRig.peer), rig.buyer)
    }
    rig.pass(.seconds(2))
    #expect(rig.buyer.desk.spent == spent)
    for block in copies + copies { rig.observe(.copied(block, from: TradeRig.peer), rig.buyer) }
    rig.pass(.seconds(2))
    #expect(rig.buyer.desk.spent == spent + rig.paid(32 << 14))
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
