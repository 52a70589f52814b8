/// The way from a master key to one of its descendants: `m/44'/60'/0'/0/0` (BIP-32, BIP-44).
public struct DerivationPath: Hashable, Sendable {
  /// The bit of an index that makes a child hardened.
  public static let hardened: UInt32 = 0x8000_0000

  /// The indices of the children, from the master key on; hardened ones have the top bit set.
  public let indices: [UInt32]

  /// A path from its indices, at most 255.
  public init(indices: [UInt32]) throws(DerivationError) {
    guard indices.count <= 255 else { throw .tooDeep }
    self.indices = indices
  }

  private init(unchecked indices: [UInt32]) { self.indices = indices }

  /// Reads `m`, or `m/` and indices below 2^31 with slashes between them.
  ///
  /// Any of `'`, `h` and `H` after an index makes it hardened.
  public init(_ text: String) throws(DerivationError) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.first == "m" else { throw .invalidPath(text) }
    var indices: [UInt32] = []
    for part in parts.dropFirst() {
      let isHardened = part.hasSuffix("'") || part.hasSuffix("h") || part.hasSuffix("H")
      let digits = isHardened ? part.dropLast() : part
      guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let index = UInt32(digits),
        index < Self.hardened
      else { throw .invalidPath(text) }
      indices.append(isHardened ? index | Self.hardened : index)
    }
    try self.init(indices: indices)
  }

  /// `m/44'/60'/0'/0/index`, where wallets for Ethereum keep their accounts.
  ///
  /// An index of 2^31 or more names a hardened child.
  public static func ethereum(_ index: UInt32 = 0) -> DerivationPath {
    DerivationPath(unchecked: [44 | hardened, 60 | hardened, hardened, 0, index])
  }
}

extension DerivationPath: CustomStringConvertible {
  /// The text that `init(_:)` reads, with `'` for hardened.
  public var description: String {
    indices.reduce(into: "m") { text, index in
      text += "/\(index & ~Self.hardened)" + (index & Self.hardened == 0 ? "" : "'")
    }
  }
}
