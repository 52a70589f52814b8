internal import Metainfo
internal import NIOCore

/// One piece that is being put together: which blocks came, which are in memory, which on disk,
/// and how far they are hashed.
///
/// The hash follows the blocks as they come, so that when the last is there the piece is hashed
/// from memory. A block may leave memory for the disk at any time: after it was hashed for nothing,
/// before that at the price of reading it back once.
struct PieceAssembly {
  private struct Held {
    var data: ByteBuffer
    /// The bytes of memory that letting go of it gives back.
    var cost: Int
  }

  let piece: Int
  let blockCount: Int
  private let expectation: PieceExpectation
  private var hasher: BlockHasher
  private var held: [Held?]
  private(set) var written: Bitfield
  private var heldCount = 0
  // Every block before this one went through the hasher.
  private var hashedBlocks = 0
  // The right leaves, where they are known, and what they told since it was last asked.
  private var leaves: [UInt8] = []
  private var judged: (right: [Int], wrong: [Int]) = ([], [])

  /// Whether every block came: it is either in memory or on disk.
  var isComplete: Bool { heldCount + written.setCount == blockCount }

  /// A piece of which the blocks in `written` are on disk.
  init(_ expectation: PieceExpectation, written: Bitfield? = nil) {
    self.expectation = expectation
    piece = expectation.piece
    blockCount = (expectation.dataLength + BlockRequest.blockLength - 1) / BlockRequest.blockLength
    hasher = BlockHasher(expectation, blockCount: blockCount)
    held = Array(repeating: nil, count: blockCount)
    self.written = Bitfield(bitCount: blockCount)
    if let written, written.bitCount == blockCount { self.written = written }
  }

  /// The bytes of the piece that a block has.
  func range(ofBlock block: Int) -> Range<Int> {
    let start = block * BlockRequest.blockLength
    return start..<min(start + BlockRequest.blockLength, expectation.dataLength)
  }

  /// Takes a block; false when it was there already, or is wrong by its leaf.
  mutating func take(_ data: ByteBuffer, block: Int, cost: Int) -> Bool {
    guard held.indices.contains(block), held[block] == nil, !written[block] else { return false }
    if expectation.tree != nil {
      data.withUnsafeReadableBytes { hasher.takeAny($0, block: block) }
      guard judge(block) else { return false }
    }
    held[block] = Held(data: data, cost: cost)
    heldCount += 1
    return true
  }
}

// MARK: - Leaves

extension PieceAssembly {
  /// Takes the right leaves of all blocks, by which those that came are judged too; returns the
  /// bytes of memory that wrong ones gave back.
  mutating func know(_ leaves: [UInt8]) -> Int {
    guard self.leaves.isEmpty, leaves.count == blockCount * 32 else { return 0 }
    self.leaves = leaves
    var released = 0
    for block in 0..<blockCount where !judge(block) {
      guard let cost = held[block]?.cost else { continue }
      held[block] = nil
      heldCount -= 1
      hashedBlocks = min(hashedBlocks, block)
      released += cost
    }
    return released
  }

  /// What leaves told of blocks since this was last asked.
  mutating func takeJudged() -> (right: [Int], wrong: [Int])? {
    guard !judged.right.isEmpty || !judged.wrong.isEmpty else { return nil }
    defer { judged = ([], []) }
    return judged
  }

  /// The blocks of a complete piece whose leaves are wrong.
  var wrongBlocks: [Int] {
    blockCount == 1
      ? [0] : (0..<blockCount).filter { hasher.isRight($0, by: leaves) == false }
  }

  // False for a block that is wrong and is forgotten. What is on disk or part of the v1 hash stays,
  // and is found out with the piece.
  private mutating func judge(_ block: Int) -> Bool {
    guard !leaves.isEmpty, let isRight = hasher.isRight(block, by: leaves) else { return true }
    if isRight {
      judged.right.append(block)
    } else if !written[block], hasher.forget(block, before: hashedBlocks) {
      judged.wrong.append(block)
      return false
    }
    return true
  }
}

// MARK: - Hashing

extension PieceAssembly {
  /// Blocks that are read back at once.
  private static let readBackBlocks = 16

  /// Hashes as many blocks as follow without a gap, and reads those back that are only on disk.
  mutating func hash(from files: TorrentFiles) throws(StorageError) {
    while hashedBlocks < blockCount {
      if !hasher.needsBytes(ofBlock: hashedBlocks) {
        hashedBlocks += 1
      } else if let block = held[hashedBlocks] {
        block.data.withUnsafeReadableBytes { hasher.takeNext($0, block: hashedBlocks) }
        hashedBlocks += 1
      } else if written[hashedBlocks] {
        try readBack(from: files)
      } else {
        return
      }
    }
  }

  private mutating func readBack(from files: TorrentFiles) throws(StorageError) {
    var end = hashedBlocks + 1
    let limit = min(blockCount, hashedBlocks + Self.readBackBlocks)
    while end < limit, written[end], held[end] == nil { end += 1 }
    let bytes = try read(hashedBlocks..<end, from: files)
    for block in hashedBlocks..<end {
      hasher.takeNext(bytes.part(range(ofBlock: block)), block: block)
    }
    hashedBlocks = end
  }

  /// Whether the piece, which is complete and hashed, is right; no when nothing is known to tell.
  func matches(_ expectation: PieceExpectation) -> Bool {
    hashedBlocks == blockCount && expectation.verdict(on: hasher.digest()) == .valid
  }

  /// Whether the two sides of a hybrid torrent disagree about the piece, which is complete and
  /// hashed.
  func contradicts(_ expectation: PieceExpectation) -> Bool {
    hashedBlocks == blockCount && expectation.isContradicted(by: hasher.digest())
  }

  /// The digests of all blocks of a complete piece.
  func digests(from files: TorrentFiles) throws(StorageError) -> [BlockDigest] {
    var digests: [BlockDigest] = []
    digests.reserveCapacity(blockCount)
    for block in 0..<blockCount {
      if let digest = hasher.digest(ofBlock: block) {
        digests.append(digest)
      } else if let held = held[block] {
        digests.append(held.data.withUnsafeReadableBytes { BlockDigest(hashing: $0) })
      } else {
        let bytes = try read(block..<block + 1, from: files)
        digests.append(BlockDigest(hashing: bytes.part(range(ofBlock: block))))
      }
    }
    return digests
  }

  private func read(
    _ blocks: Range<Int>, from files: TorrentFiles
  ) throws(StorageError) -> PieceBytes {
    let end = range(ofBlock: blocks.upperBound - 1).upperBound
    do throws(StorageError) {
      return try PieceBytes(
        range(ofBlock: blocks.lowerBound).lowerBound..<end, ofPiece: piece, from: files)
    } catch {
      // They were written: whoever removed the file took them away.
      throw error.code == .missing ? .changed(error.path) : error
    }
  }
}

// MARK: - Writing

extension PieceAssembly {
  /// Writes blocks that are in memory, in runs of at least `leastRun` blocks, and lets go of them.
  ///
  /// Blocks that are still to be hashed are left alone unless `unhashed` is said. Returns the bytes
  /// of memory that were given back; also a write that fails keeps what it did before.
  mutating func write(
    to files: TorrentFiles, unhashed: Bool, leastRun: Int = 1, released: inout Int
  ) throws(StorageError) -> Int {
    var bytesWritten = 0
    var block = 0
    while block < blockCount {
      var end = block
      while end < blockCount, held[end] != nil, unhashed || isHashed(end) { end += 1 }
      if end - block >= max(1, leastRun) {
        bytesWritten += try writeRun(block..<end, to: files)
        released += letGo(block..<end)
      }
      block = end + 1
    }
    return bytesWritten
  }

  private func isHashed(_ block: Int) -> Bool {
    block < hashedBlocks || !hasher.needsBytes(ofBlock: block)
  }

  private func writeRun(
    _ blocks: Range<Int>, to files: TorrentFiles
  ) throws(StorageError) -> Int {
    guard let first = blocks.first, let last = blocks.last else { return 0 }
    let range = range(ofBlock: first).lowerBound..<range(ofBlock: last).upperBound
    var vectors = IOVectors()
    vectors.reserve(blocks.count)
    for block in blocks {
      // The pointers stay good: `held` keeps each buffer, unchanged, until the run is written.
      held[block]?.data.withUnsafeReadableBytes { vectors.append($0) }
    }
    try files.write(&vectors, range, ofPiece: piece)
    return range.count
  }

  private mutating func letGo(_ blocks: Range<Int>) -> Int {
    var cost = 0
    for block in blocks {
      cost += held[block]?.cost ?? 0
      held[block] = nil
      written.insert(block)
    }
    heldCount -= blocks.count
    return cost
  }

  /// Lets go of all memory without writing; returns how many bytes that were.
  mutating func drop() -> Int {
    let cost = held.reduce(0) { $0 + ($1?.cost ?? 0) }
    held = Array(repeating: nil, count: blockCount)
    heldCount = 0
    return cost
  }
}
