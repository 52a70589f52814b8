public import Primitives

/// What a sender signs: a transaction of type 0, 1 or 2 (EIP-2718, EIP-2930, EIP-1559).
public struct Transaction: Hashable, Sendable {
  /// The envelope.
  public enum Kind: UInt8, Hashable, Sendable {
    /// Type 0, with or without the chain id of EIP-155.
    case legacy = 0
    /// Type 1: EIP-2930.
    case accessList = 1
    /// Type 2: EIP-1559.
    case dynamicFee = 2
  }

  /// The envelope.
  public var kind: Kind
  /// The chain it is for; nil in a legacy transaction older than EIP-155.
  public var chainID: UInt64?
  /// The number of transactions the sender made before.
  public var nonce: UInt64
  /// The tip to the proposer in wei per gas; equal to `maxFeePerGas` in types 0 and 1.
  public var maxPriorityFeePerGas: UInt256
  /// The most the sender pays in wei per gas; the gas price in types 0 and 1.
  public var maxFeePerGas: UInt256
  /// The gas the sender buys.
  public var gasLimit: UInt64
  /// The receiver; nil for a creation.
  public var to: Address?
  /// The money sent, in wei.
  public var value: UInt256
  /// Call data.
  public var data: [UInt8]
  /// Addresses and slots paid for in advance; empty in type 0.
  public var accessList: [AccessListEntry]

  /// A transaction of type 2.
  public init(
    chainID: UInt64, nonce: UInt64, maxPriorityFeePerGas: UInt256, maxFeePerGas: UInt256,
    gasLimit: UInt64, to: Address?, value: UInt256, data: [UInt8] = [],
    accessList: [AccessListEntry] = []
  ) {
    kind = .dynamicFee
    self.chainID = chainID
    self.nonce = nonce
    self.maxPriorityFeePerGas = maxPriorityFeePerGas
    self.maxFeePerGas = maxFeePerGas
    self.gasLimit = gasLimit
    self.to = to
    self.value = value
    self.data = data
    self.accessList = accessList
  }

  /// A transaction of type 0, or of type 1 when `accessList` is given.
  public init(
    chainID: UInt64?, nonce: UInt64, gasPrice: UInt256, gasLimit: UInt64, to: Address?,
    value: UInt256, data: [UInt8] = [], accessList: [AccessListEntry]? = nil
  ) {
    kind = accessList == nil ? .legacy : .accessList
    self.chainID = chainID
    self.nonce = nonce
    maxPriorityFeePerGas = gasPrice
    maxFeePerGas = gasPrice
    self.gasLimit = gasLimit
    self.to = to
    self.value = value
    self.data = data
    self.accessList = accessList ?? []
  }
}

/// An address and slots of it that a transaction pays for in advance (EIP-2930).
public struct AccessListEntry: Hashable, Sendable {
  /// The account.
  public var address: Address
  /// Its storage slots.
  public var storageKeys: [Hash256]

  /// An entry.
  public init(address: Address, storageKeys: [Hash256]) {
    self.address = address
    self.storageKeys = storageKeys
  }
}

extension Transaction {
  /// The hash that the sender signs.
  public var signingHash: Hash256 {
    var encoder = RLPEncoder(capacity: 160 + data.count)
    if kind != .legacy { encoder.append(UInt64(kind.rawValue)) }
    encoder.list { list in
      encodeFields(into: &list)
      if kind == .legacy, let chainID {
        list.append(chainID)
        list.append(0 as UInt64)
        list.append(0 as UInt64)
      }
    }
    return Keccak256.hash(encoder.bytes)
  }

  /// Writes the fields that come before the signature.
  func encodeFields(into list: inout RLPEncoder) {
    if kind != .legacy { list.append(chainID ?? 0) }
    list.append(nonce)
    if kind == .dynamicFee { list.append(maxPriorityFeePerGas) }
    list.append(maxFeePerGas)
    list.append(gasLimit)
    if let to { list.append(to) } else { list.append([]) }
    list.append(value)
    list.append(data)
    guard kind != .legacy else { return }
    list.list { entries in
      for entry in accessList {
        entries.list { item in
          item.append(entry.address)
          item.list { keys in
            for key in entry.storageKeys { keys.append(key) }
          }
        }
      }
    }
  }

  /// Gas that is due before anything runs (Yellow Paper section 6.2; EIP-2028, 2930, 3860), or nil
  /// when it does not fit.
  public var intrinsicGas: UInt64? {
    var gas: UInt64 = to == nil ? 53_000 : 21_000
    var zeros: UInt64 = 0
    for byte in data where byte == 0 { zeros += 1 }
    let count = UInt64(data.count)
    gas += zeros * 4 + (count - zeros) * 16
    if to == nil { gas += (count + 31) / 32 * 2 }
    for entry in accessList { gas += 2_400 + 1_900 * UInt64(entry.storageKeys.count) }
    return gas
  }

  /// What the sender pays per gas at a base fee: min(fee cap, base fee + tip).
  public func effectiveGasPrice(baseFee: UInt256) -> UInt256 {
    guard let wanted = baseFee.adding(maxPriorityFeePerGas) else { return maxFeePerGas }
    return min(maxFeePerGas, wanted)
  }

  /// The most this transaction can take from its sender: gas limit × fee cap + value, or nil when
  /// that does not fit 256 bits.
  public var maximumCost: UInt256? {
    maxFeePerGas.multiplying(by: UInt256(gasLimit))?.adding(value)
  }
}
