import BitTorrent
import NIOCore
import TestSupport
import Testing

@Suite("Piece picker against a plain model")
struct PiecePickerPropertyTests {
  // Short sequences first: what fails, fails as short as it can.
  @Test("obeys the rules after every step", arguments: [5, 20, 80, 400])
  func agrees(steps: Int) throws {
    var random = SeededGenerator()
    for _ in 0..<(16_000 / steps) {
      let seed = random.next()
      var run = PickerRun(seed: seed)
      do {
        for _ in 0..<steps { try run.step() }
      } catch {
        Issue.record(
          "BTT_SEED=\(random.seed), run \(seed): \(error)\n\(run.log.joined(separator: "\n"))")
        return
      }
    }
  }

  @Test("honest peers always finish, whatever order blocks come, fail and time out in")
  func finishes() throws {
    var random = SeededGenerator()
    for _ in 0..<60 {
      let seed = random.next()
      var run = PickerRun(seed: seed)
      for _ in 0..<60 { try run.step() }
      try run.finish()
      #expect(run.picker.isDone, "BTT_SEED=\(random.seed), run \(seed)")
    }
  }
}

/// A random life of a picker, with its model beside it.
private struct PickerRun {
  var random: SeededGenerator
  var picker: PiecePicker
  var model: PickerModel
  var log: [String] = []
  var nextPeer = 0
  let count: Int

  init(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let count = Int.random(in: 1...12, using: &random)
    let usual = 16_384 * Int.random(in: 1...5, using: &random)
    let isUneven = Bool.random(using: &random)
    let lengths = (0..<count).map { piece in
      isUneven || piece == count - 1 ? Int.random(in: 1...usual, using: &random) : usual
    }
    picker = PiecePicker(pieceCount: count, length: { lengths[$0] }, using: &random)
    picker.isSequential = Int.random(in: 0..<4, using: &random) == 0
    model = PickerModel(lengths: lengths)
    self.count = count
    self.random = random
  }

  private mutating func piece() -> Int { Int.random(in: 0..<count, using: &random) }
  private mutating func peer() -> PeerHandle? {
    model.peers.keys.sorted { $0.number < $1.number }.randomElement(using: &random)
  }

  mutating func step() throws {
    switch Int.random(in: 0..<24, using: &random) {
    case 0, 1: arrive()
    case 2: if let peer = peer() { leave(peer) }
    case 3, 4: if let peer = peer() { gain(peer, piece()) }
    case 5: if let peer = peer() { lose(peer, piece()) }
    case 6: prioritise(piece(), Int.random(in: 0...7, using: &random))
    case 7: if let peer = peer() { choke(peer) }
    case 8: if let peer = peer() { reject(peer) }
    case 9: lost(piece())
    case 10: restore(piece())
    case 11: if let peer = peer() { bind(peer, piece()) }
    case 12...16: if let peer = peer() { try pick(peer) }
    default: if let peer = peer() { try receive(peer) }
    }
    try model.check(picker)
  }

  mutating func finish() throws {
    for piece in 0..<count where model.pieces[piece].priority == 0 { prioritise(piece, 4) }
    arrive(full: true)
    arrive(full: true)
    for _ in 0..<20_000 where !picker.isDone {
      guard let peer = peer() else { break }
      try pick(peer)
      try receive(peer)
    }
    try model.check(picker)
  }

  private mutating func arrive(full: Bool = false) {
    let peer = PeerHandle(nextPeer)
    nextPeer += 1
    var has = Bitfield(bitCount: count, filled: full || Int.random(in: 0..<3, using: &random) == 0)
    for piece in 0..<count where Bool.random(using: &random) { has.insert(piece) }
    log.append("arrive \(peer.number) \(has.wireBytes)")
    model.peers[peer] = has
    picker.peerArrived(peer, having: has)
  }

  private mutating func leave(_ peer: PeerHandle) {
    log.append("leave \(peer.number)")
    picker.releaseAll(of: peer)
    model.releaseAll(of: peer)
    if let has = model.peers.removeValue(forKey: peer) { picker.peerLeft(peer, having: has) }
  }

  private mutating func gain(_ peer: PeerHandle, _ piece: Int) {
    guard model.peers[peer]?.insert(piece) == true else { return }
    log.append("gain \(peer.number) \(piece)")
    picker.peerGained(piece)
  }

  private mutating func lose(_ peer: PeerHandle, _ piece: Int) {
    guard model.peers[peer]?[piece] == true else { return }
    model.lose(piece, peer)
    log.append("lose \(peer.number) \(piece)")
    picker.peerLost(piece, peer)
  }

  private mutating func prioritise(_ piece: Int, _ priority: Int) {
    log.append("priority \(piece) \(priority)")
    model.pieces[piece].priority = priority
    picker.setPriority(priority, of: piece)
  }

  private mutating func choke(_ peer: PeerHandle) {
    log.append("choke \(peer.number)")
    if Bool.random(using: &random) {
      picker.letGo(peer)
      model.letGo(peer)
      return
    }
    picker.releaseAll(of: peer)
    model.releaseAll(of: peer)
  }

  private mutating func reject(_ peer: PeerHandle) {
    guard let request = model.outstanding(peer).randomElement(using: &random) else { return }
    log.append("reject \(peer.number) \(request)")
    picker.release(request, of: peer)
    model.release(request, of: peer)
  }

  private mutating func lost(_ piece: Int) {
    guard model.pieces[piece].have else { return }
    log.append("lost \(piece)")
    model.pieces[piece].have = false
    picker.pieceLost(piece)
  }

  private mutating func restore(_ piece: Int) {
    guard !model.pieces[piece].have, !model.pieces[piece].begun,
      model.pieces[piece].blocks.count > 1
    else { return }
    log.append("restore \(piece)")
    var blocks = Bitfield(bitCount: model.pieces[piece].blocks.count)
    blocks.insert(Int.random(in: 0..<blocks.bitCount, using: &random))
    for block in 0..<blocks.bitCount where blocks[block] {
      model.pieces[piece].blocks[block] = .received(nil)
    }
    model.pieces[piece].begun = true
    _ = picker.restore(piece, blocks: blocks)
  }

  private mutating func bind(_ peer: PeerHandle, _ piece: Int) {
    guard model.wanted(piece), model.peers[peer]?[piece] == true else { return }
    log.append("bind \(piece) \(peer.number)")
    model.pieces[piece].begun = true
    model.pieces[piece].owner = peer
    model.pieces[piece].isBound = true
    picker.bind(piece, to: peer)
  }

  private mutating func pick(_ peer: PeerHandle) throws {
    guard let has = model.peers[peer] else { return }
    var options = PickOptions(count: Int.random(in: 1...12, using: &random))
    options.downloadRate = [0, 100, 5_000, 1_000_000].randomElement(using: &random) ?? 0
    options.isSnubbed = Int.random(in: 0..<6, using: &random) == 0
    options.isExclusive = !options.isSnubbed && Int.random(in: 0..<6, using: &random) == 0
    if Int.random(in: 0..<8, using: &random) == 0 { options.allowedOnly = [piece(), piece()] }
    if Int.random(in: 0..<4, using: &random) == 0 { options.suggested = [piece()] }
    options.isIdle = Int.random(in: 0..<4, using: &random) > 0
    let isPlain =
      !options.isSnubbed && options.allowedOnly == nil && options.suggested.isEmpty
    let isLate = picker.have.setCount + picker.begunCount >= PiecePicker.randomPieces
    var requests: [BlockRequest] = []
    picker.pick(
      for: peer, having: has, options, at: .uptimeNanoseconds(1), using: &random, into: &requests)
    log.append("pick \(peer.number) \(options) \(requests)")
    try model.enter(
      requests, for: peer, options, isSequential: picker.isSequential,
      rarestMatters: isPlain && (isLate || picker.isSequential))
  }

  private mutating func receive(_ peer: PeerHandle) throws {
    var request = model.request(piece(), 0)
    if Int.random(in: 0..<10, using: &random) > 0 {
      guard let asked = model.outstanding(peer).randomElement(using: &random) else { return }
      request = asked
    }
    log.append("receive \(peer.number) \(request)")
    var answer = picker.received(request, from: peer)
    var expected = model.received(request, from: peer)
    answer.cancels.sort { $0.number < $1.number }
    expected.cancels.sort { $0.number < $1.number }
    guard answer == expected else {
      throw PickerModel.Violation(description: "received \(request): \(answer), not \(expected)")
    }
    if answer.completesPiece { judge(request.piece) }
  }

  private mutating func judge(_ piece: Int) {
    switch Int.random(in: 0..<6, using: &random) {
    case 0:
      log.append("failed \(piece)")
      model.reset(piece)
      picker.pieceFailed(piece, badBlocks: [])
    case 1:
      let bad = Int.random(in: 0..<model.pieces[piece].blocks.count, using: &random)
      log.append("failed \(piece) in \(bad)")
      model.pieces[piece].blocks[bad] = .free
      model.forgetIfUntouched(piece)
      picker.pieceFailed(piece, badBlocks: [bad])
    default:
      log.append("verified \(piece)")
      model.pieces[piece].have = true
      model.reset(piece)
      picker.pieceVerified(piece)
    }
  }
}
