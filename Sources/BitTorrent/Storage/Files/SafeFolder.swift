internal import Foundation

/// A folder below which paths are followed one element at a time and never through a link, so that
/// nothing that is opened, made or removed lies outside of it.
struct SafeFolder: Sendable {
  /// Where it is, for messages and for moving.
  let path: String
  private let folder: OpenFile

  /// Opens the folder, and makes it, with those above it, when told to.
  ///
  /// The folder itself is the user's choice, so links on the way to it are followed.
  init(path: String, create: Bool) throws(StorageError) {
    let path = Self.absolute(path)
    self.path = path
    if create {
      do {
        try FileManager.default.createDirectory(
          atPath: path, withIntermediateDirectories: true)
      } catch {
        throw StorageError(errno: Self.number(in: error), "make the folder", path)
      }
    }
    do throws(Errno) {
      let descriptor = try Errno.check {
        Foundation.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      }
      folder = OpenFile(descriptor: descriptor, isWritable: false)
    } catch {
      throw StorageError(errno: error.number, "open the folder", path)
    }
  }

  /// The path from the root on, without `.` and `..`; links stay.
  static func absolute(_ path: String) -> String {
    URL(filePath: path).standardizedFileURL.path(percentEncoded: false).trimmingSlash
  }

  func text(_ elements: [String]) -> String { "\(path)/\(elements.joined(separator: "/"))" }

  enum Mode { case read, write, create(executable: Bool) }

  /// Opens a plain file; folders on its way are made when the file is.
  func open(_ elements: [String], _ mode: Mode) throws(StorageError) -> OpenFile {
    do throws(Errno) {
      var creates = false
      var permissions: mode_t = 0o666
      if case .create(let executable) = mode {
        creates = true
        if executable { permissions = 0o777 }
      }
      var isWritable = true
      if case .read = mode { isWritable = false }
      let (parent, name) = try parent(of: elements, create: creates)
      // A queue or device must not make us wait; it is refused below.
      let flags =
        O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | (isWritable ? O_RDWR : O_RDONLY)
        | (creates ? O_CREAT : 0)
      let descriptor = try Errno.check { openat(parent.descriptor, name, flags, permissions) }
      let file = OpenFile(descriptor: descriptor, isWritable: isWritable)
      guard try file.status().isRegular else { throw Errno(number: ENXIO) }
      return file
    } catch {
      throw StorageError(errno: error.number, "open", text(elements))
    }
  }

  /// What is there, links not followed; nil when nothing is.
  func status(_ elements: [String]) throws(StorageError) -> FileStatus? {
    do throws(Errno) {
      let (parent, name) = try parent(of: elements, create: false)
      var status = stat()
      try Errno.check { fstatat(parent.descriptor, name, &status, AT_SYMLINK_NOFOLLOW) }
      return FileStatus(status)
    } catch {
      if error == .missing { return nil }
      throw StorageError(errno: error.number, "look at", text(elements))
    }
  }

  /// Makes a link to another path below the folder; leaves a link alone that is there.
  func link(_ elements: [String], to target: [String]) throws(StorageError) {
    let steps = Array(repeating: "..", count: max(0, elements.count - 1)) + target
    do throws(Errno) {
      let (parent, name) = try parent(of: elements, create: true)
      try Errno.check { symlinkat(steps.joined(separator: "/"), parent.descriptor, name) }
    } catch {
      if error.number == EEXIST, try status(elements)?.isLink == true { return }
      throw StorageError(errno: error.number, "make the link", text(elements))
    }
  }

  /// Removes a file or link, and then the folders of its path that are empty.
  func remove(_ elements: [String]) throws(StorageError) {
    do throws(Errno) {
      let (parent, name) = try parent(of: elements, create: false)
      try Errno.check { unlinkat(parent.descriptor, name, 0) }
    } catch {
      if error == .missing { return }
      throw StorageError(errno: error.number, "remove", text(elements))
    }
    removeEmptyFolders(above: elements)
  }

  /// Renames a file or link into another folder of the same file system, making folders on the way.
  ///
  /// Returns false when the other folder is on another file system.
  func rename(
    _ elements: [String], to newElements: [String], in other: SafeFolder
  ) throws(StorageError) -> Bool {
    do throws(Errno) {
      let (from, name) = try parent(of: elements, create: false)
      let (to, newName) = try other.parent(of: newElements, create: true)
      try Rename.run(name, in: from, to: newName, in: to)
    } catch {
      if error.number == EXDEV { return false }
      throw StorageError(
        errno: error.number, "rename \(text(elements)) to", other.text(newElements))
    }
    removeEmptyFolders(above: elements)
    return true
  }

  /// Brings the entry of a file to the disk.
  func syncEntry(_ elements: [String]) throws(StorageError) {
    do throws(Errno) {
      let (parent, _) = try parent(of: elements, create: false)
      try Errno.check { fsync(parent.descriptor) }
    } catch {
      throw StorageError(errno: error.number, "sync the folder of", text(elements))
    }
  }

  private func removeEmptyFolders(above elements: [String]) {
    var elements = elements.dropLast()
    while !elements.isEmpty,
      let (parent, name) = try? parent(of: Array(elements), create: false),
      unlinkat(parent.descriptor, name, AT_REMOVEDIR) == 0
    {
      elements = elements.dropLast()
    }
  }

  /// The folder that a path's last element lies in, and that element.
  private func parent(of elements: [String], create: Bool) throws(Errno) -> (OpenFile, String) {
    guard let name = elements.last, elements.allSatisfy(Self.isName) else {
      throw Errno(number: EINVAL)
    }
    var parent = folder
    for element in elements.dropLast() {
      let descriptor: Int32
      do throws(Errno) {
        descriptor = try Self.openFolder(element, in: parent)
      } catch {
        guard create, error == .missing else { throw error }
        // Somebody else may make it first.
        if mkdirat(parent.descriptor, element, 0o777) != 0, errno != EEXIST { throw .last }
        descriptor = try Self.openFolder(element, in: parent)
      }
      parent = OpenFile(descriptor: descriptor, isWritable: false)
    }
    return (parent, name)
  }

  private static func openFolder(_ name: String, in parent: OpenFile) throws(Errno) -> Int32 {
    try Errno.check {
      openat(parent.descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    }
  }

  private static func isName(_ element: String) -> Bool {
    !element.isEmpty && element != "." && element != ".."
      && !element.utf8.contains { $0 == 0x2f || $0 == 0 }
  }

  private static func number(in error: any Error) -> Int32 {
    var error: NSError? = error as NSError
    while let current = error {
      if current.domain == NSPOSIXErrorDomain { return Int32(current.code) }
      error = current.userInfo[NSUnderlyingErrorKey] as? NSError
    }
    return EIO
  }
}

extension String {
  fileprivate var trimmingSlash: String { count > 1 && hasSuffix("/") ? String(dropLast()) : self }
}
