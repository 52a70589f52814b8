public import ChainTypes
public import Primitives

/// A call that is only tried: `eth_call`, `eth_estimateGas`, `eth_createAccessList`.
public struct CallRequest: Hashable, Sendable {
  /// Who calls; the zero address unless told.
  public var from = Address.zero
  /// Who is called; nil for a creation, which this chain refuses.
  public var to: Address?
  /// The gas it may use; nil for as much as the node allows.
  public var gas: UInt64?
  /// Wei per gas that `from` must be able to pay; zero means that fees play no part.
  public var gasPrice = UInt256.zero
  /// The money sent along, in wei.
  public var value = UInt256.zero
  /// The call data.
  public var data: [UInt8] = []
  /// Addresses and slots paid for in advance.
  public var accessList: [AccessListEntry] = []
  /// What to take for granted instead of the state.
  public var overrides: [Address: StateOverride] = [:]

  /// A call with nothing in it.
  public init() {}
}

/// What a call takes for granted about one account.
public struct StateOverride: Hashable, Sendable {
  /// The balance; nil to leave it.
  public var balance: UInt256?
  /// The nonce; nil to leave it.
  public var nonce: UInt64?
  /// Storage words in place of those there.
  public var slots: [Hash256: Hash256] = [:]

  /// An override that changes nothing.
  public init() {}
}
