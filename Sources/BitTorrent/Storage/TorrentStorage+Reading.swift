internal import Metainfo
package import NIOCore
internal import Primitives
internal import Synchronization

extension TorrentStorage {
  /// Reads blocks that the system has in memory, without waiting for the disk.
  ///
  /// For each block `headroom` bytes are left in `buffer` for the caller to fill, then come the
  /// block's bytes.
  ///
  /// - Parameters:
  ///   - requests: blocks of verified pieces; adjacent ones are read together.
  ///   - headroom: bytes to leave before each block.
  ///   - buffer: where the bytes are appended.
  /// - Returns: how many blocks from the start of `requests` are in `buffer` now; the others are
  ///   for ``read(_:headroom:into:)``.
  package func readCached(
    _ requests: ArraySlice<BlockRequest>, headroom: Int, into buffer: inout ByteBuffer
  ) -> Int {
    guard let files = try? openFiles() else { return 0 }
    var rest = requests
    while let run = nextRun(of: rest) {
      let found = Self.append(run, headroom, to: &buffer) { memory, range in
        files.readCached(&memory, range, ofPiece: run.piece)
      }
      rest = rest.dropFirst(found)
      if found < run.requests.count { break }
    }
    return requests.count - rest.count
  }

  /// Reads blocks of verified pieces on a thread of the pool; all of them, or none.
  ///
  /// For each block `headroom` bytes are left in `buffer` for the caller to fill, then come the
  /// block's bytes. Fails with a ``StorageError``.
  package func read(
    _ requests: [BlockRequest], headroom: Int, into buffer: consuming ByteBuffer
  ) -> EventLoopFuture<ByteBuffer> {
    let box = BufferBox(buffer)
    return onPool(.upload) {
      let files = try self.openFiles()
      var rest = requests[...]
      while let run = self.nextRun(of: rest) {
        var failure: StorageError?
        let found = Self.append(run, headroom, to: &box.buffer) { memory, range in
          do throws(StorageError) {
            try files.read(&memory, range, ofPiece: run.piece)
            return range.count
          } catch {
            failure = error
            return 0
          }
        }
        if let failure { throw failure }
        rest = rest.dropFirst(found)
      }
      guard rest.isEmpty else { throw StorageError.closed(self.configuration.directory) }
      return box.take()
    }
  }

  /// The SHA-256 leaves of a verified piece's data, 32 bytes each, read from disk: for hash
  /// requests of layer 0.
  package func leaves(ofPiece piece: Int) -> EventLoopFuture<[UInt8]> {
    onPool(.upload) {
      let files = try self.openFiles()
      guard piece >= 0, piece < self.info.layout.pieceCount else { return [] }
      let length = self.info.layout.dataLength(ofPiece: piece)
      var leaves: [UInt8] = []
      for start in stride(from: 0, to: length, by: BlockRequest.blockLength) {
        let range = start..<min(start + BlockRequest.blockLength, length)
        let bytes = try PieceBytes(range, ofPiece: piece, from: files)
        leaves += PieceDigest.leaf(bytes.part(range)).bytes
      }
      return leaves
    }
  }
}

// MARK: - Runs of adjacent blocks

extension TorrentStorage {
  private struct Run {
    var piece: Int
    var range: Range<Int>
    var requests: ArraySlice<BlockRequest>
  }

  /// The most that is read by one call.
  private static let longestRun = 1 << 20

  /// The first requests that follow each other in one piece, and lie within it.
  private func nextRun(of requests: ArraySlice<BlockRequest>) -> Run? {
    guard let first = requests.first, first.piece >= 0, first.piece < info.layout.pieceCount,
      first.offset >= 0
    else { return nil }
    let length = info.layout.length(ofPiece: first.piece)
    var end = first.offset
    var count = 0
    for request in requests {
      guard request.piece == first.piece, request.offset == end, request.length > 0,
        request.length <= length - end, count == 0 || end - first.offset < Self.longestRun
      else { break }
      end += request.length
      count += 1
    }
    guard count > 0 else { return nil }
    return Run(
      piece: first.piece, range: first.offset..<end, requests: requests.prefix(count))
  }

  /// Appends the blocks of a run, each after its headroom, as `read` fills them; returns how many
  /// blocks it filled whole.
  private static func append(
    _ run: Run, _ headroom: Int, to buffer: inout ByteBuffer,
    read: (inout IOVectors, Range<Int>) -> Int
  ) -> Int {
    var whole = 0
    let needed = run.range.count + headroom * run.requests.count
    buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: needed) { target in
      var memory = IOVectors()
      memory.reserve(run.requests.count)
      var position = 0
      for request in run.requests {
        let start = position + headroom
        position = start + request.length
        memory.append(UnsafeMutableRawBufferPointer(rebasing: target[start..<position]))
      }
      var found = read(&memory, run.range)
      var filled = 0
      for request in run.requests {
        guard found >= request.length else { break }
        found -= request.length
        filled += headroom + request.length
        whole += 1
      }
      return filled
    }
    return whole
  }
}

/// Carries a buffer to another thread and back without a second owner, who would cost a copy.
private final class BufferBox: @unchecked Sendable {
  var buffer: ByteBuffer

  init(_ buffer: consuming ByteBuffer) { self.buffer = buffer }

  func take() -> ByteBuffer {
    defer { buffer = ByteBuffer() }
    return buffer
  }
}
