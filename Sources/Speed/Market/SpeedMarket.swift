public import BitTorrent
internal import ChainTypes
internal import Metainfo
public import NIOCore
internal import Primitives

/// The market for the pieces of one torrent: the strategy that sells its upload and buys its
/// download.
///
/// Peers that do not speak the extension are served as ever. It is confined to the session's event
/// loop; the torrent has to be woken when ``wake`` is called.
public final class SpeedMarket: Strategy {
  /// What the session's torrents share.
  public let accounts: SpeedAccounts
  /// What is paid for the torrent; nil buys nothing.
  ///
  /// It may change at any time; only peers that connect later learn that we buy.
  public var buying: BuyingTerms? {
    didSet { areOffersStale = true }
  }
  /// Whether the torrent's upload is sold, where the session sells.
  public let sells: Bool
  /// Has the torrent get a batch of its own soon.
  public var wake: (() -> Void)?
  /// Called when the torrent rests, and nobody may wake it any more.
  var atEnd: (() -> Void)?

  /// A number that no other market of the session has.
  let number: UInt64
  private(set) var connections: [PeerHandle: SpeedConnection] = [:]
  // The one that was told of last: blocks come and go in runs with one peer.
  private var recent: SpeedConnection?
  var figures = TorrentFigures()
  /// Bytes that came or went for money or for nothing.
  var paidBytesIn = 0
  var freeBytesIn = 0
  var paidBytesOut = 0
  var freeBytesOut = 0
  /// Bytes of the extension's messages.
  var paymentBytesIn = 0
  var paymentBytesOut = 0
  /// Wei billed to us, under way and not billed yet, and earned.
  var spent: UInt128 = 0
  var ahead: UInt128 = 0
  var earned: UInt128 = 0
  var gain = GainMeter()
  /// Pieces under way whose leaves are here, or will be soon.
  private(set) var judgedPieces: Set<Int> = []
  /// How many of the best sellers are bought from, where a target rate is set.
  var sellerCount = 1
  var roundWasLong = false
  /// Counts the batches of events.
  private(set) var batch: UInt64 = 0
  var areSlotsStale = false
  var areOffersStale = false
  /// How often paid mode was ended here, by reason.
  var endings: [SpeedBye.Reason: Int] = [:]
  private var output: [StrategyWish] = []

  /// The bytes that a first deposit is for.
  static let depositBytes = 64 << 20

  /// The market of a torrent.
  public init(accounts: SpeedAccounts, buying: BuyingTerms? = nil, sells: Bool = true) {
    self.accounts = accounts
    self.buying = buying
    self.sells = sells
    number = accounts.nextMarket
    accounts.nextMarket += 1
    accounts.markets.append(self)
  }

  /// Whether nothing of what was asked for at a price is still to come or to be checked, nor
  /// anything to be signed on any channel, whether or not its connections are there.
  public var isSettled: Bool { ahead == 0 && !accounts.buying.values.contains { $0.isOwing } }

  /// The torrent is no more in the market: what is owed is paid as far as the desk goes.
  public func ended() {
    for connection in ordered {
      if let channel = connection.buyer.channel { accounts.pay(channel, flush: true) }
      connection.ended()
      noteTrade(of: connection, hasEnded: true)
    }
    (connections, recent) = ([:], nil)
    accounts.markets.removeAll { $0 === self }
    atEnd?()
    (wake, atEnd) = (nil, nil)
  }

  /// The length of usual pieces, in bytes.
  var pieceLength: Int { figures.pieceLength }

  var hasOutput: Bool { !output.isEmpty }

  func put(_ wish: StrategyWish) { output.append(wish) }

  // MARK: Strategy

  /// Notes the time.
  public func advance(to now: NIODeadline) { accounts.advance(to: now) }

  /// Takes in news of the desk, and does what a batch of events brought about.
  public func settle(wishes: inout [StrategyWish]) {
    accounts.process(for: self)
    accounts.payGrown()
    if areOffersStale { weighOffers() }
    if areSlotsStale { assignSlots() }
    batch &+= 1
    guard !output.isEmpty else { return }
    wishes += output
    output.removeAll(keepingCapacity: true)
  }

  /// Looks at what only time brings.
  public func tick(_ torrent: TorrentFigures, wishes: inout [StrategyWish]) {
    let isFirst = figures.pieceLength == 0 && torrent.pieceLength > 0
    let wasComplete = figures.isComplete
    figures = torrent
    if wasComplete != torrent.isComplete { areSlotsStale = true }
    for connection in ordered {
      connection.tellReceipt()
      if isFirst || torrent.isComplete { connection.offerQuote() }
    }
    weighOffers()
    if torrent.isComplete { finishBuying() }
  }

  /// A connection was made.
  public func connected(_ peer: PeerHandle, _ introduction: PeerIntroduction) {
    accounts.nextConnection += 1
    connections[peer] = SpeedConnection(
      self, peer, introduction, number: accounts.nextConnection)
  }

  /// A connection ended.
  public func disconnected(_ peer: PeerHandle) {
    if let connection = connections.removeValue(forKey: peer) {
      connection.ended()
      noteTrade(of: connection, hasEnded: true)
    }
    recent = nil
    areSlotsStale = true
  }

  /// The connection with a peer, while it lasts.
  func connection(with peer: PeerHandle) -> SpeedConnection? {
    if let recent, recent.handle == peer { return recent }
    guard let connection = connections[peer] else { return nil }
    recent = connection
    return connection
  }

  /// Rows of connections and channels that are no more, not taken yet.
  private var earlierTrade: [SpeedPeerRow] = []

  /// Keeps how a connection stands before it loses a channel.
  func noteTrade(of connection: SpeedConnection, hasEnded: Bool = false) {
    var row = connection.row()
    row.hasEnded = hasEnded
    guard hasEnded || row.buyingChannel != nil || row.sellingChannel != nil else { return }
    earlierTrade.append(row)
  }

  /// How every connection stands, and stood that is no more; each of the latter once.
  public func takeTrade() -> [SpeedPeerRow] {
    defer { earlierTrade = [] }
    return earlierTrade + ordered.filter { $0.hello != nil }.map { $0.row() }
  }

  /// The one extension.
  public var extensionNames: [String] { [SpeedExtension.name] }

  /// What is said of us.
  public func handshakeEntries(for peer: PeerHandle) -> [String: ByteBuffer] {
    guard let connection = connections[peer] else { return [:] }
    let hello = SpeedHello(
      domain: accounts.desk.domain, nonce: connection.nonce, sells: isSelling,
      buys: buying != nil,
      window: CreditOffice.firstWindow(pieceLength: pieceLength))
    return [SpeedExtension.name: hello.encoded]
  }

  /// The peer's handshake came.
  public func extensionsAgreed(
    _ names: [String], entries: [String: ByteBuffer], with peer: PeerHandle,
    wishes: inout [StrategyWish]
  ) {
    guard names.contains(SpeedExtension.name), let entry = entries[SpeedExtension.name],
      let hello = try? SpeedHello(entry)
    else { return }
    connections[peer]?.agreed(hello)
  }

  /// A message came.
  public func received(
    _ payload: ByteBuffer, of extensionName: String, from peer: PeerHandle,
    wishes: inout [StrategyWish]
  ) {
    connection(with: peer)?.receive(payload)
  }

  /// A block or piece moved.
  public func observe(
    _ event: TransferEvent, figures: PeerFigures, wishes: inout [StrategyWish]
  ) {
    connection(with: event.peer)?.observe(event, figures)
  }

  /// Pieces begun with a paid seller are its alone, so that blame is exact.
  ///
  /// Not where it would keep one for long: nothing is paid that is not right in any case, and the
  /// last pieces must not wait for the slowest.
  public func binds(_ peer: PeerHandle) -> Bool {
    guard let connection = connection(with: peer), let quote = connection.buyer.accepted else {
      return false
    }
    return quote.price > 0 && connection.downloadRate >= pieceLength / Self.secondsOfPiece
  }

  private static let secondsOfPiece = 10

  /// Of what is paid for each block is judged by itself where the window holds less than two pieces;
  /// where it holds them, whole pieces are judged soon enough, and cost nobody hashes.
  public func wantsLeaves(of peer: PeerHandle) -> Bool {
    guard let connection = connection(with: peer), let quote = connection.buyer.accepted,
      quote.price > 0, let channel = connection.buyer.channel
    else { return false }
    return pieceLength * 2 > channel.window
  }

  /// Blocks that are judged one by one are not paid for before they are.
  public func leavesChanged(ofPiece piece: Int, areComing: Bool) {
    if areComing { judgedPieces.insert(piece) } else { judgedPieces.remove(piece) }
  }

  /// Whether a request may be served.
  public func admit(_ request: BlockRequest, from peer: PeerHandle) -> RequestVerdict {
    connection(with: peer)?.admit(request) ?? .serve()
  }

  /// Money that is on its way keeps a connection open, for as long as a payer may be late.
  public func keeps(_ peer: PeerHandle) -> Bool { connections[peer]?.isSettling ?? false }

  /// Payers with a slot come first; all others are left to the choker.
  public func rank(of peer: PeerHandle, figures: PeerFigures) -> UploadRank? {
    guard isSelling, let connection = connections[peer] else { return nil }
    connection.downloadRate = figures.downloadRate
    return UploadRank(
      tier: connection.seller.isSeated ? 1 : 0,
      weight: connection.seller.isSeated ? weights.paid : weights.free)
  }

  var weights = (paid: 1, free: 1)

  var ordered: [SpeedConnection] {
    connections.values.sorted { $0.handle.number < $1.handle.number }
  }

  /// The torrent's trade now.
  public var statistics: SpeedStatistics {
    var statistics = SpeedStatistics()
    statistics.paidBytesIn = paidBytesIn
    statistics.freeBytesIn = freeBytesIn
    statistics.paidBytesOut = paidBytesOut
    statistics.freeBytesOut = freeBytesOut
    statistics.paymentBytesIn = paymentBytesIn
    statistics.paymentBytesOut = paymentBytesOut
    statistics.spent = spent
    statistics.locked = accounts.locked(for: self)
    statistics.earned = earned
    statistics.price = isSelling ? accounts.priceClock?.price : nil
    if let gain = gain.gain {
      statistics.gain = gain.mean
      statistics.gainBounds = gain.low...gain.high
    }
    statistics.hasStoppedForGain = gain.isWorthless
    statistics.endings = endings
    statistics.peers = ordered.filter { $0.hello != nil }.map { $0.row() }
    return statistics
  }
}

extension TransferEvent {
  /// Whom it concerns.
  fileprivate var peer: PeerHandle {
    switch self {
    case .sent(_, to: let peer), .dropped(_, of: let peer), .requested(_, of: let peer),
      .received(_, from: let peer), .duplicate(_, from: let peer), .copied(_, from: let peer),
      .cancelled(_, of: let peer), .verified(_, _, from: let peer),
      .failed(_, _, from: let peer, _):
      peer
    }
  }
}
