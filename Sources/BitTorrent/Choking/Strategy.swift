public import NIOCore

/// What someone outside the engine decides about a torrent's transfer.
///
/// The engine works without a strategy, and every member has a default that leaves the engine as
/// it is. All calls come from the torrent's event loop, so a strategy must not block; what it wants
/// done it appends to `wishes`, which are carried out before the next event.
public protocol Strategy: AnyObject {
  /// The moment of whatever is told next.
  func advance(to now: NIODeadline)
  /// A batch of events is over, as when somebody outside woke the torrent for the strategy's sake.
  func settle(wishes: inout [StrategyWish])
  /// About half a second went by.
  func tick(_ torrent: TorrentFigures, wishes: inout [StrategyWish])

  /// A connection was made; nothing was said on it yet.
  func connected(_ peer: PeerHandle, _ introduction: PeerIntroduction)

  /// How a peer stands among those that want to be sent blocks, or nil for the choker's own order.
  func rank(of peer: PeerHandle, figures: PeerFigures) -> UploadRank?

  /// Whether a request may be served, and with what precedence.
  func admit(_ request: BlockRequest, from peer: PeerHandle) -> RequestVerdict

  /// Whether ``value(of:from:)`` is worth asking: false costs nothing.
  var valuesPieces: Bool { get }
  /// How much a piece of this peer is worth; the picker prefers the greatest, then the rarest.
  func value(of piece: Int, from peer: PeerHandle) -> Int
  /// Whether pieces begun with this peer are fetched from it alone.
  func binds(_ peer: PeerHandle) -> Bool
  /// Whether the leaves of v2 pieces that are asked of this peer are fetched from it first, so that
  /// each block is found right or wrong by itself; that costs 2 hundredths of a hundredth in hashes.
  func wantsLeaves(of peer: PeerHandle) -> Bool

  /// The leaves of a piece under way are here or will be soon, so that its blocks are judged one by
  /// one; or else they are not, or not any more, as when the piece is over.
  func leavesChanged(ofPiece piece: Int, areComing: Bool)

  /// A block or piece moved, or failed to.
  func observe(_ event: TransferEvent, figures: PeerFigures, wishes: inout [StrategyWish])

  /// Extensions of the extension protocol (BEP 10) that the strategy speaks, by name.
  var extensionNames: [String] { get }
  /// What the handshake's dictionary holds beside the usual, as bencoded values by key.
  func handshakeEntries(for peer: PeerHandle) -> [String: ByteBuffer]
  /// The peer's extended handshake came; `names` are those of ours that it speaks too, `entries`
  /// the bencoded values that its dictionary has under these names.
  func extensionsAgreed(
    _ names: [String], entries: [String: ByteBuffer], with peer: PeerHandle,
    wishes: inout [StrategyWish])
  /// A message of one of the strategy's extensions, in stream order with requests and blocks.
  func received(
    _ payload: ByteBuffer, of extensionName: String, from peer: PeerHandle,
    wishes: inout [StrategyWish])
  /// Whether a connection on which neither side wants a piece stays open all the same.
  func keeps(_ peer: PeerHandle) -> Bool
  /// The connection ended.
  func disconnected(_ peer: PeerHandle)
  /// The torrent rests: all connections have ended, and nothing is told any more.
  func ended()
}

extension Strategy {
  /// Nothing is done.
  public func advance(to now: NIODeadline) {}
  /// Nothing is done.
  public func settle(wishes: inout [StrategyWish]) {}
  /// Nothing is done.
  public func tick(_ torrent: TorrentFigures, wishes: inout [StrategyWish]) {}
  /// Nothing is done.
  public func connected(_ peer: PeerHandle, _ introduction: PeerIntroduction) {}
  /// The choker's own order.
  public func rank(of peer: PeerHandle, figures: PeerFigures) -> UploadRank? { nil }
  /// Every request is served.
  public func admit(_ request: BlockRequest, from peer: PeerHandle) -> RequestVerdict { .serve() }
  /// Pieces have no values.
  public var valuesPieces: Bool { false }
  /// All pieces are worth the same.
  public func value(of piece: Int, from peer: PeerHandle) -> Int { 0 }
  /// Pieces are shared among peers.
  public func binds(_ peer: PeerHandle) -> Bool { false }
  /// They are not.
  public func wantsLeaves(of peer: PeerHandle) -> Bool { false }
  /// Nothing is done.
  public func leavesChanged(ofPiece piece: Int, areComing: Bool) {}
  /// Nothing is done.
  public func observe(_ event: TransferEvent, figures: PeerFigures, wishes: inout [StrategyWish]) {}
  /// No extensions.
  public var extensionNames: [String] { [] }
  /// No entries.
  public func handshakeEntries(for peer: PeerHandle) -> [String: ByteBuffer] { [:] }
  /// Nothing is done.
  public func extensionsAgreed(
    _ names: [String], entries: [String: ByteBuffer], with peer: PeerHandle,
    wishes: inout [StrategyWish]
  ) {}
  /// Nothing is done.
  public func received(
    _ payload: ByteBuffer, of extensionName: String, from peer: PeerHandle,
    wishes: inout [StrategyWish]
  ) {}
  /// It does not.
  public func keeps(_ peer: PeerHandle) -> Bool { false }
  /// Nothing is done.
  public func disconnected(_ peer: PeerHandle) {}
  /// Nothing is done.
  public func ended() {}
}

/// A peer's standing in the contest for upload slots.
public struct UploadRank: Hashable, Sendable {
  /// Slots go to higher tiers first; a tier below 0 gets none.
  public var tier: Int
  /// The share of the upload rate relative to other peers that are served, 1 to 1,000; 1 is usual.
  ///
  /// A limited rate is divided by it exactly; without a limit it says how much may wait for the
  /// socket, up to eightfold.
  public var weight: Int

  /// A standing with `tier` and `weight`.
  public init(tier: Int, weight: Int = 1) {
    self.tier = tier
    self.weight = weight
  }
}

/// What becomes of a peer's request.
public enum RequestVerdict: Hashable, Sendable {
  /// Send the block; requests of a higher precedence go first.
  case serve(precedence: Int = 0)
  /// Keep the request until ``StrategyWish/reconsider(_:)``.
  case hold
  /// Tell the peer that it won't be served.
  case reject
}

/// What a strategy wants done.
public enum StrategyWish: Sendable {
  /// Send a message of one of the strategy's extensions, in order with all that was sent before.
  case send(PeerHandle, extensionName: String, ByteBuffer)
  /// Ranks have changed: give and take slots now.
  case rechoke
  /// Ask again about the requests of this peer that are held.
  case reconsider(PeerHandle)
  /// Close the connection.
  case disconnect(PeerHandle, reason: String)
}

/// A block or piece that moved, and with whom.
public enum TransferEvent: Hashable, Sendable {
  /// The block went to the peer's socket.
  case sent(BlockRequest, to: PeerHandle)
  /// A request of the peer that was served or held back won't be answered any more: it took it
  /// back, was choked, or the block can't be read.
  case dropped(BlockRequest, of: PeerHandle)
  /// A request of ours went out.
  case requested(BlockRequest, of: PeerHandle)
  /// A wanted block came.
  case received(BlockRequest, from: PeerHandle)
  /// A block came that was here already, or that nobody asked for.
  case duplicate(BlockRequest, from: PeerHandle)
  /// A duplicate proved right: told of v2 pieces, once the piece is.
  case copied(BlockRequest, from: PeerHandle)
  /// A request of ours was given up: taken back, rejected, too late, or fallen by a choke. Its
  /// block may still come.
  case cancelled(BlockRequest, of: PeerHandle)
  /// Bytes of a piece that came from this peer proved right: one block where the leaves of a v2
  /// piece are known, else its part of the whole piece. No byte that came is told twice.
  case verified(piece: Int, bytes: Int, from: PeerHandle)
  /// Bytes that came from this peer proved wrong, or are of a piece that did; `isProven` says that
  /// it was this peer and no other who sent what is wrong.
  case failed(piece: Int, bytes: Int, from: PeerHandle, isProven: Bool)
}

/// How the transfer with a peer goes.
public struct PeerFigures: Hashable, Sendable {
  /// Payload that came, in bytes.
  public var downloaded = 0
  /// Payload that went, in bytes.
  public var uploaded = 0
  /// Payload that comes, in bytes a second.
  public var downloadRate = 0
  /// Payload that goes, in bytes a second.
  public var uploadRate = 0
  /// Bytes asked for and not here yet.
  public var bytesInFlight = 0
  /// Bytes handed to the socket and not written yet.
  public var bytesQueued = 0
  /// The shortest time seen between a request and its block.
  public var roundTrip: TimeAmount?

  /// The figures of a peer that nothing moved with.
  public init() {}
}

/// How the transfer of a torrent goes.
public struct TorrentFigures: Hashable, Sendable {
  /// Whether nothing more is fetched: all that is wanted is there, or the torrent is made wrong.
  public var isComplete = false
  /// Wanted bytes that are not there yet.
  public var bytesLeft: Int64 = 0
  /// The usual length of a piece in bytes; 0 while the torrent's info is unknown.
  public var pieceLength = 0
  /// Payload that comes from all peers, in bytes a second.
  public var downloadRate = 0
  /// Payload that goes to all peers, in bytes a second.
  public var uploadRate = 0
  /// How many peers are served at once.
  public var uploadSlots = 0
  /// Whether a limit of ours, or our disk, keeps the download from being faster.
  public var isLimitedHere = false

  /// The figures of a torrent that nothing moved in.
  public init() {}
}
