import BitTorrent
import NIOCore
import TestSupport

/// What a picker must know, kept in the plainest way, and the rules that its answers must obey.
struct PickerModel {
  struct Violation: Error, CustomStringConvertible { let description: String }

  enum BlockState: Equatable {
    case free
    case requested(PeerHandle)
    case received(PeerHandle?)
  }

  struct Piece {
    var length: Int
    var priority = 4
    var have = false
    var begun = false
    var owner: PeerHandle?
    var isBound = false
    var blocks: [BlockState]
  }

  var pieces: [Piece]
  var peers: [PeerHandle: Bitfield] = [:]
  // The second requests: at most one a peer.
  var duplicates: [PeerHandle: BlockRequest] = [:]

  init(lengths: [Int]) {
    pieces = lengths.map {
      Piece(length: $0, blocks: Array(repeating: .free, count: ($0 + 16_383) / 16_384))
    }
  }

  func wanted(_ piece: Int) -> Bool { !pieces[piece].have && pieces[piece].priority > 0 }
  func availability(_ piece: Int) -> Int { peers.values.count { $0[piece] } }

  func request(_ piece: Int, _ block: Int) -> BlockRequest {
    BlockRequest(
      piece: piece, offset: block * 16_384,
      length: min(16_384, pieces[piece].length - block * 16_384))
  }

  func state(_ request: BlockRequest) -> BlockState {
    pieces[request.piece].blocks[request.offset / 16_384]
  }

  mutating func set(_ request: BlockRequest, _ state: BlockState) {
    pieces[request.piece].blocks[request.offset / 16_384] = state
  }

  /// Every block that was asked of a peer and is not here.
  func outstanding(_ peer: PeerHandle) -> [BlockRequest] {
    var found: [BlockRequest] = []
    for (piece, entry) in pieces.enumerated() {
      for (block, state) in entry.blocks.enumerated() where state == .requested(peer) {
        found.append(request(piece, block))
      }
    }
    if let duplicate = duplicates[peer] { found.append(duplicate) }
    return found
  }

  /// Whether a block could be asked of the peer that was asked of nobody.
  func hasFreeBlock(for peer: PeerHandle, only: [Int]?) -> Bool {
    guard let has = peers[peer] else { return false }
    return pieces.indices.contains { piece in
      wanted(piece) && has[piece] && (only?.contains(piece) ?? true)
        && (!pieces[piece].isBound || pieces[piece].owner == peer)
        && pieces[piece].blocks.contains(.free)
    }
  }

  /// Whether no block is free but in pieces that are bound.
  var isEndGame: Bool {
    pieces.indices.allSatisfy { piece in
      !wanted(piece) || (pieces[piece].begun && pieces[piece].isBound)
        || (pieces[piece].begun && !pieces[piece].blocks.contains(.free))
    }
  }

  // MARK: What the picker answered

  /// Enters what was picked, or says which rule it breaks.
  mutating func enter(
    _ requests: [BlockRequest], for peer: PeerHandle, _ options: PickOptions, isSequential: Bool,
    rarestMatters: Bool
  ) throws {
    guard requests.count <= options.count else { throw Violation(description: "too many") }
    guard let has = peers[peer] else { throw Violation(description: "no such peer") }
    for request in requests {
      let piece = request.piece
      guard has[piece] else { throw Violation(description: "\(request): the peer lacks it") }
      guard wanted(piece) else { throw Violation(description: "\(request): not wanted") }
      if let only = options.allowedOnly, !only.contains(piece) {
        throw Violation(description: "\(request): not allowed")
      }
      if pieces[piece].isBound, pieces[piece].owner != peer {
        throw Violation(description: "\(request): bound to another")
      }
      switch state(request) {
      case .received: throw Violation(description: "\(request): is here")
      case .requested(let other):
        guard other != peer else { throw Violation(description: "\(request): asked twice") }
        guard duplicates[peer] == nil else { throw Violation(description: "second duplicate") }
        guard !duplicates.values.contains(request) else {
          throw Violation(description: "\(request): asked three times")
        }
        guard isEndGame, requests.count == 1, options.isIdle, !options.isExclusive else {
          throw Violation(description: "\(request): asked twice before the end")
        }
        duplicates[peer] = request
      case .free:
        if !pieces[piece].begun {
          if rarestMatters, let better = betterToBegin(than: piece, has, isSequential) {
            throw Violation(description: "piece \(piece) begun before \(better)")
          }
          pieces[piece].begun = true
          pieces[piece].owner = options.isSnubbed ? nil : peer
          pieces[piece].isBound = options.isExclusive && !options.isSnubbed
        } else if pieces[piece].owner == nil, !options.isSnubbed {
          pieces[piece].owner = peer
        }
        set(request, .requested(peer))
      }
    }
    if requests.count < options.count, hasFreeBlock(for: peer, only: options.allowedOnly),
      !options.isExclusive
    {
      throw Violation(description: "a free block was left")
    }
  }

  private func betterToBegin(than piece: Int, _ has: Bitfield, _ isSequential: Bool) -> Int? {
    pieces.indices.first { other in
      guard other != piece, has[other], wanted(other), !pieces[other].begun else { return false }
      if pieces[other].priority != pieces[piece].priority {
        return pieces[other].priority > pieces[piece].priority
      }
      return isSequential ? other < piece : availability(other) < availability(piece)
    }
  }

  /// Enters a block that came; tells what the picker must answer, the cancels sorted.
  mutating func received(_ request: BlockRequest, from peer: PeerHandle) -> BlockOutcome {
    let piece = request.piece
    if pieces[piece].have { return BlockOutcome(kind: .duplicate) }
    if case .received = state(request) { return BlockOutcome(kind: .duplicate) }
    guard pieces[piece].begun || wanted(piece) else { return BlockOutcome(kind: .unexpected) }
    var outcome = BlockOutcome(kind: .wanted)
    if case .requested(let other) = state(request), other != peer { outcome.cancels = [other] }
    for (other, duplicate) in duplicates where duplicate == request {
      duplicates[other] = nil
      if other != peer { outcome.cancels.append(other) }
    }
    pieces[piece].begun = true
    set(request, .received(peer))
    outcome.completesPiece = pieces[piece].blocks.allSatisfy {
      if case .received = $0 { true } else { false }
    }
    return outcome
  }

  mutating func release(_ request: BlockRequest, of peer: PeerHandle) {
    if duplicates[peer] == request { duplicates[peer] = nil }
    guard state(request) == .requested(peer) else { return }
    if let second = duplicates.first(where: { $0.value == request })?.key {
      duplicates[second] = nil
      set(request, .requested(second))
    } else {
      set(request, .free)
    }
    disown(request.piece, peer)
    forgetIfUntouched(request.piece)
  }

  mutating func releaseAll(of peer: PeerHandle) {
    for request in outstanding(peer) { release(request, of: peer) }
    letGo(peer)
  }

  mutating func letGo(_ peer: PeerHandle) {
    for piece in pieces.indices where pieces[piece].owner == peer {
      disown(piece, peer)
      forgetIfUntouched(piece)
    }
  }

  mutating func lose(_ piece: Int, _ peer: PeerHandle) {
    peers[peer]?.remove(piece)
    disown(piece, peer)
  }

  private mutating func disown(_ piece: Int, _ peer: PeerHandle) {
    guard pieces[piece].owner == peer else { return }
    pieces[piece].owner = nil
    pieces[piece].isBound = false
    forgetIfUntouched(piece)
  }

  mutating func reset(_ piece: Int) {
    pieces[piece].blocks = pieces[piece].blocks.map { _ in .free }
    forgetIfUntouched(piece)
    duplicates = duplicates.filter { $0.value.piece != piece }
  }

  mutating func forgetIfUntouched(_ piece: Int) {
    guard pieces[piece].blocks.allSatisfy({ $0 == .free }) else { return }
    pieces[piece].begun = false
    pieces[piece].owner = nil
    pieces[piece].isBound = false
  }

  /// Compares everything that can be seen of the picker.
  func check(_ picker: PiecePicker) throws {
    for (index, piece) in pieces.enumerated() {
      func demand(_ holds: Bool, _ what: String) throws {
        guard holds else { throw Violation(description: "piece \(index): \(what)") }
      }
      try demand(picker.have[index] == piece.have, "have")
      try demand(picker.wanted[index] == wanted(index), "wanted")
      try demand(picker.priority(of: index) == piece.priority, "priority")
      try demand(picker.availability(of: index) == availability(index), "availability")
      let senders: [PeerHandle?] =
        piece.begun && !piece.have
        ? piece.blocks.map { if case .received(let peer) = $0 { peer } else { nil } } : []
      try demand(picker.senders(of: index) == senders, "senders")
      for block in piece.blocks.indices {
        let request = request(index, block)
        for peer in peers.keys {
          let isAsked = state(request) == .requested(peer) || duplicates[peer] == request
          try demand(picker.isRequested(request, of: peer) == isAsked, "block \(block) asked")
        }
      }
    }
    let begun = pieces.count { $0.begun && !$0.have }
    guard picker.begunCount == begun else { throw Violation(description: "begun pieces") }
    guard picker.isEndGame == isEndGame else { throw Violation(description: "end game") }
  }
}
