package import BitTorrent
package import Metainfo
package import NIOCore
internal import Primitives

/// A torrent's storage in memory: what is written, what would outlive a death, and what the core is
/// told of it.
///
/// Like the real storage it keeps the blocks of a piece in memory until the piece is whole, is right
/// or wrong by its hash, and is written; or until memory is short. Jobs are done one after the
/// other, in the time that the disk takes; whoever owns the disk plans them.
package struct SimulatedDisk {
  /// Something to do for a piece, when its time comes.
  package struct Job {
    /// What it is about.
    enum Kind { case finish, flush }
    let kind: Kind
    let piece: Int
    let generation: Int
    /// How many bytes it writes.
    let bytes: Int
  }

  /// What became of a job.
  package enum Outcome {
    /// It is done, and that is the news.
    case done([StorageEvent])
    /// There is no room: the job is to be tried again. `isNew` when there was no trouble before.
    case stalled(isNew: Bool)
  }

  /// What follows from a block.
  package struct Acceptance {
    /// Whether the block was there already.
    package var isRepeated = false
    /// News.
    package var events: [StorageEvent] = []
    /// Work.
    package var jobs: [Job] = []
  }

  // A piece that is not whole, or not verified yet.
  struct Unfinished {
    var held: [ByteBuffer?]
    var written: Bitfield
    let generation: Int
    var isFinishing = false
    var isFlushing = false
    /// The right leaves of its blocks, where they are known.
    var leaves: [BlockDigest] = []

    var heldBytes: Int { held.reduce(0) { $0 + ($1?.readableBytes ?? 0) } }
    var heldCount: Int { held.count { $0 != nil } }
  }

  package let torrent: SimulatedTorrent
  /// How it is.
  package let nature: DiskNature
  /// The info, once it is known.
  package var info: TorrentInfo?
  /// The piece layers that are known.
  package var layers = PieceLayers()
  /// The pieces that are verified and written.
  package internal(set) var have: Bitfield
  /// The blocks in the file, as they would be read.
  var platter: [[ByteBuffer?]]
  /// The pieces that would outlive a power cut.
  var synced: Bitfield
  /// The resume record as it was saved last.
  var record: [UInt8]?
  var boot = 0
  var unfinished: [Int: Unfinished] = [:]
  private(set) var heldBytes = 0
  private var suspects: Set<Int> = []
  private var troubled: Set<Int> = []
  private var isFull = false
  private var unrecorded = 0
  private var records = 0
  private var generations = 0
  private var busyUntil = NIODeadline.distantPast

  /// An empty disk.
  package init(_ torrent: SimulatedTorrent, _ nature: DiskNature) {
    self.torrent = torrent
    self.nature = nature
    let count = torrent.pieceCount
    have = Bitfield(bitCount: count)
    synced = have
    platter = (0..<count).map {
      Array(repeating: nil, count: torrent.info.layout.blockCount(ofPiece: $0))
    }
  }

  /// Takes in the pieces of the torrent that `pieces` names, right and synced.
  package mutating func fill(_ pieces: Bitfield) {
    pieces.forEachSet { piece in
      platter[piece] = torrent.blocks(of: piece).map { torrent.bytes($0) }
      have.insert(piece)
      synced.insert(piece)
    }
    save(isDirty: true)
  }

  // MARK: Blocks

  /// Takes a block from the core.
  package mutating func take(_ block: BlockRequest, _ data: ByteBuffer) -> Acceptance {
    var acceptance = Acceptance()
    let index = block.offset / BlockRequest.blockLength
    var piece = unfinished[block.piece] ?? begin(block.piece)
    guard !have[block.piece], !piece.isFinishing, piece.held[index] == nil, !piece.written[index]
    else {
      acceptance.isRepeated = true
      return acceptance
    }
    if !piece.leaves.isEmpty {
      let isRight = digests([data]).first == piece.leaves[index]
      acceptance.events.append(
        .blocksJudged(
          block.piece, right: isRight ? [index] : [], wrong: isRight ? [] : [index]))
      guard isRight else { return acceptance }
    }
    piece.held[index] = data
    heldBytes += data.readableBytes
    if piece.heldCount + piece.written.setCount == piece.held.count {
      piece.isFinishing = true
      acceptance.jobs.append(job(.finish, block.piece, piece))
    }
    unfinished[block.piece] = piece
    if heldBytes >= nature.memoryBytes, !isFull {
      isFull = true
      acceptance.events.append(.full)
    }
    if heldBytes > nature.memoryBytes / 4 * 3 { makeRoom(&acceptance.jobs) }
    return acceptance
  }

  mutating func begin(_ piece: Int) -> Unfinished {
    generations += 1
    let count = platter[piece].count
    return Unfinished(
      held: Array(repeating: nil, count: count), written: Bitfield(bitCount: count),
      generation: generations)
  }

  // Pieces that are not whole leave memory early.
  private mutating func makeRoom(_ jobs: inout [Job]) {
    for (index, piece) in unfinished.sorted(by: { $0.key < $1.key })
    where !piece.isFinishing && !piece.isFlushing && piece.heldCount > 0 {
      unfinished[index]?.isFlushing = true
      jobs.append(job(.flush, index, piece))
    }
  }

  private func job(_ kind: Job.Kind, _ index: Int, _ piece: Unfinished) -> Job {
    Job(kind: kind, piece: index, generation: piece.generation, bytes: piece.heldBytes)
  }

  /// When a job that begins now, after those before it, will be done.
  package mutating func schedule(_ job: Job, at now: NIODeadline) -> NIODeadline {
    let time = Int64(job.bytes) * 1_000_000_000 / Int64(nature.writeRate)
    busyUntil = max(now, busyUntil) + nature.writeDelay + .nanoseconds(time)
    return busyUntil
  }

  /// Forgets a piece that will be fetched anew, also when it was verified.
  package mutating func discard(_ piece: Int) -> [StorageEvent] {
    synced.remove(piece)
    if have.remove(piece) { save(isDirty: true) }
    return drop(piece)
  }

  /// A block of a verified piece; nil when it cannot be read.
  package func read(_ block: BlockRequest, at now: NIODeadline) -> ByteBuffer? {
    guard have.bitCount > block.piece, have[block.piece],
      nature.unreadable[block.piece]?.contains(now) != true
    else { return nil }
    let index = block.offset / BlockRequest.blockLength
    return platter[block.piece][index]?.getSlice(
      at: block.offset - index * BlockRequest.blockLength, length: block.length)
  }

  /// The first byte, if any, at which a verified piece is not what it should be.
  package var firstWrongPiece: Int? {
    (0..<torrent.pieceCount).first { piece in
      have[piece]
        && zip(torrent.blocks(of: piece), platter[piece]).contains { block, bytes in
          bytes != torrent.bytes(block)
        }
    }
  }
}

// MARK: - Work

extension SimulatedDisk {
  /// Does a job whose time has come.
  package mutating func carryOut(_ job: Job, at now: NIODeadline) -> Outcome {
    guard let piece = unfinished[job.piece], piece.generation == job.generation else {
      return .done([])
    }
    switch job.kind {
    case .finish: return finish(job.piece, piece, at: now)
    case .flush: return flush(job.piece, piece, at: now)
    }
  }

  private mutating func finish(
    _ index: Int, _ piece: Unfinished, at now: NIODeadline
  ) -> Outcome {
    let blocks = piece.held.indices.map { piece.held[$0] ?? platter[index][$0] ?? ByteBuffer() }
    guard verify(index, blocks) else {
      suspects.insert(index)
      let badBlocks = blocks.count == 1 ? [0] : []
      let failed = StorageEvent.pieceFailed(
        index, digests: digests(blocks), badBlocks: badBlocks)
      return .done(drop(index) + [failed])
    }
    guard !nature.isFull(at: now) else { return stall(index) }
    for (block, bytes) in blocks.enumerated() { write(bytes, index, block) }
    let released = drop(index)
    have.insert(index)
    wrote(piece.heldBytes)
    var events: [StorageEvent] = []
    if suspects.remove(index) != nil || torrent.info.hasV2 {
      events.append(.pieceDigests(index, digests(blocks)))
    }
    return .done(events + [.pieceVerified(index)] + released)
  }

  private mutating func flush(
    _ index: Int, _ piece: Unfinished, at now: NIODeadline
  ) -> Outcome {
    guard !piece.isFinishing else { return .done([]) }
    guard !nature.isFull(at: now) else { return stall(index) }
    var piece = piece
    let bytes = piece.heldBytes
    for (block, data) in piece.held.enumerated() {
      guard let data else { continue }
      write(data, index, block)
      piece.written.insert(block)
      piece.held[block] = nil
    }
    piece.isFlushing = false
    unfinished[index] = piece
    wrote(bytes)
    return .done(release(bytes) + endTrouble(index))
  }

  private mutating func stall(_ index: Int) -> Outcome {
    let isNew = troubled.isEmpty
    troubled.insert(index)
    return .stalled(isNew: isNew)
  }

  private mutating func endTrouble(_ index: Int) -> [StorageEvent] {
    guard troubled.remove(index) != nil, troubled.isEmpty else { return [] }
    return [.recovered]
  }

  // What is right is kept as a view of the torrent's own bytes: a hundred copies take no memory.
  private mutating func write(_ bytes: ByteBuffer, _ piece: Int, _ block: Int) {
    let right = torrent.bytes(
      BlockRequest(
        piece: piece, offset: block * BlockRequest.blockLength, length: bytes.readableBytes))
    platter[piece][block] = bytes == right ? right : bytes
  }

  private mutating func drop(_ index: Int) -> [StorageEvent] {
    guard let piece = unfinished.removeValue(forKey: index) else { return [] }
    return release(piece.heldBytes) + endTrouble(index)
  }

  mutating func release(_ bytes: Int) -> [StorageEvent] {
    heldBytes -= bytes
    guard isFull, heldBytes <= nature.memoryBytes / 4 * 3 else { return [] }
    isFull = false
    return [.relieved]
  }

  private mutating func wrote(_ bytes: Int) {
    unrecorded += bytes
    guard unrecorded >= nature.recordBytes else { return }
    records += 1
    if records % 2 == 0 { synced = have }
    save(isDirty: true)
  }

  // MARK: Hashes

  func verify(_ piece: Int, _ blocks: [ByteBuffer]) -> Bool {
    guard let info else { return false }
    let expectation = info.expectation(ofPiece: piece, layers: layers)
    var hasher = PieceHasher(expectation)
    for block in blocks { block.withUnsafeReadableBytes { hasher.update($0) } }
    if expectation.sha1 != nil, hasher.position < expectation.length {
      hasher.updatePadding(expectation.length - hasher.position)
    }
    return expectation.verdict(on: hasher.finalize()) == .valid
  }

  func digests(_ blocks: [ByteBuffer]) -> [BlockDigest] {
    blocks.map { $0.withUnsafeReadableBytes { BlockDigest(hashing: $0) } }
  }

  // MARK: The record

  mutating func save(isDirty: Bool) {
    unrecorded = 0
    guard let info else { return }
    var record = ResumeRecord(
      hashes: info.hashes, savePath: "/", pieceCount: have.bitCount, fileCount: info.files.count)
    record.have = have
    record.synced = synced
    record.blocks = unfinished.compactMapValues { $0.written.isEmpty ? nil : $0.written }
    record.bootID = String(boot)
    record.isDirty = isDirty
    self.record = record.encoded
  }

  /// Forgets all that was in memory.
  mutating func forget() {
    unfinished = [:]
    heldBytes = 0
    suspects = []
    troubled = []
    isFull = false
    unrecorded = 0
    busyUntil = .distantPast
  }

  /// Continues an unfinished piece whose blocks in `written` are in the file.
  mutating func restore(_ index: Int, written: Bitfield) {
    var piece = begin(index)
    piece.written = written
    unfinished[index] = piece
  }
}
