internal import Foundation
public import Primitives
internal import Synchronization

/// The durable memory of the last block a validator sealed.
///
/// It lives apart from the chain's database, so that a database restored from an older copy cannot
/// make the validator seal another block at a height it has sealed already. The file has two slots
/// written in turn, each with a checksum: a torn write leaves the other one whole.
public final class DoubleSignGuard: Sendable {
  /// A sealed block.
  public struct Mark: Hashable, Sendable {
    /// Its height.
    public var height: UInt64
    /// Its hash.
    public var hash: Hash256

    /// A mark.
    public init(height: UInt64, hash: Hash256) {
      self.height = height
      self.hash = hash
    }
  }

  /// The file.
  public let path: String
  private let file: FileHandle
  private let mark: Mutex<Mark?>

  private static let slotSize = 64

  /// Opens the guard, and creates it when there is none.
  ///
  /// - Throws: `GuardError` when the file cannot be read or written, or both slots are damaged.
  public init(path: String) throws {
    self.path = path
    let fresh = !FileManager.default.fileExists(atPath: path)
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw GuardError.unusable(path, errno: errno) }
    file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var bytes = [UInt8](repeating: 0, count: 2 * Self.slotSize)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    guard count >= 0 else { throw GuardError.unusable(path, errno: errno) }
    let slots = [bytes.prefix(Self.slotSize), bytes.suffix(Self.slotSize)].map { Array($0) }
    let marks = slots.compactMap(Self.decode)
    mark = Mutex(marks.max { $0.height < $1.height })
    if marks.isEmpty, !fresh, slots.contains(where: { $0.contains { $0 != 0 } }) {
      throw GuardError.damaged(path)
    }
  }

  /// The last block sealed, or nil when none was.
  public var last: Mark? { mark.withLock { $0 } }

  /// Checks a database against the guard before anything is sealed on it.
  ///
  /// - Throws: `GuardError.behind` when the database is older than the guard, or holds another
  ///   block at its height.
  public func check(head: Mark) throws {
    guard let last else { return }
    if head.height < last.height || (head.height == last.height && head.hash != last.hash) {
      throw GuardError.behind(head: head, sealed: last)
    }
  }

  /// Refuses to seal a second block at a height.
  ///
  /// - Throws: `GuardError.doubleSign`.
  public func checkMaySeal(_ next: Mark) throws {
    guard let last, next != last else { return }
    guard next.height > last.height else {
      throw GuardError.doubleSign(wanted: next, sealed: last)
    }
  }

  /// Remembers a sealed block; on disk when this returns.
  ///
  /// - Throws: `GuardError.unusable` when the disk refuses.
  public func record(_ next: Mark) throws {
    try mark.withLock { mark in
      let slot = Self.encode(next)
      let offset = off_t(next.height % 2) * off_t(Self.slotSize)
      let descriptor = file.fileDescriptor
      guard pwrite(descriptor, slot, slot.count, offset) == slot.count, fdatasync(descriptor) == 0
      else { throw GuardError.unusable(path, errno: errno) }
      mark = next
    }
  }

  private static func encode(_ mark: Mark) -> [UInt8] {
    let content = UInt256(mark.height).word.bytes.suffix(8) + mark.hash.bytes
    let slot = content + Keccak256.hash(content).bytes.prefix(16)
    return slot + [UInt8](repeating: 0, count: slotSize - slot.count)
  }

  private static func decode(_ slot: [UInt8]) -> Mark? {
    let content = slot.prefix(40)
    guard slot[40..<56].elementsEqual(Keccak256.hash(content).bytes.prefix(16)),
      let hash = Hash256(content.suffix(32))
    else { return nil }
    return Mark(height: content.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }, hash: hash)
  }
}

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
