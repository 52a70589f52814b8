internal import Keys
internal import Primitives

extension SignedTransaction {
  /// The most bytes a transaction may have: 1 MiB.
  public static let maximumByteCount = 1 << 20

  /// Decodes the bytes of `eth_sendRawTransaction` and checks all that needs no chain: canonical
  /// form, ranges, low s, fees, intrinsic gas.
  public init(decoding bytes: [UInt8]) throws(TransactionError) {
    guard let first = bytes.first else { throw .empty }
    guard bytes.count <= Self.maximumByteCount else {
      throw .tooLarge(count: bytes.count, limit: Self.maximumByteCount)
    }
    let kind: Transaction.Kind
    switch first {
    case 1: kind = .accessList
    case 2: kind = .dynamicFee
    case 0xc0...: kind = .legacy
    default: throw .unsupportedType(first)
    }
    let fields: (Transaction, v: UInt256, r: UInt256, s: UInt256)
    do throws(RLPError) {
      var list = try RLPDecoder.list(kind == .legacy ? bytes : [UInt8](bytes.dropFirst()))
      fields = try Self.read(&list, kind: kind)
      try list.finish()
    } catch {
      throw .malformed(error)
    }
    self = try Self.checked(fields.0, v: fields.v, r: fields.r, s: fields.s)
  }

  private static func read(
    _ list: inout RLPDecoder, kind: Transaction.Kind
  ) throws(RLPError) -> (Transaction, v: UInt256, r: UInt256, s: UInt256) {
    let chainID: UInt64? = kind == .legacy ? nil : try list.readUInt64()
    let nonce = try list.readUInt64()
    let tip: UInt256? = kind == .dynamicFee ? try list.readUInt256() : nil
    let fee = try list.readUInt256()
    let gasLimit = try list.readUInt64()
    let receiver = try list.readString()
    let to = Address(receiver)
    if to == nil, !receiver.isEmpty { throw .wrongLength(expected: 20, actual: receiver.count) }
    let value = try list.readUInt256()
    let data = try list.readBytes()
    var accessList: [AccessListEntry] = []
    if kind != .legacy {
      var entries = try list.readList()
      while !entries.isAtEnd {
        var entry = try entries.readList()
        let address = try entry.readAddress()
        var keys = try entry.readList()
        var storageKeys: [Hash256] = []
        while !keys.isAtEnd { storageKeys.append(try keys.readHash()) }
        try entry.finish()
        accessList.append(AccessListEntry(address: address, storageKeys: storageKeys))
      }
    }
    var transaction = Transaction(
      chainID: chainID ?? 0, nonce: nonce, maxPriorityFeePerGas: tip ?? fee, maxFeePerGas: fee,
      gasLimit: gasLimit, to: to, value: value, data: data, accessList: accessList)
    transaction.kind = kind
    transaction.chainID = chainID
    return (transaction, try list.readUInt256(), try list.readUInt256(), try list.readUInt256())
  }

  private static func checked(
    _ unsigned: Transaction, v: UInt256, r: UInt256, s: UInt256
  ) throws(TransactionError) -> SignedTransaction {
    var transaction = unsigned
    guard var parity = UInt64(exactly: v) else { throw .invalidV }
    if transaction.kind == .legacy {
      switch parity {
      case 27, 28: parity -= 27
      case 35...:
        transaction.chainID = (parity - 35) / 2
        parity = (parity - 35) % 2
      default: throw .invalidV
      }
    }
    guard parity <= 1 else { throw .invalidV }
    let signature: Signature
    do throws(SignatureError) {
      signature = try Signature(r: r, s: s, recoveryID: UInt8(parity))
    } catch {
      throw .invalidSignature(error)
    }
    try transaction.checkStateless()
    return SignedTransaction(transaction, signature: signature)
  }
}

extension Transaction {
  /// The most bytes of code a creation may carry (EIP-3860).
  public static let maximumInitCodeCount = 49_152

  /// Throws when no state of any chain can make this transaction valid.
  public func checkStateless() throws(TransactionError) {
    guard nonce < .max else { throw .nonceTooLarge }
    guard maxPriorityFeePerGas <= maxFeePerGas else { throw .tipAboveFeeCap }
    guard maximumCost != nil else { throw .costOverflow }
    if to == nil, data.count > Self.maximumInitCodeCount { throw .initCodeTooLarge }
    guard let intrinsic = intrinsicGas, intrinsic <= gasLimit else {
      throw .intrinsicGasTooLow(have: gasLimit, want: intrinsicGas ?? .max)
    }
  }
}
