internal import Metainfo
internal import Synchronization

extension TorrentStorage {
  /// Takes blocks that came from peers; one call per batch.
  ///
  /// Blocks of verified pieces, blocks that are there already, and blocks out of place are ignored.
  package func receive(_ blocks: [ReceivedBlock]) {
    var blocks = blocks
    let costs = ReceivedBlock.settle(&blocks)
    let jobs = state.withLock { state -> [PendingPiece] in
      guard state.phase == .open else { return [] }
      var jobs: [PendingPiece] = []
      for (block, cost) in zip(blocks, costs) {
        guard let piece = piece(for: block.request, in: &state) else { continue }
        piece.inbox.append(PendingPiece.Arrival(block: block, cost: cost))
        piece.heldBytes += cost
        piece.arrivals += 1
        state.heldBytes += cost
        state.schedule(piece, into: &jobs)
      }
      makeRoom(in: &state, &jobs)
      return jobs
    }
    submit(jobs)
  }

  /// Takes the right leaves of a piece that is under way, 32 bytes for each of its blocks: they are
  /// judged one by one from here on.
  package func add(leaves: [UInt8], ofPiece index: Int) {
    let jobs = state.withLock { state -> [PendingPiece] in
      guard state.phase == .open, index >= 0, index < info.layout.pieceCount, !state.have[index]
      else { return [] }
      let piece = pending(index, in: &state)
      piece.leaves = leaves
      var jobs: [PendingPiece] = []
      state.schedule(piece, into: &jobs)
      return jobs
    }
    submit(jobs)
  }

  /// Forgets what is there of a piece that will be fetched anew, also when it was verified.
  package func discard(piece: Int) {
    let wasHad = state.withLock { state in
      if let pending = state.pieces[piece] {
        state.drop(pending)
        // A job that runs gives back what it took up itself.
        if !pending.isScheduled { release(pending.heldBytes, of: pending, in: &state) }
      }
      state.unsync(piece)
      return state.have.remove(piece)
    }
    if wasHad { pool.submit(.check) { self.saveRecord(isDirty: true) } }
  }

  /// The piece that a block belongs to, when it is a block that the storage wants.
  private func piece(for request: BlockRequest, in state: inout State) -> PendingPiece? {
    let layout = info.layout
    guard request.piece >= 0, request.piece < layout.pieceCount, !state.have[request.piece],
      request.offset >= 0, request.offset % BlockRequest.blockLength == 0
    else { return nil }
    let length = layout.dataLength(ofPiece: request.piece)
    guard request.offset < length,
      request.length == min(BlockRequest.blockLength, length - request.offset)
    else { return nil }
    return pending(request.piece, in: &state)
  }

  private func pending(_ index: Int, in state: inout State) -> PendingPiece {
    if let piece = state.pieces[index] { return piece }
    let piece = PendingPiece(PieceAssembly(expectation(ofPiece: index)))
    state.pieces[index] = piece
    return piece
  }

  /// Has blocks written early when the store fills up, so that it never stays full.
  private func makeRoom(in state: inout State, _ jobs: inout [PendingPiece]) {
    let bound = configuration.memoryBytes
    if state.heldBytes >= bound, !state.isFull {
      state.isFull = true
      events.post(.full)
    }
    guard state.heldBytes > bound / 4 * 3 else { return }
    // Pieces that are told already count as if they were gone.
    let told = state.pieces.values.reduce(0) { $0 + ($1.mustFlush ? $1.heldBytes : 0) }
    var excess = state.heldBytes - told - bound / 2
    guard excess > 0 else { return }
    let candidates = state.pieces.values.filter { $0.heldBytes > 0 && !$0.mustFlush }
      .sorted { $0.progress < $1.progress }
    for piece in candidates where excess > 0 {
      excess -= piece.heldBytes
      piece.mustFlush = true
      state.schedule(piece, into: &jobs)
    }
  }

  /// Takes back memory that a piece's blocks kept in use.
  func release(_ bytes: Int, of piece: PendingPiece, in state: inout State) {
    piece.heldBytes -= bytes
    state.heldBytes -= bytes
    if state.isFull, state.heldBytes <= configuration.memoryBytes / 4 * 3 {
      state.isFull = false
      events.post(.relieved)
    }
  }

  func submit(_ pieces: [PendingPiece]) {
    guard !pieces.isEmpty else { return }
    pool.submit(.download, pieces.map { piece in { self.work(on: piece) } })
  }
}

extension TorrentStorage.State {
  /// Puts a piece up for a job unless it has one.
  mutating func schedule(_ piece: PendingPiece, into jobs: inout [PendingPiece]) {
    guard !piece.isScheduled else { return }
    piece.isScheduled = true
    jobCount += 1
    jobs.append(piece)
  }

  /// Takes a piece from the table.
  mutating func drop(_ piece: PendingPiece) {
    piece.isDropped = true
    if pieces[piece.index] === piece { pieces[piece.index] = nil }
  }

  /// Notes that a job ended, and tells who waits for the last.
  mutating func endJob(of piece: PendingPiece) {
    piece.isScheduled = false
    jobCount -= 1
    guard jobCount == 0, let whenIdle else { return }
    self.whenIdle = nil
    whenIdle()
  }
}
