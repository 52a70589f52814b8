package import NIOCore

extension TorrentCore {
  /// Stops: every connection ends, nothing is dialled or asked for until ``resume(at:)``.
  package func pause(at now: NIODeadline) {
    self.now = max(self.now, now)
    isPaused = true
    for peer in peers { disconnect(peer, .paused) }
  }

  /// Goes on after ``pause(at:)``.
  package func resume(at now: NIODeadline) {
    self.now = max(self.now, now)
    isPaused = false
    mayConnect = true
  }

  /// Says how much each piece is wanted, from 0 (not at all) to 7; 4 is usual.
  ///
  /// To be called once the core is ready, with one priority a piece.
  package func setPriorities(_ priorities: [UInt8], at now: NIODeadline) {
    self.now = max(self.now, now)
    guard priorities.count == picker.have.bitCount else { return }
    self.priorities = priorities
    countedBytes = nil
    for (piece, priority) in priorities.enumerated() {
      picker.setPriority(Int(min(priority, 7)), of: piece)
    }
    withholdUnverifiable()
    wantedChanged()
  }

  /// Fetches pieces in order, or rarest first.
  package func setSequential(_ sequential: Bool) { picker.isSequential = sequential }

  /// Wants a piece by a moment (for a reader that waits), or no longer by any.
  package func setDeadline(_ deadline: NIODeadline?, ofPiece piece: Int, at now: NIODeadline) {
    guard piece >= 0, piece < picker.have.bitCount else { return }
    self.now = max(self.now, now)
    picker.setDeadline(deadline, of: piece)
    hasReleasedBlocks = true
  }

  /// How much the user wants a piece.
  func userPriority(of piece: Int) -> Int {
    priorities.indices.contains(piece) ? Int(min(priorities[piece], 7)) : 4
  }
}
