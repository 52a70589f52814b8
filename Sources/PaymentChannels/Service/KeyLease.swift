internal import Foundation
public import Primitives

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// The right to use a key's channels: one process at a time, and one store after another only by
/// the owner's decision.
///
/// The lock ends with the process, however it ends. The file tells which store used the key last
/// and how often it had been opened: another store, or an older copy of the same one, is found
/// out before anything is signed.
public final class KeyLease: Sendable {
  /// Which store holds the key, and how many times it was opened.
  struct Record: Hashable {
    var storeID: Hash256
    var epoch: UInt64
    var holder: String

    var text: String { "\(storeID.hex)\n\(epoch)\n\(holder)\n" }

    init(storeID: Hash256, epoch: UInt64, holder: String) {
      self.storeID = storeID
      self.epoch = epoch
      self.holder = holder
    }

    init?(text: String) {
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      guard lines.count >= 3, let id = try? Hash256(hex: lines[0]), let epoch = UInt64(lines[1])
      else { return nil }
      self.init(storeID: id, epoch: epoch, holder: String(lines[2]))
    }
  }

  /// Where the lock file is.
  public let path: String
  private let descriptor: Int32
  private let account: Address

  /// Takes the lock of a key, whose file lies in `directory`.
  ///
  /// - Throws: `ChannelError.keyInUse` when another process has it.
  public init(of account: Address, in directory: String) throws(ChannelError) {
    path = directory + "/channels-" + account.hex + ".lock"
    self.account = account
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw .lockFile(path: path, reason: String(cString: strerror(errno)))
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let reason = errno
      let holder = Self.read(descriptor).flatMap(Record.init(text:))?.holder
      close(descriptor)
      guard reason == EWOULDBLOCK else {
        throw .lockFile(path: path, reason: String(cString: strerror(reason)))
      }
      throw .keyInUse(account, holder: holder ?? "another process")
    }
  }

  deinit { close(descriptor) }

  /// What the file says, or nil when the key was never used here.
  var record: Record? { Self.read(descriptor).flatMap(Record.init(text:)) }

  /// Whether the store may go on with the key.
  ///
  /// - Throws: `ChannelError.keyUsedElsewhere` when another store used it last, or a newer copy
  ///   of this one did.
  package func check(storeID: Hash256, epoch: UInt64) throws(ChannelError) {
    guard let record else { return }
    guard record.storeID == storeID else {
      throw .keyUsedElsewhere(account, holder: record.holder)
    }
    guard record.epoch < epoch else {
      throw .keyUsedElsewhere(account, holder: "a newer copy of these books (\(record.holder))")
    }
  }

  /// Writes down that the store uses the key now; on disk when the call returns.
  package func take(storeID: Hash256, epoch: UInt64) throws(ChannelError) {
    let holder = "process \(getpid()) on \(ProcessInfo.processInfo.hostName)"
    let bytes = Array(Record(storeID: storeID, epoch: epoch, holder: holder).text.utf8)
    // The text's length never shrinks below what matters: it is cut before it is written.
    guard ftruncate(descriptor, 0) == 0,
      bytes.withUnsafeBytes({ pwrite(descriptor, $0.baseAddress, $0.count, 0) }) == bytes.count,
      fsync(descriptor) == 0
    else { throw .lockFile(path: path, reason: String(cString: strerror(errno))) }
  }

  private static func read(_ descriptor: Int32) -> String? {
    var buffer = [UInt8](repeating: 0, count: 512)
    let count = buffer.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
    guard count > 0 else { return nil }
    return String(decoding: buffer.prefix(count), as: UTF8.self)
  }
}
