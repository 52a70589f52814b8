public import Keys
public import Primitives

/// One item of `settleMany`.
public struct ChannelSettlement: Hashable, Sendable {
  /// The channel.
  public var channel: ChannelDescriptor
  /// Everything paid on it, in wei.
  public var cumulativeAmount: UInt128
  /// The signer's signature.
  public var signature: Signature

  /// An item.
  public init(channel: ChannelDescriptor, cumulativeAmount: UInt128, signature: Signature) {
    self.channel = channel
    self.cumulativeAmount = cumulativeAmount
    self.signature = signature
  }
}

/// What `settleMany` did with one item.
public struct ChannelSettlementResult: Hashable, Sendable {
  /// The code of a `ChannelFailure`, or 0.
  public var code: UInt8
  /// What the payee got, in wei.
  public var paid: UInt128

  /// A result.
  public init(code: UInt8, paid: UInt128) {
    self.code = code
    self.paid = paid
  }

  /// Why nothing was paid, or nil when it was.
  public var failure: ChannelFailure? { ChannelFailure(rawValue: code) }
}

/// A call of the module, ready to be encoded.
public enum ChannelCall: Hashable, Sendable {
  /// Adds the coin sent along to the caller's vault.
  case vaultDeposit
  /// Moves coin from the vault to the caller's balance.
  case vaultWithdraw(UInt128)
  /// Opens channels, all or none; one is encoded as `open`.
  case open([ChannelTerms])
  /// Raises deposits, all or none; one is encoded as `topUp`.
  case topUp([ChannelTopUp])
  /// Settles each item on its own; always encoded as `settleMany`, so that a bad item costs no
  /// other.
  case settle([ChannelSettlement])
  /// Ends a channel as its payee, with a voucher when more is captured than was settled.
  case close(ChannelDescriptor, capture: UInt128, voucher: SignedVoucher?)
  /// Ends a channel as its payer, with the payee's release.
  case closeMutual(ChannelDescriptor, SignedRelease, voucher: SignedVoucher?)
  /// Starts the grace time.
  case requestClose(ChannelDescriptor)
  /// Takes back, after the grace time, what is not settled.
  case withdraw(ChannelDescriptor)
}

/// One item of `topUpMany`.
public struct ChannelTopUp: Hashable, Sendable {
  /// The channel.
  public var channel: ChannelDescriptor
  /// What is added to its deposit, in wei.
  public var amount: UInt128

  /// An item.
  public init(channel: ChannelDescriptor, amount: UInt128) {
    self.channel = channel
    self.amount = amount
  }
}

extension ChannelCall {
  /// The call data.
  public func encoded() throws(ABIError) -> [UInt8] {
    switch self {
    case .vaultDeposit:
      return try ChannelModule.vaultDeposit.encodeCall([])
    case .vaultWithdraw(let amount):
      return try ChannelModule.vaultWithdraw.encodeCall([.uint(UInt256(amount))])
    case .open(let terms):
      let values = terms.map(\.abiValue)
      return terms.count == 1
        ? try ChannelModule.open.encodeCall(values)
        : try ChannelModule.openMany.encodeCall([.array(values)])
    case .topUp(let items):
      let values = items.map { [$0.channel.abiValue, .uint(UInt256($0.amount))] }
      if let only = values.first, values.count == 1 {
        return try ChannelModule.topUp.encodeCall(only)
      }
      return try ChannelModule.topUpMany.encodeCall([.array(values.map(ABIValue.tuple))])
    case .settle(let items):
      let values = items.map {
        ABIValue.tuple([
          $0.channel.abiValue, .uint(UInt256($0.cumulativeAmount)), .bytes($0.signature.bytes),
        ])
      }
      return try ChannelModule.settleMany.encodeCall([.array(values)])
    case .close(let channel, let capture, let voucher):
      return try ChannelModule.close.encodeCall(
        [channel.abiValue, .uint(UInt256(capture))] + Self.values(of: voucher))
    case .closeMutual(let channel, let signed, let voucher):
      return try ChannelModule.closeMutual.encodeCall(
        [
          channel.abiValue, .uint(UInt256(signed.release.capture)),
          .uint(UInt256(signed.release.validUntil)), .bytes(signed.signature.bytes),
        ] + Self.values(of: voucher))
    case .requestClose(let channel):
      return try ChannelModule.requestClose.encodeCall([channel.abiValue])
    case .withdraw(let channel):
      return try ChannelModule.withdraw.encodeCall([channel.abiValue])
    }
  }

  /// A voucher's two arguments; without one they are zero and empty.
  private static func values(of voucher: SignedVoucher?) -> [ABIValue] {
    [
      .uint(UInt256(voucher?.cumulativeAmount ?? 0)), .bytes(voucher?.signature.bytes ?? []),
    ]
  }
}

extension ChannelTerms {
  /// The tuple of `open` and `openMany`.
  public var abiValue: ABIValue {
    .tuple([
      .address(payee), .address(signer), .hash(salt), .uint(UInt256(UInt64(graceSeconds))),
      .uint(UInt256(UInt64(graceBlocks))), .uint(UInt256(deposit)),
    ])
  }

  /// How many bytes the tuple takes in call data.
  package static let abiSize = 6 * 32

  /// Reads the tuple.
  package init(reading reader: inout ABIReader) throws(ABIError) {
    self.init(
      payee: try reader.readAddress(), signer: try reader.readAddress(),
      salt: try reader.readHash(), graceSeconds: try reader.readUInt32(),
      graceBlocks: try reader.readUInt32(), deposit: try reader.readUInt128())
  }
}
