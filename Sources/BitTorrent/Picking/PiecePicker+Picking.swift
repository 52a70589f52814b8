package import NIOCore

// Which blocks come next.
extension PiecePicker {
  // How many pieces of a peer's are compared by the strategy's value.
  private static let valuedPieces = 32
  // How many places are looked at before the peer's pieces are looked through instead.
  private static let greatestWalk = 1_024

  /// Picks up to `options.count` blocks for a peer that has `pieces`, appends them to `requests`
  /// and counts them as asked of it.
  package mutating func pick(
    for peer: PeerHandle, having pieces: Bitfield, _ options: PickOptions, at now: NIODeadline,
    using random: inout some RandomNumberGenerator, into requests: inout [BlockRequest]
  ) {
    guard options.count > 0, pieces.bitCount == pieceCount, !wanted.isEmpty else { return }
    order.sort()
    let start = requests.count
    let end = start + options.count
    let choice = Choice(
      peer: peer, pieces: pieces, options: options, speed: Self.speed(options.downloadRate),
      takesWholePieces: options.isExclusive || isFast(options.downloadRate), end: end)
    if let allowed = options.allowedOnly {
      for piece in allowed where requests.count < end {
        fetch(piece, choice, into: &requests)
      }
      return
    }
    if !options.isSnubbed { pickUrgent(choice, at: now, into: &requests) }
    for priority in stride(from: PieceOrder.greatestPriority, to: 0, by: -1) {
      guard requests.count < end else { return }
      pick(priority, choice, using: &random, into: &requests)
    }
    if requests.count == start, options.isIdle, isEndGame { pickAgain(choice, into: &requests) }
  }

  /// Whether every wanted block is here or under way, so that blocks are asked for twice.
  ///
  /// Pieces that one peer has for itself alone don't keep the others waiting.
  package var isEndGame: Bool {
    guard (1...PieceOrder.greatestPriority).allSatisfy({ order.count($0) == 0 }) else {
      return false
    }
    return partial.open.allSatisfy {
      partial.slots[$0].isExclusive || !wanted[partial.slots[$0].piece]
    }
  }

  private struct Choice {
    var peer: PeerHandle
    var pieces: Bitfield
    var options: PickOptions
    var speed: Int
    var takesWholePieces: Bool
    // How long the list of requests may become.
    var end: Int
  }

  // Rates are alike if they are within a factor of four.
  private static func speed(_ rate: Int) -> Int { Int.bitWidth - max(rate, 0).leadingZeroBitCount }

  private func isFast(_ rate: Int) -> Bool {
    rate > 0
      && rate.multipliedReportingOverflow(by: Self.wholePieceSeconds).partialValue
        >= lengths[0]
      || rate > .max / Self.wholePieceSeconds
  }

  // MARK: One priority

  private mutating func pick(
    _ priority: Int, _ choice: Choice, using random: inout some RandomNumberGenerator,
    into requests: inout [BlockRequest]
  ) {
    let options = choice.options
    // What the peer has begun it goes on with; what nobody goes on with comes next.
    join(priority, choice, into: &requests) { $0.owner == choice.peer }
    if !options.isExclusive, !options.isSnubbed {
      join(priority, choice, into: &requests) { $0.owner == nil }
      if !choice.takesWholePieces {
        join(priority, choice, into: &requests) { abs($0.speed - choice.speed) <= 2 }
      }
      if partial.count * lengths[0] >= shareAbove {
        join(priority, choice, into: &requests) { _ in true }
      }
    }
    for piece in options.suggested where requests.count < choice.end {
      guard !isForeign(piece), Int(priorities[piece]) == priority, order.contains(piece) else {
        continue
      }
      fetch(piece, choice, into: &requests)
    }
    while requests.count < choice.end,
      let piece = nextToBegin(priority, choice, using: &random)
    {
      fetch(piece, choice, into: &requests)
    }
    if !options.isExclusive { join(priority, choice, into: &requests) { _ in true } }
  }

  // Takes free blocks of begun pieces.
  private mutating func join(
    _ priority: Int, _ choice: Choice, into requests: inout [BlockRequest],
    where admits: (PartialPieces.Slot) -> Bool
  ) {
    var index = 0
    while requests.count < choice.end, index < partial.open.count {
      let slot = partial.open[index]
      let begun = partial.slots[slot]
      if Int(priorities[begun.piece]) == priority, admits(begun),
        mayJoin(begun, choice)
      {
        take(slot, choice, into: &requests)
        // A slot without free blocks left the list, and another one stands in its place.
        if partial.slots[slot].free == 0 { continue }
      }
      index += 1
    }
  }

  private func mayJoin(_ begun: PartialPieces.Slot, _ choice: Choice) -> Bool {
    choice.pieces[begun.piece] && wanted[begun.piece]
      && (!begun.isExclusive || begun.owner == choice.peer)
  }

  // Takes free blocks of one piece, begun or not.
  private mutating func fetch(
    _ piece: Int, _ choice: Choice, into requests: inout [BlockRequest]
  ) {
    guard choice.pieces[piece], wanted[piece] else { return }
    if let slot = partial.slot(of: piece) {
      if mayJoin(partial.slots[slot], choice) { take(slot, choice, into: &requests) }
    } else {
      let leavesIt = choice.options.isSnubbed && !choice.options.isExclusive
      let slot = begin(
        piece, for: leavesIt ? nil : choice.peer,
        isExclusive: choice.options.isExclusive, speed: choice.speed)
      take(slot, choice, into: &requests)
    }
  }

  private mutating func take(
    _ slot: Int, _ choice: Choice, into requests: inout [BlockRequest]
  ) {
    if partial.slots[slot].owner == nil, !choice.options.isSnubbed {
      partial.setOwner(slot, choice.peer, isExclusive: false, speed: choice.speed)
    }
    let piece = partial.slots[slot].piece
    while requests.count < choice.end, let block = partial.firstFree(slot) {
      partial.set(slot, block, to: .requested(choice.peer))
      requests.append(lengths.request(piece, block))
    }
  }

  // MARK: The next piece to begin

  private mutating func nextToBegin(
    _ priority: Int, _ choice: Choice, using random: inout some RandomNumberGenerator
  ) -> Int? {
    let count = order.count(priority)
    guard count > 0 else { return nil }
    if isSequential, choice.options.value == nil {
      return firstInOrder(priority, choice)
    }
    // Pieces that no peer has come first; they matter only to one that came with everything.
    let first = hasSeeds ? 0 : order.firstAvailable(priority)
    guard first < count else { return nil }
    let walk = min(count - first, Self.greatestWalk)
    if let value = choice.options.value {
      var best: (piece: Int, value: Int)?
      var left = Self.valuedPieces
      for place in first..<first + walk where left > 0 {
        let piece = order.piece(priority, at: place)
        guard choice.pieces[piece] else { continue }
        left -= 1
        let worth = value(piece)
        if best.map({ worth > $0.value }) ?? true { best = (piece, worth) }
      }
      if let best { return best.piece }
    } else if have.setCount + partial.count < Self.randomPieces {
      let start = Int.random(in: 0..<count - first, using: &random)
      for step in 0..<walk {
        let piece = order.piece(priority, at: first + (start + step) % (count - first))
        if choice.pieces[piece] { return piece }
      }
    } else if choice.options.isSnubbed {
      for place in stride(from: count - 1, to: count - 1 - walk, by: -1) {
        let piece = order.piece(priority, at: place)
        if choice.pieces[piece] { return piece }
      }
    } else {
      for place in first..<first + walk {
        let piece = order.piece(priority, at: place)
        if choice.pieces[piece] { return piece }
      }
    }
    guard walk < count - first else { return nil }
    // A peer that has much, and nothing rare: the rarest of a sample is rare enough, and costs the
    // same whatever the torrent's size.
    if choice.pieces.setCount > Self.greatestWalk {
      let places = first..<count
      var best = Int.max
      for _ in 0..<Self.greatestWalk {
        let place = Int.random(in: places, using: &random)
        if place < best, choice.pieces[order.piece(priority, at: place)] { best = place }
      }
      if best < count { return order.piece(priority, at: best) }
    }
    return rarest(priority, choice)
  }

  // For a peer that has few of the pieces: its own are looked through, not the order.
  private func rarest(_ priority: Int, _ choice: Choice) -> Int? {
    var best: Int?
    var bestPlace = Int.max
    var next = wanted.firstCommon(with: choice.pieces)
    while let piece = next {
      if Int(priorities[piece]) == priority, order.contains(piece) {
        let place = order.place(of: piece)
        if place < bestPlace { (best, bestPlace) = (piece, place) }
      }
      next = wanted.firstCommon(with: choice.pieces, from: piece + 1)
    }
    return best
  }

  private mutating func firstInOrder(_ priority: Int, _ choice: Choice) -> Int? {
    var next = wanted.firstCommon(with: choice.pieces, from: nextWanted())
    while let piece = next {
      if Int(priorities[piece]) == priority, order.contains(piece) { return piece }
      next = wanted.firstCommon(with: choice.pieces, from: piece + 1)
    }
    return nil
  }

  // MARK: Haste

  // Pieces with a deadline, the nearest first; those that are late are asked for twice.
  private mutating func pickUrgent(
    _ choice: Choice, at now: NIODeadline, into requests: inout [BlockRequest]
  ) {
    guard !deadlines.isEmpty else { return }
    for deadline in deadlines where requests.count < choice.end {
      fetch(deadline.piece, choice, into: &requests)
      if requests.count < choice.end, deadline.time <= now,
        let slot = partial.slot(of: deadline.piece)
      {
        duplicate(slot, choice, into: &requests)
      }
    }
  }

  // The end game: one block that another peer was asked for, of the slowest peer's piece.
  private mutating func pickAgain(_ choice: Choice, into requests: inout [BlockRequest]) {
    var slowest: Int?
    for slot in partial.full {
      let begun = partial.slots[slot]
      guard begun.received < begun.blockCount, mayJoin(begun, choice), hasOther(slot, choice)
      else { continue }
      if slowest.map({ partial.slots[$0].speed > begun.speed }) ?? true { slowest = slot }
    }
    if let slowest { duplicate(slowest, choice, into: &requests) }
  }

  private func hasOther(_ slot: Int, _ choice: Choice) -> Bool {
    firstForeign(slot, choice) != nil
  }

  // The first block that only another peer was asked for.
  private func firstForeign(_ slot: Int, _ choice: Choice) -> Int? {
    (0..<partial.slots[slot].blockCount).first { block in
      let state = partial[slot, block]
      return state.isRequested && state.peer != choice.peer
        && !partial.duplicates.contains { $0.slot == slot && $0.block == block }
    }
  }

  // Asks for a block a second time; a peer has at most one such request.
  private mutating func duplicate(
    _ slot: Int, _ choice: Choice, into requests: inout [BlockRequest]
  ) {
    guard mayJoin(partial.slots[slot], choice), !choice.options.isExclusive,
      !partial.duplicates.contains(where: { $0.peer == choice.peer }),
      let block = firstForeign(slot, choice)
    else { return }
    partial.duplicates.append(.init(slot: slot, block: block, peer: choice.peer))
    requests.append(lengths.request(partial.slots[slot].piece, block))
  }
}
