/// The pieces that nobody has begun, by priority, then by how many peers have them, then by chance.
///
/// Each priority has one array, sorted by availability, with the ends of its stretches of equal
/// availability; a piece knows where it stands. So a piece that one peer more has moves by one swap
/// to the next stretch. When a peer with many pieces comes or goes the arrays are only marked, and
/// sorted once before they are next read.
struct PieceOrder {
  /// The greatest priority.
  static let greatestPriority = 7

  private(set) var peerCounts: [UInt16]
  private var places: [UInt32]
  private var levels: [Level]
  private var isStale = false

  fileprivate struct Level {
    var pieces: [UInt32] = []
    // Where the pieces that n peers have end, for each n.
    var ends: [UInt32] = [0]
  }

  private static let absent = UInt32.max

  /// An order of all pieces that `contains` admits, at one priority, shuffled.
  init(
    pieceCount: Int, priority: Int, using random: inout some RandomNumberGenerator,
    contains: (Int) -> Bool
  ) {
    peerCounts = Array(repeating: 0, count: pieceCount)
    places = Array(repeating: Self.absent, count: pieceCount)
    levels = Array(repeating: Level(), count: Self.greatestPriority + 1)
    var pieces = (0..<pieceCount).lazy.filter(contains).map { UInt32($0) }
    pieces.shuffle(using: &random)
    for (place, piece) in pieces.enumerated() { places[Int(piece)] = UInt32(place) }
    levels[priority].ends = [UInt32(pieces.count)]
    levels[priority].pieces = pieces
  }

  /// Whether the piece is in the order.
  func contains(_ piece: Int) -> Bool { places[piece] != Self.absent }

  /// How many pieces have that priority.
  func count(_ priority: Int) -> Int { levels[priority].pieces.count }

  /// Where the piece stands among those of its priority: the rarest first.
  func place(of piece: Int) -> Int { Int(places[piece]) }

  /// The piece at a place.
  func piece(_ priority: Int, at place: Int) -> Int { Int(levels[priority].pieces[place]) }

  /// The first place of a piece that a peer other than the seeds has.
  func firstAvailable(_ priority: Int) -> Int { Int(levels[priority].ends[0]) }

  // MARK: Membership

  /// Adds a piece that is not in the order.
  mutating func insert(_ piece: Int, priority: Int) {
    sort()
    let bucket = Int(peerCounts[piece])
    levels[priority].extendEnds(to: bucket)
    levels[priority].pieces.append(UInt32(piece))
    var hole = levels[priority].pieces.count - 1
    // Each stretch above moves up by one: its first piece goes behind its last.
    var above = levels[priority].ends.count - 1
    while above > bucket {
      let first = Int(levels[priority].ends[above - 1])
      move(priority, from: first, to: hole)
      levels[priority].ends[above] += 1
      hole = first
      above -= 1
    }
    levels[priority].ends[bucket] += 1
    put(piece, priority, at: hole)
  }

  /// Takes a piece out of the order.
  mutating func remove(_ piece: Int, priority: Int) {
    sort()
    var hole = Int(places[piece])
    for bucket in Int(peerCounts[piece])..<levels[priority].ends.count {
      let last = Int(levels[priority].ends[bucket]) - 1
      move(priority, from: last, to: hole)
      levels[priority].ends[bucket] -= 1
      hole = last
    }
    levels[priority].pieces.removeLast()
    places[piece] = Self.absent
  }

  // MARK: Availability

  /// One peer more has the piece; `priority` is its own, if it is in the order.
  mutating func increment(_ piece: Int, priority: Int) {
    let count = peerCounts[piece]
    guard count < .max else { return }
    peerCounts[piece] = count + 1
    guard !isStale, contains(piece) else { return }
    levels[priority].extendEnds(to: Int(count) + 1)
    levels[priority].ends[Int(count)] -= 1
    swap(priority, Int(places[piece]), Int(levels[priority].ends[Int(count)]))
  }

  /// One peer less has the piece; `priority` is its own, if it is in the order.
  mutating func decrement(_ piece: Int, priority: Int) {
    let count = peerCounts[piece]
    guard count > 0 else { return }
    peerCounts[piece] = count - 1
    guard !isStale, contains(piece) else { return }
    swap(priority, Int(places[piece]), Int(levels[priority].ends[Int(count) - 1]))
    levels[priority].ends[Int(count) - 1] += 1
  }

  /// One peer more has all these pieces, or one less if `isGone`.
  mutating func count(
    _ pieces: Bitfield, isGone: Bool, priority: (Int) -> Int
  ) {
    if pieces.setCount > peerCounts.count / 4 { isStale = true }
    pieces.forEachSet { piece in
      if isGone {
        decrement(piece, priority: priority(piece))
      } else {
        increment(piece, priority: priority(piece))
      }
    }
  }

  /// Brings the order up to date; to be called before places are read.
  mutating func sort() {
    guard isStale else { return }
    isStale = false
    for priority in levels.indices where !levels[priority].pieces.isEmpty {
      levels[priority].sort(by: peerCounts)
      for (place, piece) in levels[priority].pieces.enumerated() {
        places[Int(piece)] = UInt32(place)
      }
    }
  }

  private mutating func put(_ piece: Int, _ priority: Int, at place: Int) {
    levels[priority].pieces[place] = UInt32(piece)
    places[piece] = UInt32(place)
  }

  private mutating func move(_ priority: Int, from source: Int, to target: Int) {
    guard source != target else { return }
    put(Int(levels[priority].pieces[source]), priority, at: target)
  }

  private mutating func swap(_ priority: Int, _ first: Int, _ second: Int) {
    guard first != second else { return }
    let piece = Int(levels[priority].pieces[first])
    put(Int(levels[priority].pieces[second]), priority, at: first)
    put(piece, priority, at: second)
  }
}

extension PieceOrder.Level {
  fileprivate mutating func extendEnds(to bucket: Int) {
    while ends.count <= bucket { ends.append(UInt32(pieces.count)) }
  }

  // Counting sort; pieces of equal availability keep their order, which began as chance.
  fileprivate mutating func sort(by peerCounts: [UInt16]) {
    var greatest = 0
    for piece in pieces { greatest = max(greatest, Int(peerCounts[Int(piece)])) }
    var starts = [UInt32](repeating: 0, count: greatest + 2)
    for piece in pieces { starts[Int(peerCounts[Int(piece)]) + 1] += 1 }
    for bucket in 1..<starts.count { starts[bucket] += starts[bucket - 1] }
    ends = Array(starts.dropFirst())
    var sorted = [UInt32](repeating: 0, count: pieces.count)
    for piece in pieces {
      let bucket = Int(peerCounts[Int(piece)])
      sorted[Int(starts[bucket])] = piece
      starts[bucket] += 1
    }
    pieces = sorted
  }
}
