/// Why a store could not do what it was asked.
public struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of failure it is; the names are stable.
  public enum Code: String, Sendable, CaseIterable {
    /// Another process, or another store of this one, has the database open.
    case locked
    /// There is no database at the path, and none was to be created.
    case missing
    /// The files are damaged: a checksum, a file or an order of records is wrong.
    case corrupt
    /// The disk has no room left.
    case diskFull
    /// The operating system refused to read or write.
    case io
    /// The store was closed before the call.
    case closed
    /// The store cannot do this at all.
    case notSupported
  }

  /// What kind of failure it is.
  public let code: Code

  /// What happened, to which database, why, and what to do next.
  public let message: String

  /// An error of kind `code` that says `message`.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The code and the message.
  public var description: String { "\(code.rawValue): \(message)" }
}

extension StoreError {
  static func closed(_ name: String) -> StoreError {
    StoreError(.closed, "the database \(name) was closed before this call; open it again to use it")
  }

  static func refused(_ name: String, after cause: StoreError) -> StoreError {
    StoreError(
      cause.code,
      "the database \(name) takes no more writes because an earlier one failed "
        + "(\(cause.message)); close it, remove the cause and open it again")
  }

  static func tooLarge(_ name: String, _ byteCount: Int) -> StoreError {
    StoreError(
      .notSupported,
      "a batch of \(byteCount) bytes for the database \(name) is above the limit of "
        + "\(WriteBatch.maximumByteCount); split it")
  }
}
