package import Metainfo
package import NIOCore

extension TorrentStorage {
  /// Loads the resume record, finds out which files changed, and hashes what is in doubt: all that
  /// is there, when there is no record.
  ///
  /// `progress` is called on the event loop with the pieces done and to do.
  package func open(
    progress: (@Sendable (_ done: Int, _ of: Int) -> Void)? = nil
  ) -> EventLoopFuture<Opened> { unopened() }

  /// Takes blocks that came from peers; one call per batch.
  ///
  /// Blocks of verified pieces, blocks that are there already, and blocks out of range are ignored.
  package func receive(_ blocks: [ReceivedBlock]) {}

  /// Forgets what is there of a piece that will be fetched anew.
  package func discard(piece: Int) {}

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
  ) -> Int { 0 }

  /// Reads blocks of verified pieces on a thread of the pool; all of them, or none.
  ///
  /// For each block `headroom` bytes are left in `buffer` for the caller to fill, then come the
  /// block's bytes. Fails with a ``StorageError``.
  package func read(
    _ requests: [BlockRequest], headroom: Int, into buffer: ByteBuffer
  ) -> EventLoopFuture<ByteBuffer> { unopened() }

  /// Hashes pieces again, all unless told which, and returns which of all are right.
  ///
  /// Pieces that turn out wrong are no longer had. Fails with ``StorageError/Code/closed`` when
  /// ``cancelCheck()`` is called.
  package func check(
    pieces: Range<Int>? = nil, progress: (@Sendable (_ done: Int, _ of: Int) -> Void)? = nil
  ) -> EventLoopFuture<Bitfield> { unopened() }

  /// Ends a running check, also that of ``open(progress:)``.
  package func cancelCheck() {}

  /// The SHA-256 leaves of a verified piece's data, read from disk: for hash requests of layer 0.
  package func leaves(ofPiece piece: Int) -> EventLoopFuture<[UInt8]> { unopened() }

  /// Tells that more piece layers are known.
  package func add(_ layers: PieceLayers) {}

  /// Sets the priority of every file; one of 0 is unwanted, and its bytes of shared pieces go to
  /// the part file unless it is on disk already.
  package func setPriorities(_ priorities: [UInt8]) -> EventLoopFuture<Void> { unopened() }

  /// Renames a file below the folder; the elements are cleaned by the caller.
  package func rename(file: Int, to path: [String]) -> EventLoopFuture<Void> { unopened() }

  /// Moves all files to another folder, across file systems too; outlives a crash in the middle.
  package func move(to directory: String) -> EventLoopFuture<Void> { unopened() }

  /// Changes what the session keeps in the resume record (statistics, the info dictionary).
  ///
  /// The storage's own members are overwritten when the record is next saved.
  package func updateRecord(_ body: (inout ResumeRecord) -> Void) {}

  /// Makes all that is verified outlive a power cut; may take long.
  package func sync() -> EventLoopFuture<Void> { unopened() }

  /// Writes what waits in memory, saves the record, and closes all files.
  package func close() -> EventLoopFuture<Void> { unopened() }

  private func unopened<T: Sendable>() -> EventLoopFuture<T> {
    eventLoop.makeFailedFuture(StorageError.closed(configuration.directory))
  }
}
