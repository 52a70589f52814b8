package import NIOCore

extension TorrentCore {
  /// Stops: every connection ends, nothing is dialled or asked for until ``resume(at:)``.
  package func pause(at now: NIODeadline) {}

  /// Goes on after ``pause(at:)``.
  package func resume(at now: NIODeadline) {}

  /// Says how much each piece is wanted, from 0 (not at all) to 7; call it once the core is ready.
  package func setPriorities(_ priorities: [UInt8], at now: NIODeadline) {}

  /// Fetches pieces in order, or rarest first.
  package func setSequential(_ sequential: Bool) {}

  /// Wants a piece by a moment (for a reader that waits), or no longer by any.
  package func setDeadline(_ deadline: NIODeadline?, ofPiece piece: Int, at now: NIODeadline) {}
}
