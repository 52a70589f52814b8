internal import Foundation

/// Why a torrent's storage could not do what it was asked.
public struct StorageError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of failure it is; the names are stable.
  public enum Code: String, Sendable, CaseIterable {
    /// The disk, or the user's share of it, has no room left.
    case diskFull
    /// The file system cannot hold a file of that size.
    case fileTooLarge
    /// The user may not read or write there.
    case notPermitted
    /// A file or folder is not there.
    case missing
    /// A file is there already that must not be overwritten.
    case alreadyExists
    /// A file has fewer bytes than were stored in it: somebody else changed it.
    case changed
    /// A link, device or folder stands where a file or folder of the torrent belongs.
    case unsafePath
    /// The torrent's own hashes disagree, so that no bytes can be right.
    case contradictory
    /// The operating system refused to read or write.
    case io
    /// The storage was closed, or the work was cancelled.
    case closed
  }

  /// What kind of failure it is.
  public let code: Code

  /// The file or folder it is about.
  public let path: String

  /// What happened, to which file, why, and what to do next.
  public let message: String

  /// An error of kind `code` about `path` that says `message`.
  public init(_ code: Code, path: String, _ message: String) {
    self.code = code
    self.path = path
    self.message = message
  }

  /// The code and the message.
  public var description: String { "\(code.rawValue): \(message)" }
}

extension StorageError {
  /// What the operating system said when it was asked to `verb` the file at `path`.
  init(errno number: Int32, _ verb: String, _ path: String) {
    let code: Code
    let advice: String
    switch number {
    case ENOSPC, EDQUOT:
      code = .diskFull
      advice = "make room; the torrent goes on by itself"
    case EFBIG:
      code = .fileTooLarge
      advice = "choose a folder on a file system that holds larger files, and a higher file limit"
    case EACCES, EPERM, EROFS:
      code = .notPermitted
      advice = "give this user the right to it, or choose another folder"
    case ENOENT:
      code = .missing
      advice = "put it back, or check the torrent again"
    case EEXIST:
      code = .alreadyExists
      advice = "move what is there away, or choose another name"
    case ELOOP, ENOTDIR, EISDIR, ENXIO:
      code = .unsafePath
      advice = "remove the link, folder or device that stands in the torrent's place"
    default:
      code = .io
      advice = "check the disk and its file system"
    }
    let reason = String(cString: strerror(number))
    self.init(code, path: path, "cannot \(verb) \(path): \(reason) (errno \(number)); \(advice)")
  }

  static func changed(_ path: String) -> StorageError {
    StorageError(
      .changed, path: path,
      "\(path) has fewer bytes than were stored in it: something else changed it; check the "
        + "torrent again")
  }

  static func contradictory(_ path: String, piece: Int) -> StorageError {
    StorageError(
      .contradictory, path: path,
      "the torrent's v1 and v2 hashes disagree about piece \(piece): it was made wrong, and no "
        + "peer can give what both ask for; get another torrent of the same files")
  }

  static func closed(_ path: String) -> StorageError {
    StorageError(.closed, path: path, "the storage in \(path) was closed before this was done")
  }
}
