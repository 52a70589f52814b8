internal import Foundation
internal import Synchronization

/// Tells at a terminal how far hashing is; elsewhere it is silent.
final class HashingProgress: Sendable {
  private let isShown: Bool
  private let percent = Mutex(-1)

  init(isShown: Bool) { self.isShown = isShown && isatty(STDERR_FILENO) == 1 }

  /// Called by any thread.
  func update(done: Int, of total: Int) {
    guard isShown, total > 0 else { return }
    percent.withLock { percent in
      let now = Int(Double(done) / Double(total) * 100)
      guard now > percent else { return }
      percent = now
      put("\rhashing \(now) %")
    }
  }

  /// Takes the line away.
  func end() {
    if isShown, percent.withLock({ $0 >= 0 }) { put("\r\u{1B}[K") }
  }

  private func put(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }
}
