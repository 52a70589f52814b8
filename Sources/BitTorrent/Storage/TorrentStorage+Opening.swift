internal import Metainfo
package import NIOCore
internal import Synchronization

// Finding out what is there, without hashing what the resume record vouches for.
extension TorrentStorage {
  /// Loads the resume record, finds out which files changed, and hashes what is in doubt: all that
  /// is there, when there is no record.
  ///
  /// - Parameter progress: called on the event loop with the pieces done and to do.
  /// - Returns: what is there; fails with a ``StorageError``.
  package func open(
    progress: (@Sendable (_ done: Int, _ of: Int) -> Void)? = nil
  ) -> EventLoopFuture<Opened> {
    onPool(.download) { try self.prepare() }.flatMap { findings in
      self.check(findings.doubtful, findings.files, progress).flatMap { right in
        self.onPool(.download) { try self.finishOpening(findings, right) }
      }
    }
  }

  /// What a look at record and files tells before anything is hashed.
  private struct Findings: Sendable {
    var files: TorrentFiles
    var record: ResumeRecord
    /// Pieces that need no hashing.
    var trusted: Bitfield
    /// Pieces that the record has, or that may be there without it.
    var doubtful: [Int]
    /// Whether the record is of an earlier start of the machine.
    var isAfterReboot: Bool
  }

  private func prepare() throws(StorageError) -> Findings {
    let found = loadRecord()
    var record = found ?? state.withLock { $0.record }
    let folder = try SafeFolder(path: configuration.directory, create: true)
    let files = TorrentFiles(info, configuration, folder: folder)
    var changed: Set<Int> = []
    if let target = record.movingTo {
      let target = try SafeFolder(path: target, create: true)
      files.resumeMove(to: target)
      changed = try files.scan(record)
      try files.move(to: target)
      record.savePath = target.path
      record.movingTo = nil
    } else if found != nil {
      changed = try files.scan(record)
    } else {
      try files.scan()
    }
    try files.repairPartFile()
    try files.makeEmptyFiles()

    var trusted = record.have
    if found == nil { trusted = Bitfield(bitCount: info.layout.pieceCount) }
    let isAfterReboot = found != nil && record.bootID != configuration.bootID
    if isAfterReboot {
      record.have.forEachSet { if !record.synced[$0] { trusted.remove($0) } }
    }
    for file in changed {
      for piece in info.layout.pieces(of: info.files[file]) { trusted.remove(piece) }
    }
    // After an orderly end nothing can be there that the record lacks.
    let mayHoldMore = found == nil || record.isDirty || !changed.isEmpty
    let stretches = mayHoldMore ? DataMap(files) : nil
    let doubtful = (0..<info.layout.pieceCount).filter { piece in
      guard !trusted[piece] else { return false }
      return record.have[piece] || stretches?.covers(piece) == true
    }
    return Findings(
      files: files, record: record, trusted: trusted, doubtful: doubtful,
      isAfterReboot: isAfterReboot)
  }

  /// The torrent's record, unless it is of files in another folder.
  private func loadRecord() -> ResumeRecord? {
    guard let record = try? resume?.load(info.hashes),
      record.have.bitCount == info.layout.pieceCount, record.files.count == info.files.count
    else { return nil }
    guard record.savePath == SafeFolder.absolute(configuration.directory) else {
      state.withLock { $0.record.takeStatistics(of: record) }
      return nil
    }
    return record
  }

  private func finishOpening(_ findings: Findings, _ right: Bitfield) throws -> Opened {
    var have = findings.trusted
    right.forEachSet { have.insert($0) }
    var record = findings.record
    record.have = have
    record.bootID = configuration.bootID
    var synced = Bitfield(bitCount: have.bitCount)
    record.synced.forEachSet { if have[$0] { synced.insert($0) } }
    // What was there before the machine started comes from the disk.
    if findings.isAfterReboot { right.forEachSet { synced.insert($0) } }
    record.synced = synced
    var pieces: [Int: PendingPiece] = [:]
    for (piece, blocks) in record.blocks where !have[piece] && blocks.setCount > 0 {
      guard let pending = unfinished(piece, blocks, findings.files) else { continue }
      pieces[piece] = pending
    }
    record.blocks = pieces.mapValues(\.written)
    if have.isFull { try? findings.files.makeLinks() }
    let isOpen = state.withLock { state in
      guard state.phase == .unopened else { return false }
      state.have = have
      state.pieces = pieces
      state.record = record
      state.files = findings.files
      state.phase = .open
      return true
    }
    guard isOpen else { throw StorageError.closed(configuration.directory) }
    saveRecord(isDirty: true)
    return Opened(
      have: have, blocks: record.blocks, checkedPieces: findings.doubtful.count, record: record)
  }

  /// A piece of which some blocks are on disk, with those that can be there.
  private func unfinished(
    _ piece: Int, _ blocks: Bitfield, _ files: TorrentFiles
  ) -> PendingPiece? {
    guard piece >= 0, piece < info.layout.pieceCount,
      blocks.bitCount == info.layout.blockCount(ofPiece: piece)
    else { return nil }
    var written = blocks
    let assembly = PieceAssembly(expectation(ofPiece: piece))
    blocks.forEachSet { block in
      if !files.mayHold(assembly.range(ofBlock: block), ofPiece: piece) { written.remove(block) }
    }
    // A piece that is all there was hashed already, and is wrong.
    guard written.setCount > 0, !written.isFull else { return nil }
    return PendingPiece(PieceAssembly(expectation(ofPiece: piece), written: written))
  }
}

/// Which stretches of a torrent's files may hold data.
private struct DataMap {
  private let files: TorrentFiles
  private var stretches: [[Range<Int>]]

  init(_ files: TorrentFiles) {
    self.files = files
    stretches = files.info.files.indices.map { index in
      files.hasBytes(index) ? files.data(ofFile: index) : []
    }
  }

  /// Whether no part of a piece lies in a hole or past the end of a file.
  func covers(_ piece: Int) -> Bool {
    for segment in files.info.layout.segments(ofPiece: piece) {
      guard let file = segment.file, !files.isInPartFile(file) else { continue }
      let range = segment.fileOffset..<segment.fileOffset + segment.length
      guard holds(range, stretches[file]) else { return false }
    }
    return true
  }

  private func holds(_ range: Range<Int>, _ stretches: [Range<Int>]) -> Bool {
    // The first stretch that ends after the range's start.
    var low = 0
    var high = stretches.count
    while low < high {
      let middle = (low + high) / 2
      if stretches[middle].upperBound > range.lowerBound { high = middle } else { low = middle + 1 }
    }
    return low < stretches.count && stretches[low].lowerBound <= range.lowerBound
      && stretches[low].upperBound >= range.upperBound
  }
}

// MARK: - Checking

extension TorrentStorage {
  /// Hashes pieces again, all unless told which, and returns which of these are right.
  ///
  /// Pieces that turn out wrong are no longer had, and those that turn out right are. Fails with
  /// ``StorageError/Code/closed`` when ``cancelCheck()`` is called. `progress` is called on the
  /// event loop with the pieces done and to do.
  package func check(
    pieces: Range<Int>? = nil, progress: (@Sendable (_ done: Int, _ of: Int) -> Void)? = nil
  ) -> EventLoopFuture<Bitfield> {
    let all = 0..<info.layout.pieceCount
    let range = (pieces ?? all).clamped(to: all)
    return onPool(.check) { () throws in
      let files = try self.openFiles()
      let had = self.state.withLock { $0.have }
      try files.scan()
      let stretches = DataMap(files)
      return (files, had, range.filter { stretches.covers($0) })
    }.flatMap { files, had, candidates in
      self.check(candidates, files, progress).map { right in
        self.adopt(right, in: range, had: had)
        return right
      }
    }
  }

  /// Takes over what a check found; pieces that came in the meantime stay.
  private func adopt(_ right: Bitfield, in range: Range<Int>, had: Bitfield) {
    state.withLock { state in
      for piece in range {
        if right[piece] {
          state.have.insert(piece)
          if let pending = state.pieces[piece] { forget(pending, in: &state) }
        } else if had[piece] {
          state.have.remove(piece)
          state.unsync(piece)
        }
      }
    }
    pool.submit(.check) { self.saveRecord(isDirty: true) }
  }

  /// Ends a running check, also that of ``open(progress:)``.
  package func cancelCheck() { state.withLock { $0.check }?.cancel() }

  private func check(
    _ pieces: [Int], _ files: TorrentFiles, _ progress: (@Sendable (Int, Int) -> Void)?
  ) -> EventLoopFuture<Bitfield> {
    let promise = eventLoop.makePromise(of: Bitfield.self)
    let check = PieceCheck(pieces, self, files, progress: progress) { result in
      self.state.withLock { $0.check = nil }
      promise.completeWith(result.mapError { $0 as any Error })
    }
    let isClosed = state.withLock { state in
      state.check = check
      return state.phase == .closed
    }
    if isClosed { check.cancel() }
    check.start()
    return promise.futureResult
  }
}
