internal import NIOCore

/// One connection's protocol state, both ways.
///
/// Only ``TorrentCore`` changes it, on its event loop.
final class Peer {
  let handle: PeerHandle
  let introduction: PeerIntroduction
  let connectedAt: NIODeadline

  /// Set once the connection is given up; nothing is sent any more.
  var isGone = false
  /// Set while the core has the peer among those to look at when the batch ends.
  var isTouched = false

  // MARK: What it has

  /// The pieces it has; without bits until the torrent's info is known.
  var pieces = Bitfield(bitCount: 0)
  /// What it said that it has, before that.
  var unknownPieces = UnknownPieces()
  /// Whether it said anything about what it has.
  var hasToldPieces = false
  /// Whether it said that it has all pieces.
  var hasToldAll = false
  /// How many of its pieces are to be fetched.
  var interesting = 0
  /// It wants nothing but to give (BEP 21).
  var isUploadOnly = false

  // MARK: Asking

  /// It does not let us ask.
  var isChoking = true
  /// We told that we want to ask.
  var amInterested = false
  /// Pieces that it lets us ask for all the same (BEP 6).
  var allowedFast: [Int] = []
  /// Pieces that it suggests (BEP 6), the latest last.
  var suggested: [Int] = []
  var requests = OpenRequests()
  var pipeline: RequestPipeline
  /// Nothing is asked before then, as it rejected what was.
  var asksAgainAt = NIODeadline.distantPast
  /// Rejects since the last block.
  var rejects = 0
  /// Requests that were given up and whose blocks may still come.
  var forgiven = 0
  /// Blocks that came without having been asked for.
  var unrequested = 0

  // MARK: Serving

  /// We don't let it ask.
  var amChoking = true
  /// When we last took its right to ask.
  var chokedAt: NIODeadline
  /// It told that it wants to ask.
  var isInterested = false
  /// Pieces that it may ask for while choked, and how many more times each block's worth.
  var grants: [AllowedFastGrant] = []
  /// Whether its grants were told.
  var hasGrants = false
  var uploads = UploadQueue()
  /// The pieces that it knows we have; nil for all.
  var shown: ShownPieces?
  /// Its share relative to others, as the strategy ranks it.
  var weight = 1
  /// What it was served for its weight, where weights divide the upload rate.
  var share = 0
  /// Whether it had something to serve when turns were last given.
  var isAwaitingTurn = false
  /// Requests that it ever made, and took back.
  var requested = 0
  var cancels = 0
  /// Requests refused because it is choked, since it last was not.
  var refusedChoked = 0
  /// Requests refused for other reasons, beyond the blocks it was sent since.
  var refused = 0

  // MARK: Extensions

  /// The peer's numbers for the extensions that it speaks, by our own numbers (BEP 10).
  var extensionIDs: [UInt8: UInt8] = [:]
  /// Whether we said that we speak ut_pex.
  var wasOfferedExchange = false
  /// What was told of other peers, both ways.
  var exchange = PeerExchange()
  /// How it names its program, fit for logs and terminals.
  var client: String?
  /// How many extension handshakes came.
  var handshakes = 0
  /// Metadata pieces served, and hash requests answered, in this minute.
  var minuteOfService = 0
  var metadataServed = 0
  var hashesServed = 0

  // MARK: Figures

  var lastReceived: NIODeadline
  var lastSent: NIODeadline
  /// When a block last moved either way, or began to be wanted.
  var lastUseful: NIODeadline
  var downloaded = 0
  var uploaded = 0
  /// Bytes of pieces that proved right.
  var verified = 0
  var uploadMeter: RateMeter
  /// Bytes a second that come, as of the last tick.
  var downloadRate = 0
  /// Bytes a second that go, as of the last tick.
  var uploadRate = 0

  init(handle: PeerHandle, introduction: PeerIntroduction, now: NIODeadline) {
    self.handle = handle
    self.introduction = introduction
    connectedAt = now
    chokedAt = now
    lastReceived = now
    lastSent = now
    lastUseful = now
    pipeline = RequestPipeline(at: now)
    uploadMeter = RateMeter(at: now)
  }

  /// Whether the fast extension was agreed on (BEP 6).
  var isFast: Bool { introduction.features.contains(.fast) }
  /// Whether hashes of v2 trees may be asked and answered.
  var speaksV2: Bool { introduction.isV2 || introduction.features.contains(.v2) }
  /// Whether it has every piece.
  var isSeed: Bool { pieces.bitCount > 0 && pieces.isFull }

  /// How the transfer with it goes.
  var figures: PeerFigures {
    var figures = PeerFigures()
    figures.downloaded = downloaded
    figures.uploaded = uploaded
    figures.downloadRate = downloadRate
    figures.uploadRate = uploadRate
    figures.bytesInFlight = pipeline.outstanding * BlockRequest.blockLength
    figures.bytesQueued = uploads.bytesInFlight
    figures.roundTrip = pipeline.roundTrip
    return figures
  }
}

/// A piece that a choked peer may ask for (BEP 6).
struct AllowedFastGrant {
  /// The piece.
  let piece: Int
  /// Blocks of it that are still served while the peer is choked.
  var blocksLeft: Int
}
