internal import Dispatch
internal import Foundation
internal import Synchronization

/// Another program, which runs no longer than ours, however ours ends.
///
/// A shell goes before: it leaves a guard behind that kills the program when the pipe from us
/// closes, as the system closes it when we are killed. Nothing milder would do: signals that are
/// blocked or ignored here are so there.
final class BoundProcess: Sendable {
  private let process: Mutex<Process>
  private let line: FileHandle
  private let ended = DispatchSemaphore(value: 0)

  private static let script = """
    exec 3<&0
    (cat <&3 >/dev/null; kill -9 $$) 2>/dev/null &
    exec "$@" </dev/null 3<&-
    """

  /// Starts a program that reads nothing and whose words nobody reads.
  init(_ program: String, _ arguments: [String]) throws {
    let pipe = Pipe()
    line = pipe.fileHandleForWriting
    // Were it inherited by another program, this one would not hear of our end.
    _ = fcntl(line.fileDescriptor, F_SETFD, FD_CLOEXEC)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", Self.script, "sh", program] + arguments
    process.standardInput = pipe
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    process.terminationHandler = { [ended] _ in ended.signal() }
    try process.run()
    try? pipe.fileHandleForReading.close()
    self.process = Mutex(process)
  }

  /// Whether it runs.
  var isRunning: Bool { process.withLock { $0.isRunning } }

  /// Ends it.
  func stop() async {
    try? line.close()
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
      DispatchQueue.global().async { [self] in
        if ended.wait(timeout: .now() + 2) == .timedOut {
          process.withLock { _ = kill($0.processIdentifier, SIGKILL) }
        }
        // For whoever asks again.
        ended.signal()
        done.resume()
      }
    }
  }
}
