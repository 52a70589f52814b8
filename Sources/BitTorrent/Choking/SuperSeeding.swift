internal import NIOCore

/// What a super seed shows to one peer (BEP 16): single pieces, the next one when those before are
/// seen to have been given on.
struct ShownPieces {
  /// A piece that was shown and is not yet seen elsewhere.
  struct Offer: Equatable {
    let piece: Int
    /// Bytes of it that the peer has yet to be sent.
    var bytesLeft: Int
    /// When its peer had all of it; nil before.
    var takenAt: NIODeadline?
  }

  /// How many pieces a peer may have open: with one alone it would wait a round trip for the next.
  static let openLimit = 2
  /// How long a peer that took a piece waits for it to be seen elsewhere; also how long it is left
  /// to others what others have.
  static let patience: TimeAmount = .seconds(30)

  /// All that was shown: what the peer may ask for.
  private(set) var pieces: Bitfield
  /// What was shown last.
  private(set) var open: [Offer] = []
  private var shownAt: NIODeadline
  /// Whether a search found nothing more to show lately.
  var isExhausted = false

  /// Nothing shown of so many pieces.
  init(pieceCount: Int, at now: NIODeadline) {
    pieces = Bitfield(bitCount: pieceCount)
    shownAt = now
  }

  /// Whether another piece may be shown.
  var hasRoom: Bool { open.count < Self.openLimit }

  /// Whether nothing that others lack was shown for so long that what they have is shown as well.
  func isImpatient(at now: NIODeadline) -> Bool { now - shownAt >= Self.patience }

  /// Another piece is shown; what others have as well does not renew the patience.
  mutating func show(_ piece: Int, length: Int, at now: NIODeadline, isLeftToOthers: Bool) {
    pieces.insert(piece)
    open.append(Offer(piece: piece, bytesLeft: length))
    if !isLeftToOthers { shownAt = now }
  }

  /// The peer was sent bytes of a piece: it may never tell that it has what we showed.
  mutating func sent(_ bytes: Int, of piece: Int, at now: NIODeadline) {
    for index in open.indices where open[index].piece == piece {
      open[index].bytesLeft -= bytes
      if open[index].bytesLeft <= 0 { taken(piece, at: now) }
    }
  }

  /// The peer has a piece.
  mutating func taken(_ piece: Int, at now: NIODeadline) {
    for index in open.indices where open[index].piece == piece && open[index].takenAt == nil {
      open[index].takenAt = now
    }
  }

  /// Closes the offers that have done their work.
  mutating func close(where isDone: (Offer) -> Bool) { open.removeAll(where: isDone) }
}
