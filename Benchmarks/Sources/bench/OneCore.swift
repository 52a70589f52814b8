internal import CReference
internal import Foundation

/// The whole process on one core, for what is bounded by a core.
enum OneCore {
  /// Runs `body` while every thread, also those that begin meanwhile, may use one core only.
  static func run(_ body: () async throws -> Void) async throws {
    let core = cores_note()
    try require(core >= 0, "the cores of this machine cannot be told")
    // New threads have the cores of the thread that makes them.
    try forEachThread { cores_pin($0, core) }
    do { try await body() } catch {
      try forEachThread(cores_free)
      throw error
    }
    try forEachThread(cores_free)
  }

  private static func forEachThread(_ body: (Int32) -> Int32) throws {
    for thread in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task") {
      // A thread may end while it is being looked at.
      _ = Int32(thread).map(body)
    }
  }
}
