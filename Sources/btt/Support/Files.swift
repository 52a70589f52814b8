internal import Foundation

/// Whole files in, and new files out.
enum Files {
  /// The bytes of a file, or of standard input for `-`.
  static func read(_ path: String, limit: Int = 1 << 20) throws -> [UInt8] {
    let isInput = path == "-"
    let file = isInput ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw failure("open", path) }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = chunk.withUnsafeMutableBytes { Foundation.read(file, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw failure("read", path)
      }
      if count == 0 { return bytes }
      guard bytes.count + count <= limit else {
        throw CommandFailure(
          .file, "\(path) has more than \(limit) bytes", next: "check that it is the right file")
      }
      bytes += chunk.prefix(count)
    }
  }

  /// The first line of a file, as passwords and tokens are kept.
  static func firstLine(_ path: String) throws -> String {
    let text = String(decoding: try read(path, limit: 65_536), as: UTF8.self)
    return String(text.prefix { !$0.isNewline })
  }

  /// Writes a file that was not there before, readable to its owner only.
  static func create(_ path: String, _ bytes: [UInt8]) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw failure("create", path) }
    defer { close(file) }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        let failure = failure("write", path)
        unlink(path)
        throw failure
      }
      rest = rest.dropFirst(count)
    }
    guard fsync(file) == 0 else { throw failure("sync", path) }
  }

  /// Makes a folder of its own where temporary files go, readable to its owner only.
  static func createTemporaryDirectory(
    _ name: String, next: String = "free some room there, or set TMPDIR"
  ) throws -> String {
    var path = Array((NSTemporaryDirectory() + "/\(name).XXXXXX").utf8CString)
    guard mkdtemp(&path) != nil else {
      throw CommandFailure(
        .file, "cannot make a temporary directory in \(NSTemporaryDirectory())", next: next)
    }
    return String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Writes a file whole or not at all, readable to its owner only, in the place of an older one.
  static func replace(_ path: String, _ bytes: [UInt8]) throws {
    let temporary = path + ".new"
    unlink(temporary)
    try create(temporary, bytes)
    guard rename(temporary, path) == 0 else { throw failure("write", path) }
  }

  /// Makes a directory, and those above it, for its owner only; one that is there will do.
  static func createDirectory(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw CommandFailure(
        .file, "cannot make the directory \(path): \(error.localizedDescription)",
        next: "check the path, and who may write there")
    }
  }

  private static func failure(_ operation: String, _ path: String) -> CommandFailure {
    let reason = errno
    let next: String? =
      switch reason {
      case ENOENT: "check the path"
      case EACCES: "check who may read and write there"
      case EEXIST: "name a file that does not exist yet"
      case ENOSPC: "free some space on the disk"
      default: nil
      }
    return CommandFailure(
      .file, "cannot \(operation) \(path): \(String(cString: strerror(reason)))", next: next)
  }
}
