/// A piece that is being put together, and what waits to be done for it.
///
/// At most one thread works on a piece at a time, so its blocks are hashed and written in order,
/// while other threads work on other pieces.
final class PendingPiece: @unchecked Sendable {
  struct Arrival {
    var block: ReceivedBlock
    /// The bytes of memory that the block keeps in use.
    var cost: Int
  }

  let index: Int

  // Guarded by the storage's lock.
  var inbox: [Arrival] = []
  /// Whether a job for the piece waits or runs.
  var isScheduled = false
  /// Whether its blocks must leave memory.
  var mustFlush = false
  /// Whether its last job failed and is to be done again.
  var mustRetry = false
  /// Whether it was taken from the table; a job that finds that ends.
  var isDropped = false
  /// The right leaves of its blocks, until its job has them.
  var leaves: [UInt8]?
  /// The bytes of memory that its blocks keep in use.
  var heldBytes = 0
  /// How many blocks came, for choosing what to write early.
  var arrivals = 0
  /// The blocks on disk, as the resume record will have them.
  var written: Bitfield

  // Only the piece's job touches it.
  var assembly: PieceAssembly

  init(_ assembly: PieceAssembly) {
    index = assembly.piece
    self.assembly = assembly
    written = assembly.written
    arrivals = written.setCount
  }

  var hasWork: Bool { !inbox.isEmpty || mustFlush || mustRetry || leaves != nil }

  /// How much of the piece came, from 0 to 1.
  var progress: Double { Double(arrivals) / Double(max(1, written.bitCount)) }
}
