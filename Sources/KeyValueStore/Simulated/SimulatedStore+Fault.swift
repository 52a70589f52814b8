extension SimulatedStore {
  /// How a write fails on demand.
  public enum Fault: Sendable, CaseIterable {
    /// The disk is full: nothing of the batch is kept.
    case diskFull
    /// The disk refuses: nothing of the batch is kept.
    case io
    /// The batch reaches the operating system and then the sync fails, or the write reports an
    /// error though it went through: the batch survives a kill and may survive a power cut.
    case afterWriting
  }
}
