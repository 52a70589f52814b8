internal import Metainfo
internal import NIOCore
internal import Synchronization

/// Hashes pieces on disk, on all threads of the pool, in small portions so that other work comes
/// in between.
final class PieceCheck: Sendable {
  private struct State {
    var next = 0
    var done = 0
    var runners: Int
    var isCancelled = false
    var right: Bitfield
  }

  /// What one job hashes before others have their turn.
  private static let portion = 8 << 20
  /// What is read at once: it stays in the processor's cache until it is hashed.
  private static let chunk = 128 << 10

  private let pieces: [Int]
  private let storage: TorrentStorage
  private let files: TorrentFiles
  private let progress: (@Sendable (Int, Int) -> Void)?
  private let completion: @Sendable (Result<Bitfield, StorageError>) -> Void
  private let state: Mutex<State>

  init(
    _ pieces: [Int], _ storage: TorrentStorage, _ files: TorrentFiles,
    progress: (@Sendable (Int, Int) -> Void)?,
    completion: @escaping @Sendable (Result<Bitfield, StorageError>) -> Void
  ) {
    self.pieces = pieces
    self.storage = storage
    self.files = files
    self.progress = progress
    self.completion = completion
    let runners = min(storage.pool.threadCount, max(1, pieces.count))
    state = Mutex(
      State(runners: runners, right: Bitfield(bitCount: storage.info.layout.pieceCount)))
  }

  func start() {
    let runners = state.withLock { $0.runners }
    storage.pool.submit(.check, (0..<runners).map { _ in { self.run() } })
  }

  func cancel() { state.withLock { $0.isCancelled = true } }

  private func run() {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunk, alignment: 4096)
    defer { memory.deallocate() }
    var hashed = 0
    while hashed < Self.portion {
      guard let piece = next() else { return end() }
      let isRight = check(piece, memory)
      hashed += storage.info.layout.length(ofPiece: piece)
      let done = state.withLock { state in
        state.done += 1
        if isRight { state.right.insert(piece) }
        return state.done
      }
      report(done)
    }
    storage.pool.submit(.check, [{ self.run() }])
  }

  private func next() -> Int? {
    state.withLock { state in
      guard !state.isCancelled, state.next < pieces.count else { return nil }
      defer { state.next += 1 }
      return pieces[state.next]
    }
  }

  /// Tells about each hundredth part.
  private func report(_ done: Int) {
    guard let progress, done == pieces.count || done % max(1, pieces.count / 100) == 0 else {
      return
    }
    let total = pieces.count
    storage.eventLoop.execute { progress(done, total) }
  }

  private func end() {
    let result = state.withLock { state -> Result<Bitfield, StorageError>? in
      state.runners -= 1
      guard state.runners == 0 else { return nil }
      return state.isCancelled
        ? .failure(.closed(storage.configuration.directory)) : .success(state.right)
    }
    if let result { completion(result) }
  }

  private func check(_ piece: Int, _ memory: UnsafeMutableRawBufferPointer) -> Bool {
    let expectation = storage.expectation(ofPiece: piece)
    var hasher = PieceHasher(expectation)
    for start in stride(from: 0, to: expectation.dataLength, by: memory.count) {
      let range = start..<min(start + memory.count, expectation.dataLength)
      var vectors = IOVectors(memory)
      guard (try? files.read(&vectors, range, ofPiece: piece)) != nil else { return false }
      hasher.update(UnsafeRawBufferPointer(rebasing: memory[..<range.count]))
    }
    hasher.updatePadding(expectation.length - expectation.dataLength)
    return expectation.verdict(on: hasher.finalize()) == .valid
  }
}
