public import Keys
public import Primitives

/// A transaction with its signature, its bytes and its hash.
public struct SignedTransaction: Hashable, Sendable {
  /// What was signed.
  public let transaction: Transaction
  /// The sender's signature.
  public let signature: Signature
  /// The canonical bytes (EIP-2718): what `eth_sendRawTransaction` takes and a block root covers.
  public let encoded: [UInt8]
  /// Keccak-256 of `encoded`.
  public let hash: Hash256

  /// Joins a transaction and its signature.
  public init(_ transaction: Transaction, signature: Signature) {
    self.transaction = transaction
    self.signature = signature
    var encoder = RLPEncoder(capacity: 192 + transaction.data.count)
    if transaction.kind != .legacy { encoder.append(UInt64(transaction.kind.rawValue)) }
    encoder.list { list in
      transaction.encodeFields(into: &list)
      list.append(Self.v(transaction, parity: signature.recoveryID))
      list.append(signature.r)
      list.append(signature.s)
    }
    encoded = encoder.bytes
    hash = Keccak256.hash(encoded)
  }

  /// Signs a transaction.
  ///
  /// - Throws: `KeyError` when the library refuses to sign.
  public init(signing transaction: Transaction, with key: PrivateKey) throws {
    self.init(transaction, signature: try key.sign(transaction.signingHash))
  }

  /// The last field but two, as the wire has it: y parity, or EIP-155's v in a legacy transaction.
  public var v: UInt256 { Self.v(transaction, parity: signature.recoveryID) }

  private static func v(_ transaction: Transaction, parity: UInt8) -> UInt256 {
    guard transaction.kind == .legacy else { return UInt256(UInt64(parity)) }
    guard let chainID = transaction.chainID else { return UInt256(27 + UInt64(parity)) }
    return UInt256(chainID) &* 2 &+ UInt256(35 + UInt64(parity))
  }

  /// The address whose key made the signature.
  ///
  /// - Throws: `SignatureError` when no key can have made it.
  public func recoverSender() throws(SignatureError) -> Address {
    try signature.recoverAddress(digest: transaction.signingHash)
  }

  /// Equality is that of the bytes.
  public static func == (left: Self, right: Self) -> Bool { left.hash == right.hash }

  /// Hashes the transaction hash.
  public func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}
