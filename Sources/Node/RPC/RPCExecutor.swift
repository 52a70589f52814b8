internal import Dispatch

/// Where methods run that take their time: on threads of their own.
///
/// The threads that all other tasks share are one a core, and a method that computes for a second
/// would keep the next block waiting.
final class RPCExecutor: TaskExecutor {
  static let shared = RPCExecutor()

  private let queue = DispatchQueue(
    label: "btt.rpc", qos: .userInitiated, attributes: .concurrent)

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
