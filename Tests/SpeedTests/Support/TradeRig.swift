import BitTorrent
import ChainTypes
import Metainfo
import NIOCore
import Primitives
import Speed
import TestSupport
import Testing

/// One end of a trade: a market on its own accounts and desk, and what it sent.
final class TradeEnd {
  let desk: TestDesk
  let accounts: SpeedAccounts
  let market: SpeedMarket
  /// What it said on each connection, oldest first.
  var said: [SpeedMessage] = []
  /// What it said and was not heard yet.
  var outbox: [(PeerHandle, ByteBuffer)] = []
  var reconsidered: Set<PeerHandle> = []
  var rechokes = 0
  var disconnects: [PeerHandle] = []
  var figures = TorrentFigures()

  init(
    _ ledger: TestLedger, key: UInt32, selling: SellingTerms?, buying: BuyingTerms?,
    after desk: TestDesk? = nil
  ) throws {
    self.desk = try desk ?? TestDesk(ledger, key: key)
    accounts = SpeedAccounts(
      desk: self.desk, mailbox: self.desk.mailbox,
      configuration: SpeedConfiguration(selling: selling, unixOffset: 1_700_000_000),
      random: SeededGenerator(seed: UInt64(key) + (desk == nil ? 1 : 1_000)))
    market = SpeedMarket(accounts: accounts, buying: buying)
    setFigures()
  }

  /// Another torrent of the same session.
  init(with other: TradeEnd, buying: BuyingTerms?) {
    (desk, accounts) = (other.desk, other.accounts)
    market = SpeedMarket(accounts: accounts, buying: buying)
    setFigures()
  }

  private func setFigures() {
    figures.pieceLength = 256 << 10
    figures.bytesLeft = 64 << 20
    figures.uploadSlots = 8
  }

  /// Ends a batch; whether anything came of it.
  func settle(at now: NIODeadline) -> Bool {
    var wishes: [StrategyWish] = []
    market.advance(to: now)
    market.settle(wishes: &wishes)
    for wish in wishes {
      switch wish {
      case .send(let peer, _, let payload):
        if let message = try? SpeedMessage(payload) { said.append(message) }
        outbox.append((peer, payload))
      case .reconsider(let peer): reconsidered.insert(peer)
      case .rechoke: rechokes += 1
      case .disconnect(let peer, _): disconnects.append(peer)
      }
    }
    return !wishes.isEmpty
  }

  func tick(at now: NIODeadline) {
    var wishes: [StrategyWish] = []
    market.advance(to: now)
    market.tick(figures, wishes: &wishes)
  }
}

/// A seller and a buyer on one connection, whose blocks and time a test moves.
final class TradeRig {
  static let price: UInt128 = 1 << 40
  static let peer = PeerHandle(0)

  let ledger: TestLedger
  let seller: TradeEnd
  private(set) var buyer: TradeEnd
  private(set) var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
  /// Requests that the seller holds back.
  private(set) var held: [BlockRequest] = []
  private(set) var nextBlock = 0
  private(set) var served = 0
  private var given = 0
  /// Requests of the other way that the buyer holds back.
  private(set) var gifts: [BlockRequest] = []
  private var wrong: Set<Int> = []
  /// What happens to messages on their way; nil loses one.
  var onTheWay: ((SpeedMessage, _ toSeller: Bool) -> SpeedMessage?) = { message, _ in message }
  let pieceLength: Int
  private let buying: BuyingTerms
  /// Whether the connection is of the second format.
  private let isV2: Bool
  /// Whether somebody gives the leaves of its pieces.
  var givesLeaves = true

  /// Terms of a buyer who pays all the time.
  static func terms(
    budget: UInt128, maximumPrice: UInt128 = TradeRig.price
  ) -> BuyingTerms {
    var terms = BuyingTerms(budget: budget, maximumPrice: maximumPrice)
    terms.measuresGain = false
    return terms
  }

  /// A seller and a buyer; with `isMutual` each sells and buys.
  init(
    selling: SellingTerms? = nil, buying: BuyingTerms? = nil, pieceLength: Int = 256 << 10,
    host: UInt32 = 0x0505_0505, isConnected: Bool = true, isMutual: Bool = false,
    isV2: Bool = false
  ) throws {
    ledger = TestLedger()
    self.pieceLength = pieceLength
    self.isV2 = isV2
    self.buying = buying ?? Self.terms(budget: 1 << 60, maximumPrice: Self.price * 4)
    let selling = selling ?? SellingTerms(floorPrice: Self.price)
    seller = try TradeEnd(
      ledger, key: 1, selling: selling, buying: isMutual ? self.buying : nil)
    buyer = try TradeEnd(
      ledger, key: 2, selling: isMutual ? selling : nil, buying: self.buying)
    for end in [seller, buyer] { end.figures.pieceLength = pieceLength }
    if !isMutual {
      seller.figures.isComplete = true
      seller.figures.bytesLeft = 0
    }
    tick()
    if isConnected { connect(host: host) }
  }

  /// Another torrent of the same two, on a connection of its own.
  init(with other: TradeRig, buying: BuyingTerms) {
    (ledger, pieceLength, isV2) = (other.ledger, other.pieceLength, other.isV2)
    (self.buying, now) = (buying, other.now)
    seller = TradeEnd(with: other.seller, buying: nil)
    buyer = TradeEnd(with: other.buyer, buying: buying)
    for end in ends { end.figures.pieceLength = pieceLength }
    seller.figures.isComplete = true
    seller.figures.bytesLeft = 0
    tick()
    connect()
  }

  var ends: [TradeEnd] { [seller, buyer] }

  func other(_ end: TradeEnd) -> TradeEnd { end === seller ? buyer : seller }

  // MARK: The connection

  func connect(host: UInt32 = 0x0505_0505, on peer: PeerHandle = TradeRig.peer) {
    for end in ends {
      let introduction = PeerIntroduction(
        address: PeerAddress(ipv4: host, port: 6_881),
        direction: end === seller ? .incoming : .outgoing, peerID: BitTorrent.PeerID.test,
        features: [.fast, .extended], infoHash: .zero, isV2: isV2)
      end.market.advance(to: now)
      end.market.connected(peer, introduction)
    }
    var wishes: [StrategyWish] = []
    for end in ends {
      end.market.extensionsAgreed(
        [SpeedExtension.name], entries: other(end).market.handshakeEntries(for: peer),
        with: peer, wishes: &wishes)
    }
    pump()
  }

  /// The buyer's process dies, and comes back on a new connection.
  ///
  /// Of what it signed its books know so many sixteenths.
  func killBuyer(keeping share: UInt128) throws {
    seller.market.disconnected(Self.peer)
    (seller.outbox, held) = ([], [])
    buyer.desk.forget(keeping: share)
    let figures = buyer.figures
    buyer = try TradeEnd(
      ledger, key: 2, selling: nil, buying: buying, after: buyer.desk)
    buyer.figures = figures
    buyer.desk.announce()
    tick()
    connect()
  }

  func disconnect() {
    for end in ends {
      end.market.disconnected(Self.peer)
      end.outbox = []
    }
    held = []
    pump()
  }

  // MARK: Time and messages

  /// Everything that follows at this moment.
  func pump() {
    var isBusy = true
    while isBusy {
      isBusy = false
      for end in ends {
        if end.settle(at: now) { isBusy = true }
        let outbox = end.outbox
        end.outbox = []
        for (peer, payload) in outbox { deliver(payload, peer, to: other(end)) }
        if end.reconsidered.remove(Self.peer) != nil {
          if end === seller { serveHeld() } else { giveHeld() }
        }
      }
    }
  }

  private func deliver(_ payload: ByteBuffer, _ peer: PeerHandle, to end: TradeEnd) {
    guard let message = try? SpeedMessage(payload),
      let changed = onTheWay(message, end === seller)
    else { return }
    say(changed, to: end, on: peer)
  }

  /// A message reaches an end, whoever wrote it.
  func say(_ message: SpeedMessage, to end: TradeEnd, on peer: PeerHandle = TradeRig.peer) {
    var wishes: [StrategyWish] = []
    end.market.advance(to: now)
    end.market.received(
      message.encoded, of: SpeedExtension.name, from: peer, wishes: &wishes)
  }

  func tick() {
    for end in ends { end.tick(at: now) }
    pump()
  }

  /// Time goes by in ticks.
  func pass(_ time: TimeAmount) {
    let end = now + time
    while now < end {
      now = min(end, now + .milliseconds(250))
      tick()
    }
  }

  /// Time goes by until paid mode has begun.
  func begin() { pass(.seconds(3)) }

  // MARK: Blocks

  var blocksInPiece: Int { pieceLength / BlockRequest.blockLength }

  /// The buyer asks for blocks; what the seller admits arrives, and pieces prove right.
  func transfer(blocks count: Int, isRight: Bool = true) {
    for _ in 0..<count {
      let block = BlockRequest(
        piece: nextBlock / blocksInPiece, offset: nextBlock % blocksInPiece * 16_384,
        length: 16_384)
      nextBlock += 1
      if !isRight { wrong.insert(block.piece) }
      if isV2 { buyer.market.leavesChanged(ofPiece: block.piece, areComing: givesLeaves) }
      observe(.requested(block, of: Self.peer), buyer)
      request(block)
    }
    pump()
  }

  private func request(_ block: BlockRequest) {
    seller.market.advance(to: now)
    switch seller.market.admit(block, from: Self.peer) {
    case .serve: serve(block)
    case .hold: held.append(block)
    case .reject: break
    }
  }

  private func serve(_ block: BlockRequest) {
    served += block.length
    observe(.sent(block, to: Self.peer), seller)
    observe(.received(block, from: Self.peer), buyer)
    // In the second format each block is judged by itself, by its leaf.
    let bytes = isV2 && givesLeaves ? block.length : pieceLength
    guard isV2 && givesLeaves || block.offset + block.length == pieceLength else { return }
    let event: TransferEvent =
      !wrong.contains(block.piece)
      ? .verified(piece: block.piece, bytes: bytes, from: Self.peer)
      : .failed(piece: block.piece, bytes: bytes, from: Self.peer, isProven: true)
    observe(event, buyer)
  }

  /// Bytes that came last, and may be of a piece that is not whole yet.
  var openBytes: Int { pieceLength }

  /// The other way: the seller asks, and gets what the buyer admits.
  func give(blocks count: Int) {
    for _ in 0..<count {
      let block = BlockRequest(
        piece: 50_000 + given / blocksInPiece, offset: given % blocksInPiece * 16_384,
        length: 16_384)
      given += 1
      observe(.requested(block, of: Self.peer), seller)
      gifts.append(block)
    }
    giveHeld()
    pump()
  }

  private func giveHeld() {
    let blocks = gifts
    gifts = []
    for block in blocks {
      guard case .serve = buyer.market.admit(block, from: Self.peer) else {
        gifts.append(block)
        continue
      }
      observe(.sent(block, to: Self.peer), buyer)
      observe(.received(block, from: Self.peer), seller)
      guard block.offset + block.length == pieceLength else { continue }
      observe(.verified(piece: block.piece, bytes: pieceLength, from: Self.peer), seller)
    }
  }

  private func serveHeld() {
    let blocks = held
    held = []
    for block in blocks { request(block) }
  }

  func observe(_ event: TransferEvent, _ end: TradeEnd) {
    var wishes: [StrategyWish] = []
    end.market.advance(to: now)
    var figures = PeerFigures()
    figures.downloadRate = 10 << 20
    end.market.observe(event, figures: figures, wishes: &wishes)
  }

  // MARK: Money

  /// What the seller has given and was not paid for, in bytes at the usual price.
  var unpaidBytes: Int {
    let value = UInt128(served) * Self.price / UInt128(SpeedExtension.priceUnit)
    let owed = value > seller.desk.income ? value - seller.desk.income : 0
    return Int(owed * UInt128(SpeedExtension.priceUnit) / Self.price)
  }

  func paid(_ bytes: Int) -> UInt128 {
    UInt128(bytes) * Self.price / UInt128(SpeedExtension.priceUnit)
  }
}

extension BitTorrent.PeerID {
  static let test: BitTorrent.PeerID = {
    var random = SystemRandomNumberGenerator()
    return BitTorrent.PeerID(prefix: "-SP0001-", using: &random)
  }()
}
