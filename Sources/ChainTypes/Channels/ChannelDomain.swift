internal import Keys
public import Primitives

/// Where vouchers and releases count: one module of one chain.
public struct ChannelDomain: Hashable, Sendable {
  /// The name that the signed structures carry.
  public static let name = "BTT Payment Channels"
  /// The version of the signed structures.
  public static let version = "1"

  /// The chain.
  public let chainID: UInt64
  /// The module that checks signatures and holds the money.
  public let module: Address
  /// The hash that stands for the domain in every digest (EIP-712).
  public let separator: Hash256

  /// The domain of a module on a chain.
  public init(chainID: UInt64, module: Address = ChannelModule.address) {
    self.chainID = chainID
    self.module = module
    separator =
      EIP712Domain(
        name: Self.name, version: Self.version, chainID: UInt256(chainID),
        verifyingContract: module
      ).separator
  }

  /// The digest of a structure of up to three words, hashed on the stack: books verify one for
  /// every payment.
  func digest(type: Hash256, _ first: Hash256, _ second: Hash256, _ third: Hash256? = nil)
    -> Hash256
  {
    let words = (type, first, second, third ?? .zero)
    let structHash = withUnsafeBytes(of: words) {
      Keccak256.hash(UnsafeRawBufferPointer(rebasing: $0[..<(third == nil ? 96 : 128)]))
    }
    // 0x19 0x01 at the end of the first word, so that the rest lies on word boundaries.
    let message = (UInt64(0x1901).bigEndian, separator, structHash)
    return withUnsafeBytes(of: message) {
      Keccak256.hash(UnsafeRawBufferPointer(rebasing: $0[6...]))
    }
  }
}
