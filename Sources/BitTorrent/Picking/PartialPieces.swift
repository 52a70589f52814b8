/// The pieces that are begun and not verified, with a word for each of their blocks.
///
/// A piece has a slot while it is begun; slots and their words are used again, so that nothing is
/// allocated once the number of begun pieces has settled.
struct PartialPieces {
  /// A piece that is begun.
  struct Slot {
    var piece = 0
    var blockCount = 0
    /// Blocks that are neither here nor asked for.
    var free = 0
    /// Blocks that are here.
    var received = 0
    /// No block before it is free.
    var firstFree = 0
    /// Who began it and goes on with it; nil if nobody does any more.
    var owner: PeerHandle?
    /// Whether nobody but the owner is asked for its blocks.
    var isExclusive = false
    /// The binary logarithm of the owner's rate when it began it.
    var speed = 0
    /// Where it stands in `open` or in `full`.
    fileprivate var index = 0

    /// Whether a block of it is here or asked for.
    var isTouched: Bool { free < blockCount }
  }

  /// What is known of a block, in one word: its state, and who was asked for it or sent it.
  struct Block: Equatable {
    private var word: UInt64

    static let free = Block(word: 0)
    /// Here since an earlier run: nobody knows who sent it.
    static let restored = Block(word: 3)

    static func requested(_ peer: PeerHandle) -> Block {
      Block(word: UInt64(truncatingIfNeeded: peer.number) << 2 | 1)
    }
    static func received(_ peer: PeerHandle) -> Block {
      Block(word: UInt64(truncatingIfNeeded: peer.number) << 2 | 2)
    }

    var isFree: Bool { word == 0 }
    var isRequested: Bool { word & 3 == 1 }
    var isReceived: Bool { word & 2 != 0 }
    /// Who was asked, or who sent it.
    var peer: PeerHandle? { word & 3 == 1 || word & 3 == 2 ? PeerHandle(Int(word >> 2)) : nil }
  }

  /// A block that was asked for twice: the second request.
  struct Duplicate {
    var slot: Int
    var block: Int
    var peer: PeerHandle
  }

  private(set) var slots: [Slot] = []
  /// The slots of pieces that have a free block.
  private(set) var open: [Int] = []
  /// The slots of pieces all of whose blocks are here or asked for.
  private(set) var full: [Int] = []
  /// The second requests that are under way.
  var duplicates: [Duplicate] = []
  private var unused: [Int] = []
  private var blocks: [Block] = []
  private let stride: Int
  private var slotOf: [Int: Int] = [:]

  /// No piece is begun; a piece has at most `stride` blocks.
  init(stride: Int) { self.stride = stride }

  /// How many pieces are begun.
  var count: Int { open.count + full.count }

  /// The slot of a piece, if it is begun.
  func slot(of piece: Int) -> Int? { slotOf[piece] }

  /// A block of the piece in a slot.
  subscript(slot: Int, block: Int) -> Block { blocks[slot * stride + block] }

  /// The first free block of a slot.
  mutating func firstFree(_ slot: Int) -> Int? {
    let base = slot * stride
    for block in slots[slot].firstFree..<slots[slot].blockCount where blocks[base + block].isFree {
      slots[slot].firstFree = block
      return block
    }
    slots[slot].firstFree = slots[slot].blockCount
    return nil
  }

  /// Changes what is known of a block, and all counts with it.
  mutating func set(_ slot: Int, _ block: Int, to new: Block) {
    let old = blocks[slot * stride + block]
    guard old != new else { return }
    blocks[slot * stride + block] = new
    slots[slot].received += (new.isReceived ? 1 : 0) - (old.isReceived ? 1 : 0)
    guard old.isFree != new.isFree else { return }
    if new.isFree {
      slots[slot].free += 1
      slots[slot].firstFree = min(slots[slot].firstFree, block)
      guard slots[slot].free == 1 else { return }
      Self.take(slot, from: &full, in: &slots)
      Self.add(slot, to: &open, in: &slots)
    } else {
      slots[slot].free -= 1
      guard slots[slot].free == 0 else { return }
      Self.take(slot, from: &open, in: &slots)
      Self.add(slot, to: &full, in: &slots)
    }
  }

  /// Begins a piece of `blockCount` blocks, at least one, all of them free.
  mutating func begin(
    _ piece: Int, blockCount: Int, owner: PeerHandle?, isExclusive: Bool, speed: Int
  ) -> Int {
    let slot = unused.popLast() ?? slots.count
    if slot == slots.count {
      slots.append(Slot())
      blocks.append(contentsOf: repeatElement(.free, count: stride))
    } else {
      for index in slot * stride..<slot * stride + blockCount { blocks[index] = .free }
    }
    slots[slot] = Slot(
      piece: piece, blockCount: blockCount, free: blockCount, owner: owner,
      isExclusive: isExclusive, speed: speed)
    Self.add(slot, to: &open, in: &slots)
    slotOf[piece] = slot
    return slot
  }

  /// Forgets a begun piece.
  mutating func end(_ slot: Int) {
    if slots[slot].free > 0 {
      Self.take(slot, from: &open, in: &slots)
    } else {
      Self.take(slot, from: &full, in: &slots)
    }
    if !duplicates.isEmpty { duplicates.removeAll { $0.slot == slot } }
    slotOf[slots[slot].piece] = nil
    slots[slot].blockCount = 0
    unused.append(slot)
  }

  /// Who goes on with a piece, and whether alone.
  mutating func setOwner(_ slot: Int, _ owner: PeerHandle?, isExclusive: Bool, speed: Int) {
    slots[slot].owner = owner
    slots[slot].isExclusive = isExclusive
    slots[slot].speed = speed
  }

  private static func add(_ slot: Int, to list: inout [Int], in slots: inout [Slot]) {
    slots[slot].index = list.count
    list.append(slot)
  }

  private static func take(_ slot: Int, from list: inout [Int], in slots: inout [Slot]) {
    let index = slots[slot].index
    let last = list.removeLast()
    guard last != slot else { return }
    list[index] = last
    slots[last].index = index
  }
}
