internal import Foundation

/// A file system in memory with little room, for which the process must be permitted to mount.
public final class SmallDisk {
  /// Where it is mounted.
  public let path: String
  private let directory: TemporaryDirectory

  /// Whether this process may mount one.
  public static var isPermitted: Bool { (try? SmallDisk(bytes: 1 << 16)) != nil }

  /// Mounts one with room for `bytes`.
  public init(bytes: Int) throws {
    directory = try TemporaryDirectory()
    path = directory.path
    try mount(["-t", "tmpfs", "-o", "size=\(bytes)", "tmpfs", path])
  }

  deinit { try? Self.run("/bin/umount", ["-l", path]) }

  /// Gives it room for `bytes` in all.
  public func resize(bytes: Int) throws { try mount(["-o", "remount,size=\(bytes)", path]) }

  private func mount(_ arguments: [String]) throws { try Self.run("/bin/mount", arguments) }

  private static func run(_ tool: String, _ arguments: [String]) throws {
    struct Refused: Error {}
    let process = Process()
    process.executableURL = URL(filePath: tool)
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Refused() }
  }
}
