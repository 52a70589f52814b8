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

  private struct State {
    var mark: Mark
    /// The slot that does not hold the mark.
    var nextSlot: Int
  }

  private let storage: any SignGuardStorage
  private let state: Mutex<State?>

  package static let slotSize = 64

  /// Opens the guard's file, and creates it when there is none.
  ///
  /// - Throws: `GuardError` when the file cannot be read or written, or both slots are damaged.
  public convenience init(path: String) throws {
    try self.init(storage: SignGuardFile(path: path))
  }

  /// A guard over any storage.
  package init(storage: any SignGuardStorage) throws {
    self.storage = storage
    let bytes = try storage.load(count: 2 * Self.slotSize)
    let slots = (0..<2).map { Array(bytes.dropFirst($0 * Self.slotSize).prefix(Self.slotSize)) }
    let marks = slots.enumerated().compactMap { slot, bytes in
      Self.decode(bytes).map { State(mark: $0, nextSlot: 1 - slot) }
    }
    // One slot torn and the other never written: power went in the very first write, before
    // which nothing was sealed.
    if marks.isEmpty, slots.allSatisfy({ slot in slot.contains { $0 != 0 } }) {
      throw GuardError.damaged(storage.name)
    }
    state = Mutex(marks.max { $0.mark.height < $1.mark.height })
  }

  /// The last block sealed, or nil when none was.
  public var last: Mark? { state.withLock { $0?.mark } }

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
    try state.withLock { state in
      let slot = state?.nextSlot ?? 0
      try storage.store(Self.encode(next), at: slot * Self.slotSize)
      state = State(mark: next, nextSlot: 1 - slot)
    }
  }

  private static func encode(_ mark: Mark) -> [UInt8] {
    let content = UInt256(mark.height).word.bytes.suffix(8) + mark.hash.bytes
    let slot = content + Keccak256.hash(content).bytes.prefix(16)
    return slot + [UInt8](repeating: 0, count: slotSize - slot.count)
  }

  private static func decode(_ slot: [UInt8]) -> Mark? {
    guard slot.count == slotSize else { return nil }
    let content = slot.prefix(40)
    guard slot[40..<56].elementsEqual(Keccak256.hash(content).bytes.prefix(16)),
      let hash = Hash256(content.suffix(32))
    else { return nil }
    return Mark(height: content.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }, hash: hash)
  }
}
