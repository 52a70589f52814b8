import Consensus
import Synchronization

/// The guard's slots in memory, whose writes fail on demand as a crash would make them.
final class CrashingGuardStorage: SignGuardStorage {
  enum Fault: CaseIterable {
    /// Nothing is written.
    case before
    /// The first bytes are written.
    case torn
    /// All is written, and nobody hears of it.
    case after
  }

  struct Crash: Error {}

  let name = "in memory"
  private let state = Mutex((bytes: [UInt8](), fault: (Fault, kept: Int)?.none))

  /// Makes the next write fail, a torn one after `kept` bytes.
  func failNextWrite(with fault: Fault, kept: Int) {
    state.withLock { $0.fault = (fault, kept) }
  }

  /// Lets the next write pass after all.
  func repair() { state.withLock { $0.fault = nil } }

  func load(count: Int) -> [UInt8] { state.withLock { Array($0.bytes.prefix(count)) } }

  func store(_ bytes: [UInt8], at offset: Int) throws {
    try state.withLock { state in
      let written: ArraySlice<UInt8>
      switch state.fault?.0 {
      case .before: written = []
      case .torn: written = bytes.prefix(state.fault?.kept ?? 0)
      case .after, nil: written = bytes[...]
      }
      let end = offset + written.count
      if state.bytes.count < end {
        state.bytes += [UInt8](repeating: 0, count: end - state.bytes.count)
      }
      state.bytes.replaceSubrange(offset..<end, with: written)
      if state.fault != nil {
        state.fault = nil
        throw Crash()
      }
    }
  }
}
