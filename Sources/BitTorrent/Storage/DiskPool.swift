internal import DequeModule
internal import Foundation

/// The threads that read, hash and write for all torrents.
package final class DiskPool: Sendable {
  /// What is done first when there is more to do than threads.
  package enum Priority: Int, Sendable, CaseIterable {
    /// Peers wait for it.
    case upload
    /// Blocks that came from peers.
    case download
    /// Nobody waits for it but a progress bar.
    case check
  }

  /// How many threads there are.
  package let threadCount: Int

  private let queue: JobQueue

  /// A pool of that many threads.
  package init(threads: Int = 2) {
    let queue = JobQueue()
    self.queue = queue
    threadCount = max(1, threads)
    for _ in 0..<threadCount {
      let thread = Thread { queue.run() }
      thread.name = "btt-disk"
      thread.stackSize = 512 << 10
      thread.start()
    }
  }

  deinit { queue.close() }

  /// Runs `job` on one of the threads.
  package func submit(_ priority: Priority, _ job: @escaping @Sendable () -> Void) {
    queue.append(CollectionOfOne(job), priority)
  }

  /// Runs `jobs` on the threads, which are woken once.
  package func submit(_ priority: Priority, _ jobs: [@Sendable () -> Void]) {
    queue.append(jobs, priority)
  }
}

/// What a pool's threads take their work from; they keep it, not the pool, alive.
private final class JobQueue: @unchecked Sendable {
  // Guarded by `condition`.
  private var jobs = DiskPool.Priority.allCases.map { _ in Deque<@Sendable () -> Void>() }
  private var sleepers = 0
  private var isClosed = false
  private let condition = NSCondition()

  func append(_ new: some Collection<@Sendable () -> Void>, _ priority: DiskPool.Priority) {
    condition.lock()
    defer { condition.unlock() }
    jobs[priority.rawValue].append(contentsOf: new)
    // A thread that is awake looks for more before it sleeps.
    if sleepers > 0 { new.count > 1 ? condition.broadcast() : condition.signal() }
  }

  func close() {
    condition.lock()
    isClosed = true
    condition.broadcast()
    condition.unlock()
  }

  /// Takes jobs until the queue is closed and empty.
  func run() {
    while let job = next() { job() }
  }

  private func next() -> (@Sendable () -> Void)? {
    condition.lock()
    defer { condition.unlock() }
    while true {
      for index in jobs.indices {
        if let job = jobs[index].popFirst() { return job }
      }
      if isClosed { return nil }
      sleepers += 1
      condition.wait()
      sleepers -= 1
    }
  }
}
