internal import Foundation

/// Where a ``DoubleSignGuard`` keeps its two slots.
package protocol SignGuardStorage: Sendable {
  /// What errors call it.
  var name: String { get }
  /// Up to `count` bytes of what is stored; fewer, or none, when there is less.
  func load(count: Int) throws -> [UInt8]
  /// Replaces the bytes from `offset` on; they are on disk when this returns.
  func store(_ bytes: [UInt8], at offset: Int) throws
}

/// A file that the guard keeps open.
struct SignGuardFile: SignGuardStorage {
  let name: String
  private let file: FileHandle

  init(path: String) throws {
    name = path
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw GuardError.unusable(path, errno: errno) }
    file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  func load(count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let found = pread(file.fileDescriptor, &bytes, count, 0)
    guard found >= 0 else { throw GuardError.unusable(name, errno: errno) }
    return Array(bytes.prefix(found))
  }

  func store(_ bytes: [UInt8], at offset: Int) throws {
    let descriptor = file.fileDescriptor
    guard pwrite(descriptor, bytes, bytes.count, off_t(offset)) == bytes.count,
      fdatasync(descriptor) == 0
    else { throw GuardError.unusable(name, errno: errno) }
  }
}
