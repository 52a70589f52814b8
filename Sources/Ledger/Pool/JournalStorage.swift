package import Foundation

/// Where a journal's bytes lie.
package protocol JournalStorage: Sendable {
  /// All bytes; none when there is no journal yet.
  func load() throws -> Data
  /// Adds bytes at the end, all of them or none. They need not outlive a power cut.
  mutating func append(_ bytes: [UInt8]) throws
  /// Puts other bytes in the place of all, so that after a crash either are there.
  mutating func replace(with parts: some Sequence<[UInt8]>) throws
}

/// A journal in a file.
package struct JournalFile: JournalStorage {
  private let path: String
  private var handle: FileHandle?
  private var byteCount: UInt64 = 0

  /// A journal at a path, whether there is a file or not.
  package init(path: String) { self.path = path }

  package func load() throws -> Data {
    guard FileManager.default.fileExists(atPath: path) else { return Data() }
    return try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
  }

  package mutating func append(_ bytes: [UInt8]) throws {
    let file = try opened()
    do {
      try file.write(contentsOf: bytes)
      byteCount += UInt64(bytes.count)
    } catch {
      // Half a frame would make all that follows unreadable. On a full disk this works still.
      if (try? file.truncate(atOffset: byteCount)) == nil { handle = nil }
      throw error
    }
  }

  package mutating func replace(with parts: some Sequence<[UInt8]>) throws {
    let temporary = path + ".new"
    do {
      let file = try Self.create(temporary)
      var buffer: [UInt8] = []
      var count: UInt64 = 0
      func flush() throws {
        try file.write(contentsOf: buffer)
        count += UInt64(buffer.count)
        buffer.removeAll(keepingCapacity: true)
      }
      for part in parts {
        buffer += part
        if buffer.count >= 1 << 16 { try flush() }
      }
      try flush()
      try file.synchronize()
      guard rename(temporary, path) == 0 else { throw Self.failure("rename to", path) }
      handle = file
      byteCount = count
    } catch {
      unlink(temporary)
      throw error
    }
  }

  private mutating func opened() throws -> FileHandle {
    if let handle { return handle }
    if !FileManager.default.fileExists(atPath: path) { _ = try Self.create(path) }
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    byteCount = try file.seekToEnd()
    handle = file
    return file
  }

  private static func create(_ path: String) throws -> FileHandle {
    let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure("create", path) }
    return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  private static func failure(_ operation: String, _ path: String) -> any Error {
    CocoaError(
      .fileWriteUnknown,
      userInfo: [
        NSFilePathErrorKey: path,
        NSLocalizedDescriptionKey: "cannot \(operation): \(String(cString: strerror(errno)))",
      ])
  }
}
