internal import Metainfo
internal import NIOCore
internal import Primitives

/// Fetching the info dictionary from peers (BEP 9).
///
/// Only the whole can be checked, and its size is a claim of each peer. So pieces are kept apart by
/// the size that their givers claim; when a whole has the wrong hash and several peers gave to it,
/// the next try takes every piece from one peer alone, which then either is right or has lied.
struct MetadataExchange {
  /// The length of every piece but the last.
  static let pieceLength = 16_384
  /// Sizes that are tried side by side; the one that fewest claim gives way.
  static let maximumAttempts = 4
  /// Requests open at one peer.
  static let maximumOpen = 4
  /// Peers that are asked for the same piece at once.
  static let maximumAskedForOne = 3

  /// What a piece that came led to.
  enum Outcome {
    /// More is needed.
    case incomplete
    /// It was not asked for, or has another size than announced.
    case unexpected
    /// The whole, with the right hash.
    case complete([UInt8])
    /// The whole has the wrong hash. `liar` gave every piece of it, if one peer did.
    case wrong(liar: PeerHandle?)
  }

  private struct Piece {
    var data: ByteBuffer?
    var giver: PeerHandle?
    var asked = 0
  }

  private struct Attempt {
    let size: Int
    var pieces: [Piece]
    var missing: Int
    // When set, only this peer is asked and believed.
    var isSolo = false
    var solo: PeerHandle?

    init(size: Int) {
      self.size = size
      missing = (size + MetadataExchange.pieceLength - 1) / MetadataExchange.pieceLength
      pieces = Array(repeating: Piece(), count: missing)
    }

    func length(of piece: Int) -> Int {
      min(MetadataExchange.pieceLength, size - piece * MetadataExchange.pieceLength)
    }
  }

  private struct Claimant {
    var size: Int
    var open: [(piece: Int, asked: NIODeadline)] = []
    var waitsUntil = NIODeadline.distantPast
    var refusals = 0
  }

  private let hashes: InfoHashes
  private let maximumSize: Int
  private var attempts: [Attempt] = []
  private var claimants: [PeerHandle: Claimant] = [:]

  /// Nothing known but the hashes.
  init(hashes: InfoHashes, maximumSize: Int) {
    self.hashes = hashes
    self.maximumSize = maximumSize
  }

  /// A peer says that it has metadata of `size` bytes; false when no such size is believed.
  mutating func announced(size: Int, by peer: PeerHandle) -> Bool {
    guard size > 0, size <= maximumSize else { return false }
    guard claimants[peer]?.size != size else { return true }
    left(peer)
    claimants[peer] = Claimant(size: size)
    guard !attempts.contains(where: { $0.size == size }) else { return true }
    if attempts.count >= Self.maximumAttempts {
      let weakest = attempts.indices.min { claims(of: attempts[$0]) < claims(of: attempts[$1]) }
      if let weakest { attempts.remove(at: weakest) }
    }
    attempts.append(Attempt(size: size))
    return true
  }

  /// The next piece to ask this peer for, if any.
  mutating func next(for peer: PeerHandle, at now: NIODeadline) -> Int? {
    guard var claimant = claimants[peer], claimant.waitsUntil <= now,
      claimant.open.count < Self.maximumOpen
    else { return nil }
    if !attempts.contains(where: { $0.size == claimant.size }),
      attempts.count < Self.maximumAttempts
    {
      attempts.append(Attempt(size: claimant.size))
    }
    guard let index = attempts.firstIndex(where: { $0.size == claimant.size }) else { return nil }
    if attempts[index].isSolo {
      if attempts[index].solo == nil { attempts[index].solo = peer }
      guard attempts[index].solo == peer else { return nil }
    }
    let pieces = attempts[index].pieces
    let choices = pieces.indices.filter { piece in
      pieces[piece].data == nil && pieces[piece].asked < Self.maximumAskedForOne
        && !claimant.open.contains { $0.piece == piece }
    }
    guard let piece = choices.min(by: { pieces[$0].asked < pieces[$1].asked }) else { return nil }
    attempts[index].pieces[piece].asked += 1
    claimant.open.append((piece, now))
    claimants[peer] = claimant
    return piece
  }

  /// A piece came.
  mutating func received(
    piece: Int, totalSize: Int, data: ByteBuffer, from peer: PeerHandle
  ) -> Outcome {
    guard close(piece, of: peer), let size = claimants[peer]?.size, size == totalSize else {
      return .unexpected
    }
    guard let index = attempts.firstIndex(where: { $0.size == size }),
      attempts[index].pieces.indices.contains(piece)
    else { return .incomplete }
    guard data.readableBytes == attempts[index].length(of: piece) else { return .unexpected }
    guard attempts[index].pieces[piece].data == nil,
      !attempts[index].isSolo || attempts[index].solo == peer
    else { return .incomplete }
    // A view of the receive buffer would keep all of that buffer alive.
    attempts[index].pieces[piece].data = ByteBuffer(bytes: data.readableBytesView)
    attempts[index].pieces[piece].giver = peer
    attempts[index].missing -= 1
    return attempts[index].missing == 0 ? judge(index) : .incomplete
  }

  /// The peer refuses a piece; it is asked again later.
  mutating func rejected(piece: Int, by peer: PeerHandle, at now: NIODeadline) -> Bool {
    guard close(piece, of: peer) else { return false }
    putOff(peer, at: now)
    return true
  }

  /// Gives up what has been open since before `limit`, and puts those off who did not answer.
  mutating func expire(askedBefore limit: NIODeadline, at now: NIODeadline) {
    for (peer, claimant) in claimants {
      let late = claimant.open.filter { $0.asked < limit }
      guard !late.isEmpty else { continue }
      for request in late { _ = close(request.piece, of: peer) }
      putOff(peer, at: now)
    }
  }

  /// The connection ended.
  mutating func left(_ peer: PeerHandle) {
    guard let claimant = claimants[peer] else { return }
    for request in claimant.open { _ = close(request.piece, of: peer) }
    claimants[peer] = nil
    release(peer)
    attempts = attempts.filter { claims(of: $0) > 0 }
  }

  private func claims(of attempt: Attempt) -> Int {
    claimants.values.count { $0.size == attempt.size }
  }

  // Ends a request; false when there was none.
  private mutating func close(_ piece: Int, of peer: PeerHandle) -> Bool {
    guard let open = claimants[peer]?.open,
      let position = open.firstIndex(where: { $0.piece == piece })
    else { return false }
    claimants[peer]?.open.remove(at: position)
    if let size = claimants[peer]?.size,
      let index = attempts.firstIndex(where: { $0.size == size }),
      attempts[index].pieces.indices.contains(piece)
    {
      attempts[index].pieces[piece].asked = max(0, attempts[index].pieces[piece].asked - 1)
    }
    return true
  }

  private mutating func putOff(_ peer: PeerHandle, at now: NIODeadline) {
    guard var claimant = claimants[peer] else { return }
    claimant.refusals = min(claimant.refusals + 1, 10)
    claimant.waitsUntil = now + .seconds(Int64(claimant.refusals * 10))
    claimants[peer] = claimant
    release(peer)
  }

  // Lets another peer take a try that this one had for itself; half a whole is worth nothing then.
  private mutating func release(_ peer: PeerHandle) {
    for index in attempts.indices where attempts[index].isSolo && attempts[index].solo == peer {
      attempts[index] = Attempt(size: attempts[index].size)
      attempts[index].isSolo = true
    }
  }

  private mutating func judge(_ index: Int) -> Outcome {
    let attempt = attempts[index]
    var whole: [UInt8] = []
    whole.reserveCapacity(attempt.size)
    for piece in attempt.pieces {
      if let data = piece.data { whole.append(contentsOf: data.readableBytesView) }
    }
    if hashesMatch(whole) { return .complete(whole) }
    let givers = Set(attempt.pieces.compactMap(\.giver))
    // Who is asked for a piece of the new try must not be remembered from the old one.
    for peer in claimants.keys where claimants[peer]?.size == attempt.size {
      claimants[peer]?.open.removeAll()
    }
    attempts[index] = Attempt(size: attempt.size)
    attempts[index].isSolo = true
    return .wrong(liar: givers.count == 1 ? givers.first : nil)
  }

  private func hashesMatch(_ bytes: [UInt8]) -> Bool {
    if let v1 = hashes.v1, SHA1Hash(hashing: bytes) != v1 { return false }
    if let v2 = hashes.v2, Hash256(hashing: bytes) != v2 { return false }
    return hashes.v1 != nil || hashes.v2 != nil
  }
}
