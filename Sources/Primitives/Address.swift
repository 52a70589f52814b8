/// A 20-byte account address.
@frozen
public struct Address: Hashable, Sendable {
  // The bytes lie in memory in order, so that a pointer to the value is a pointer to them.
  @usableFromInline var word0: UInt64
  @usableFromInline var word1: UInt64
  @usableFromInline var word2: UInt32

  /// The zero address.
  public static let zero = Address()

  @inlinable init() {
    word0 = 0
    word1 = 0
    word2 = 0
  }

  /// The address whose bytes are `bytes`, or nil unless there are exactly 20.
  @inlinable public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == 20 else { return nil }
    self.init()
    Swift.withUnsafeMutableBytes(of: &self) { $0.copyBytes(from: bytes) }
  }

  /// The address in the last 20 bytes of a hash, as a public key's hash gives it.
  @inlinable public init(truncating hash: Hash256) {
    self.init()
    hash.withUnsafeBytes { source in
      Swift.withUnsafeMutableBytes(of: &self) {
        $0.copyMemory(from: .init(rebasing: source[12...]))
      }
    }
  }

  /// A small well-known address: `Address(0x1010)` is `0x…1010`.
  @inlinable public init(_ value: UInt32) {
    self.init()
    word2 = value.bigEndian
  }

  /// Reads 40 digits of any case, with or without `0x`.
  ///
  /// A mixed-case text is not checked: see `init(checksummed:)`.
  public init(hex: some StringProtocol) throws(HexError) {
    let bytes = try Hex.decode(hex, count: 20)
    self.init()
    Swift.withUnsafeMutableBytes(of: &self) { $0.copyBytes(from: bytes) }
  }

  /// Reads what a person typed: all lower or all upper case is taken as it is, mixed case must
  /// carry the right EIP-55 checksum.
  ///
  /// - Throws: `AddressError`.
  public init(checksummed text: some StringProtocol) throws(AddressError) {
    do {
      self = try Address(hex: text)
    } catch {
      throw .notAnAddress(error)
    }
    let digits = text.hasPrefix("0x") || text.hasPrefix("0X") ? text.dropFirst(2) : text[...]
    let hasLower = digits.utf8.contains { $0 >= 0x61 }
    let hasUpper = digits.utf8.contains { (0x41...0x46).contains($0) }
    if hasLower, hasUpper, digits != checksummed.dropFirst(2) {
      throw .checksumMismatch(expected: checksummed)
    }
  }

  /// The 20 bytes.
  @inlinable public var bytes: [UInt8] { withUnsafeBytes { [UInt8]($0) } }

  /// Lower-case hex with `0x`.
  public var hex: String { withUnsafeBytes { Hex.encode($0) } }

  /// Mixed-case hex with the checksum of EIP-55.
  public var checksummed: String {
    var characters = Array(Hex.encode(bytes, prefix: false).utf8)
    let hash = Keccak256.hash(characters)
    for index in characters.indices where characters[index] >= 0x61 {
      let nibble = index % 2 == 0 ? hash[index / 2] >> 4 : hash[index / 2] & 15
      if nibble >= 8 { characters[index] -= 0x20 }
    }
    return "0x" + String(decoding: characters, as: UTF8.self)
  }

  /// Calls `body` with the 20 bytes in place.
  @inlinable public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows
    -> R
  {
    try Swift.withUnsafeBytes(of: self) { try body(.init(rebasing: $0[..<20])) }
  }
}

/// Why a text is not an address.
public enum AddressError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The text is not 40 hex digits.
  case notAnAddress(HexError)
  /// The mixed-case checksum of EIP-55 is wrong: most likely a typing error.
  case checksumMismatch(expected: String)

  /// The cause and the next step.
  public var description: String {
    switch self {
    case .notAnAddress(let cause): "not an address: \(cause)"
    case .checksumMismatch(let expected):
      "address checksum mismatch (EIP-55): check for a typing error; with these digits it would "
        + "read \(expected)"
    }
  }
}

extension Address: Comparable {
  /// Big-endian order.
  @inlinable public static func < (left: Address, right: Address) -> Bool {
    if left.word0 != right.word0 { return left.word0.bigEndian < right.word0.bigEndian }
    if left.word1 != right.word1 { return left.word1.bigEndian < right.word1.bigEndian }
    return left.word2.bigEndian < right.word2.bigEndian
  }
}

extension Address: CustomStringConvertible {
  /// The EIP-55 form.
  public var description: String { checksummed }
}
