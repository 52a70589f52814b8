internal import Foundation

/// Why a validator must not seal.
public enum GuardError: Error, Hashable, Sendable {
  /// The file cannot be read or written.
  case unusable(String, errno: Int32)
  /// Neither slot of the file is whole.
  case damaged(String)
  /// The database is older than what was sealed.
  case behind(head: DoubleSignGuard.Mark, sealed: DoubleSignGuard.Mark)
  /// A second block would be sealed at one height.
  case doubleSign(wanted: DoubleSignGuard.Mark, sealed: DoubleSignGuard.Mark)
}

extension GuardError: CustomStringConvertible {
  /// The cause and the next step.
  public var description: String {
    switch self {
    case .unusable(let path, let errno):
      "the double-sign guard \(path) cannot be used (\(String(cString: strerror(errno)))): give "
        + "the node a writable file with room on its disk"
    case .damaged(let path):
      "the double-sign guard \(path) is damaged: do not seal with this key until you know the last "
        + "block it sealed; then remove the file and start with a database at or above that block"
    case .behind(let head, let sealed):
      "the database's head is block \(head.height) (\(head.hash)), but this validator has sealed "
        + "block \(sealed.height) (\(sealed.hash)): the database was restored from an older copy. "
        + "Bring it up first from a node that has the later blocks (btt node run --follow URL)"
    case .doubleSign(let wanted, let sealed):
      "refused to seal block \(wanted.height) (\(wanted.hash)): block \(sealed.height) "
        + "(\(sealed.hash)) is sealed already"
    }
  }
}
