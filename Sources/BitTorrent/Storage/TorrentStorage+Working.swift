internal import Metainfo
internal import NIOCore
internal import Synchronization

// The jobs that hash, verify and write pieces, on the pool's threads.
extension TorrentStorage {
  private struct Work {
    var arrivals: [PendingPiece.Arrival]
    var leaves: [UInt8]?
    var mustFlush: Bool
    /// Whether hashed blocks should leave memory early.
    var isTight: Bool
  }

  /// Runs of this many blocks are worth a system call when a piece is written before it is whole.
  private static let earlyRun = 16

  /// Works on a piece until there is nothing to do for it.
  func work(on piece: PendingPiece) {
    guard let files = state.withLock({ $0.files }) else { return }
    while let work = nextWork(for: piece) {
      var released = 0
      var failure: StorageError?
      do throws(StorageError) {
        try carryOut(work, piece, files, &released)
      } catch {
        failure = error
      }
      // In this order, so that a crash loses no more than the store may hold.
      recordIfDue()
      state.withLock { state in
        release(released, of: piece, in: &state)
        if failure == nil { endTrouble(of: piece, in: &state) }
      }
      if let failure, !giveUp(piece, after: failure) { return stall(piece, work, failure) }
    }
  }

  private func nextWork(for piece: PendingPiece) -> Work? {
    state.withLock { state in
      guard !piece.isDropped, piece.hasWork else {
        if piece.isDropped {
          piece.inbox = []
          release(piece.heldBytes, of: piece, in: &state)
          endTrouble(of: piece, in: &state)
        }
        state.endJob(of: piece)
        return nil
      }
      let work = Work(
        arrivals: piece.inbox, leaves: piece.leaves, mustFlush: piece.mustFlush,
        isTight: state.heldBytes > configuration.memoryBytes / 2)
      piece.inbox = []
      piece.leaves = nil
      piece.mustFlush = false
      piece.mustRetry = false
      return work
    }
  }

  private func carryOut(
    _ work: Work, _ piece: PendingPiece, _ files: TorrentFiles, _ released: inout Int
  ) throws(StorageError) {
    if let leaves = work.leaves { released += piece.assembly.know(leaves) }
    for arrival in work.arrivals {
      let block = arrival.block.request.offset / BlockRequest.blockLength
      if !piece.assembly.take(arrival.block.data, block: block, cost: arrival.cost) {
        released += arrival.cost
      }
    }
    if let (right, wrong) = piece.assembly.takeJudged() {
      state.withLock { _ in
        guard !piece.isDropped else { return }
        events.post(.blocksJudged(piece.index, right: right, wrong: wrong))
      }
    }
    try meter.hash { () throws(StorageError) in try piece.assembly.hash(from: files) }
    if piece.assembly.isComplete {
      try finish(piece, files, &released)
    } else if work.mustFlush || work.isTight {
      let bytes = try meter.write { () throws(StorageError) in
        try piece.assembly.write(
          to: files, unhashed: work.mustFlush, leastRun: work.mustFlush ? 1 : Self.earlyRun,
          released: &released)
      }
      guard bytes > 0 else { return }
      state.withLock { state in
        piece.written = piece.assembly.written
        state.unrecordedBytes += bytes
      }
    }
  }

  /// Verifies a piece of which every block came; writes it when it is right, else forgets it.
  private func finish(
    _ piece: PendingPiece, _ files: TorrentFiles, _ released: inout Int
  ) throws(StorageError) {
    let expectation = expectation(ofPiece: piece.index)
    let isRight = piece.assembly.matches(expectation)
    let failedBefore = state.withLock { $0.failedBefore.contains(piece.index) }
    // In v2 they cost nothing: they are the leaves.
    let digests =
      isRight && !failedBefore && expectation.tree == nil
      ? [] : try piece.assembly.digests(from: files)
    let bytes =
      isRight
      ? try meter.write { () throws(StorageError) in
        try piece.assembly.write(to: files, unhashed: true, released: &released)
      } : 0
    released += piece.assembly.drop()
    let (isNews, isWhole) = state.withLock { state in
      guard !piece.isDropped else { return (false, false) }
      state.drop(piece)
      if isRight {
        state.have.insert(piece.index)
        state.failedBefore.remove(piece.index)
        state.unrecordedBytes += bytes
      } else {
        state.failedBefore.insert(piece.index)
      }
      return (true, state.have.isFull)
    }
    // A link that cannot be made takes nothing from the files.
    if isRight, isWhole { try? files.makeLinks() }
    guard isNews else { return }
    if isRight {
      if !digests.isEmpty { events.post(.pieceDigests(piece.index, digests)) }
      events.post(.pieceVerified(piece.index))
    } else if piece.assembly.contradicts(expectation) {
      events.post(.pieceContradicts(piece.index))
    } else {
      events.post(
        .pieceFailed(piece.index, digests: digests, badBlocks: piece.assembly.wrongBlocks))
    }
  }
}

// MARK: - When the disk does not do as it is told

extension TorrentStorage {
  /// Forgets a piece whose bytes on disk somebody else took away.
  private func giveUp(_ piece: PendingPiece, after error: StorageError) -> Bool {
    guard error.code == .changed else { return false }
    state.withLock { state in
      guard !piece.isDropped else { return }
      state.drop(piece)
      events.post(.pieceLost(piece.index))
    }
    return true
  }

  /// Keeps a piece as it is, and has its work done again later.
  private func stall(_ piece: PendingPiece, _ work: Work, _ error: StorageError) {
    state.withLock { state in
      guard state.phase == .open else {
        // Nobody waits for better times any more: what is not written is fetched again.
        state.drop(piece)
        piece.inbox = []
        release(piece.heldBytes, of: piece, in: &state)
        return state.endJob(of: piece)
      }
      piece.mustRetry = true
      piece.mustFlush = piece.mustFlush || work.mustFlush
      state.stalled.append(piece)
      if state.troubled.isEmpty { events.post(.failed(error)) }
      state.troubled.insert(piece.index)
      guard state.stalled.count == 1 else { return }
      eventLoop.scheduleTask(in: TimeAmount(configuration.retryInterval)) { self.retry() }
    }
  }

  private func retry() {
    let pieces = state.withLock { state in
      defer { state.stalled = [] }
      return state.stalled
    }
    submit(pieces)
  }

  private func endTrouble(of piece: PendingPiece, in state: inout State) {
    guard state.troubled.remove(piece.index) != nil, state.troubled.isEmpty else { return }
    events.post(.recovered)
  }
}
