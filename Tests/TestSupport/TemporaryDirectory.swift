public import Foundation

/// A new empty directory that is removed, with all in it, when the value goes away.
public final class TemporaryDirectory: Sendable {
  /// Where it is.
  public let url: URL

  /// Makes the directory.
  public init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent(
      "btt-test-\(UUID().uuidString)", isDirectory: true)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// The path of the directory.
  public var path: String { url.path }

  /// The path of something in the directory, whether it exists or not.
  public func path(_ name: String) -> String { url.appendingPathComponent(name).path }
}
