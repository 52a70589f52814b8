internal import CPosix
internal import Foundation

/// An open file or folder, closed when the last who uses it lets go.
final class OpenFile: Sendable {
  let descriptor: Int32
  let isWritable: Bool

  /// Takes over a descriptor.
  init(descriptor: Int32, isWritable: Bool) {
    self.descriptor = descriptor
    self.isWritable = isWritable
  }

  deinit { close(descriptor) }

  func status() throws(Errno) -> FileStatus {
    var status = stat()
    try Errno.check { fstat(descriptor, &status) }
    return FileStatus(status)
  }
}

// MARK: - Bytes

extension OpenFile {
  /// Reads or writes the next `count` bytes of `memory` from or to `offset`.
  ///
  /// Returns less than `count` when a read meets the end of the file, or, when it must not wait,
  /// bytes that the system does not have in memory.
  func transfer(_ direction: Direction, _ memory: inout IOVectors, count: Int, at offset: Int)
    throws(Errno) -> Int
  {
    var done = 0
    while done < count {
      let position = off_t(offset + done)
      let moved: Int
      do throws(Errno) {
        moved = try memory.withNext(count - done) { vectors, vectorCount throws(Errno) in
          try Errno.check {
            switch direction {
            case .read: preadv(descriptor, vectors, vectorCount, position)
            case .readCached: btt_preadv_nowait(descriptor, vectors, vectorCount, position)
            case .write: pwritev(descriptor, vectors, vectorCount, position)
            }
          }
        }
      } catch {
        guard direction == .readCached, Self.needsWaiting.contains(error.number) else {
          throw error
        }
        return done
      }
      guard moved > 0 else { return done }
      done += moved
    }
    return done
  }

  /// What the system says when a read that must not wait would, or when it cannot tell.
  private static let needsWaiting = [EAGAIN, EOPNOTSUPP, ENOSYS, ENOTSUP]

  enum Direction { case read, readCached, write }
}

// MARK: - Room on disk

extension OpenFile {
  /// Gives the file its room on disk; does nothing where the file system cannot.
  func allocate(_ length: Int) throws(Errno) {
    do throws(Errno) {
      try Errno.check { btt_allocate(descriptor, off_t(length)) }
    } catch {
      guard [EOPNOTSUPP, ENOTSUP, ENOSYS].contains(error.number) else { throw error }
    }
  }

  /// Gives the room of a range back; its bytes read as zeros where the file system can.
  func punchHole(_ range: Range<Int>) {
    _ = btt_punch_hole(descriptor, off_t(range.lowerBound), off_t(range.count))
  }

  /// The first stretch that may hold data at or after `offset`: all of the rest of the file, where
  /// the file system does not tell.
  func data(from offset: Int, length: Int) -> Range<Int>? {
    guard offset < length else { return nil }
    let start = btt_next_data(descriptor, off_t(offset))
    guard start >= 0 else { return errno == ENXIO ? nil : offset..<length }
    let end = btt_next_hole(descriptor, start)
    guard start < length else { return nil }
    return Int(start)..<(end > start ? min(Int(end), length) : length)
  }

  func truncate(to length: Int) throws(Errno) {
    try Errno.check { ftruncate(descriptor, off_t(length)) }
  }

  func copyPermissions(of other: OpenFile) throws(Errno) {
    var status = stat()
    try Errno.check { fstat(other.descriptor, &status) }
    try Errno.check { fchmod(descriptor, status.st_mode & 0o777) }
  }

  /// Brings the file's bytes, and what is needed to read them, to the disk.
  func sync() throws(Errno) { try Errno.check { fdatasync(descriptor) } }

  /// Copies a range of bytes to `offset` of another file; ends early where this file does.
  func copy(_ range: Range<Int>, to other: OpenFile, at offset: Int) throws(Errno) {
    var done = 0
    while done < range.count {
      let copied = btt_copy_range(
        descriptor, off_t(range.lowerBound + done), other.descriptor, off_t(offset + done),
        range.count - done)
      if copied == 0 { return }
      if copied < 0 {
        let rest = range.lowerBound + done..<range.upperBound
        return try copyThroughMemory(rest, to: other, at: offset + done)
      }
      done += copied
    }
  }

  private func copyThroughMemory(
    _ range: Range<Int>, to other: OpenFile, at offset: Int
  ) throws(Errno) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
    defer { memory.deallocate() }
    var done = 0
    while done < range.count {
      let part = UnsafeMutableRawBufferPointer(
        rebasing: memory[..<min(memory.count, range.count - done)])
      var vectors = IOVectors(part)
      let found = try transfer(
        .read, &vectors, count: part.count, at: range.lowerBound + done)
      guard found > 0 else { return }
      vectors = IOVectors(UnsafeMutableRawBufferPointer(rebasing: part[..<found]))
      _ = try other.transfer(.write, &vectors, count: found, at: offset + done)
      done += found
    }
  }
}

/// Renaming that never replaces what is there.
enum Rename {
  static func run(
    _ name: String, in folder: OpenFile, to newName: String, in newFolder: OpenFile
  ) throws(Errno) {
    do throws(Errno) {
      try Errno.check {
        btt_rename_new(folder.descriptor, name, newFolder.descriptor, newName)
      }
    } catch {
      // A file system that cannot promise it is asked the plain way.
      guard [EINVAL, ENOSYS, ENOTSUP].contains(error.number) else { throw error }
      var status = stat()
      guard fstatat(newFolder.descriptor, newName, &status, AT_SYMLINK_NOFOLLOW) != 0 else {
        throw Errno(number: EEXIST)
      }
      try Errno.check { renameat(folder.descriptor, name, newFolder.descriptor, newName) }
    }
  }
}
