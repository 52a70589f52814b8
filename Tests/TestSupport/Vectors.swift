public import Foundation
public import Testing

/// The published test vectors, which are kept outside the package.
///
/// They lie in the directory named by the environment variable `BTT_VECTORS`, by default
/// `../shared/vectors` from the package's own. A test that needs them is skipped, by name, where
/// they are absent:
///
///     @Test(.enabled(if: Vectors.available("ethereum/RLPTests"), Vectors.absent))
public enum Vectors {
  /// The comment that goes with a skipped test.
  public static var absent: Comment { "no test vectors: set BTT_VECTORS to their directory" }

  /// The directory of all vectors.
  public static let directory: URL = {
    if let path = ProcessInfo.processInfo.environment["BTT_VECTORS"], !path.isEmpty {
      return URL(fileURLWithPath: path, isDirectory: true)
    }
    return packageDirectory.deletingLastPathComponent().appendingPathComponent(
      "shared/vectors", isDirectory: true)
  }()

  /// The directory of Package.swift.
  public static let packageDirectory: URL = {
    // Tests/TestSupport/Vectors.swift lies three levels below it.
    var url = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { url.deleteLastPathComponent() }
    return url
  }()

  /// Where the file or folder at `path` is, or nil when it is absent.
  public static func url(_ path: String) -> URL? {
    let url = directory.appendingPathComponent(path)
    return FileManager.default.fileExists(atPath: url.path) ? url : nil
  }

  /// Whether there is a file or folder at `path`.
  public static func available(_ path: String) -> Bool { url(path) != nil }

  /// The bytes of the file at `path`.
  ///
  /// - Throws: `VectorsError` when it is absent, or what reading it threw.
  public static func data(_ path: String) throws -> Data {
    guard let url = url(path) else { throw VectorsError(path: path) }
    return try Data(contentsOf: url)
  }

  /// The files below the folder at `path` whose names end in `.` and `pathExtension`, in order of
  /// their paths; none when the folder is absent.
  public static func files(below path: String, pathExtension: String = "json") -> [URL] {
    guard let root = url(path),
      let walk = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)
    else { return [] }
    return walk.compactMap { $0 as? URL }
      .filter { $0.pathExtension == pathExtension }
      .sorted { $0.path < $1.path }
  }
}

/// A test vector that was asked for without looking whether it is there.
public struct VectorsError: Error, CustomStringConvertible {
  /// The path below the vectors' directory.
  public var path: String

  /// What is missing and how to supply it.
  public var description: String {
    "no test vector \(path) in \(Vectors.directory.path): set BTT_VECTORS to the vectors' directory"
  }
}
