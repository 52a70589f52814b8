internal import Dispatch
internal import Synchronization

/// Hashes pieces that are said to be there, on several threads.
public struct PieceChecker: Sendable {
  /// Fills a buffer with a file's bytes; false if they are not all there.
  public typealias Read = (
    _ file: Int, _ offset: Int, _ buffer: UnsafeMutableRawBufferPointer
  ) -> Bool

  /// Bytes that are read at a time: they are hashed while they are still in the second cache.
  static let chunkLength = 128 << 10

  private let info: TorrentInfo
  private let layers: PieceLayers
  private let workers: Int
  private let makeReader: @Sendable () -> Read

  /// A checker of a torrent's pieces.
  ///
  /// - Parameters:
  ///   - info: the torrent.
  ///   - layers: the piece layers that are known.
  ///   - workers: threads, at least 1.
  ///   - makeReader: called once by each thread, for a reader that only this thread uses.
  public init(
    info: TorrentInfo, layers: PieceLayers, workers: Int,
    makeReader: @escaping @Sendable () -> Read
  ) {
    self.info = info
    self.layers = layers
    self.workers = max(1, workers)
    self.makeReader = makeReader
  }

  /// Checks pieces, and returns when all are done or `isCancelled` says so; it blocks the thread.
  ///
  /// - Parameters:
  ///   - pieces: indices of pieces of the torrent, in the order of checking.
  ///   - isCancelled: asked before each piece.
  ///   - report: called once a piece by the thread that checked it, in no order.
  public func check(
    _ pieces: some RandomAccessCollection<Int> & Sendable,
    isCancelled: @Sendable () -> Bool = { false },
    report: @Sendable (_ piece: Int, _ verdict: PieceVerdict) -> Void
  ) {
    let next = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: min(workers, max(1, pieces.count))) { _ in
      let read = makeReader()
      withUnsafeTemporaryAllocation(byteCount: Self.chunkLength, alignment: 64) { buffer in
        while !isCancelled() {
          let position = next.add(1, ordering: .relaxed).oldValue
          guard position < pieces.count else { return }
          let piece = pieces[pieces.index(pieces.startIndex, offsetBy: position)]
          report(piece, verdict(on: piece, read: read, buffer: buffer))
        }
      }
    }
  }

  private func verdict(
    on piece: Int, read: Read, buffer: UnsafeMutableRawBufferPointer
  ) -> PieceVerdict {
    let expectation = info.expectation(ofPiece: piece, layers: layers)
    guard expectation.isVerifiable else { return .unverifiable }
    var hasher = PieceHasher(expectation)
    let isThere = hasher.update(
      segments: info.layout.segments(ofPiece: piece), buffer: buffer, read: read)
    return isThere ? expectation.verdict(on: hasher.finalize()) : .missing
  }
}

extension PieceHasher {
  /// Hashes what lies in `segments`, read through `buffer`; false as soon as bytes are not there.
  mutating func update(
    segments: PieceSegments, buffer: UnsafeMutableRawBufferPointer, read: PieceChecker.Read
  ) -> Bool {
    for segment in segments {
      guard let file = segment.file else {
        updatePadding(segment.length)
        continue
      }
      var done = 0
      while done < segment.length {
        let chunk = UnsafeMutableRawBufferPointer(
          rebasing: buffer.prefix(min(segment.length - done, buffer.count)))
        guard read(file, segment.fileOffset + done, chunk) else { return false }
        update(UnsafeRawBufferPointer(chunk))
        done += chunk.count
      }
    }
    return true
  }
}
