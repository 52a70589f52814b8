public import Keys
public import Primitives

/// A promise of the channel's signer: so much, in all, is the payee's.
///
/// Amounts are cumulative, so a newer voucher replaces every older one, and none can be paid
/// twice.
public struct Voucher: Hashable, Sendable {
  /// The channel.
  public var channelID: ChannelID
  /// Everything paid on the channel since it was opened, in wei.
  public var cumulativeAmount: UInt128

  /// A voucher.
  public init(channelID: ChannelID, cumulativeAmount: UInt128) {
    self.channelID = channelID
    self.cumulativeAmount = cumulativeAmount
  }

  /// The type as EIP-712 spells it.
  public static let type = "Voucher(bytes32 channelId,uint128 cumulativeAmount)"

  private static let typeHash = EIP712.typeHash(type)

  /// What is signed (EIP-712).
  public func digest(in domain: ChannelDomain) -> Hash256 {
    domain.digest(
      type: Self.typeHash, channelID.hash, UInt256(cumulativeAmount).word)
  }

  /// The voucher with the signature of `key`.
  public func signed(by key: PrivateKey, in domain: ChannelDomain) throws(KeyError) -> SignedVoucher
  {
    SignedVoucher(self, signature: try key.sign(digest(in: domain)))
  }
}

/// A voucher with its signature: all that a payee must keep of a channel's payments.
public struct SignedVoucher: Hashable, Sendable {
  /// The promise.
  public var voucher: Voucher
  /// The signature over its digest.
  public var signature: Signature

  /// Joins a voucher and its signature, which is not checked.
  public init(_ voucher: Voucher, signature: Signature) {
    self.voucher = voucher
    self.signature = signature
  }

  /// The channel.
  public var channelID: ChannelID { voucher.channelID }

  /// Everything paid on the channel since it was opened, in wei.
  public var cumulativeAmount: UInt128 { voucher.cumulativeAmount }

  /// The address whose key made the signature.
  public func recoverSigner(in domain: ChannelDomain) throws(SignatureError) -> Address {
    try signature.recoverAddress(digest: voucher.digest(in: domain))
  }

  /// Whether `signer`'s key made the signature over the voucher in `domain`.
  public func isSigned(by signer: Address, in domain: ChannelDomain) -> Bool {
    (try? recoverSigner(in: domain)) == signer
  }
}

extension SignedVoucher {
  /// How many bytes the fixed form takes: id, amount, signature.
  public static let encodedCount = 32 + 16 + 65

  /// The fixed form: id (32), amount (16, big-endian), r‖s‖v (65).
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.encodedCount)
    bytes += voucher.channelID.bytes
    withUnsafeBytes(of: voucher.cumulativeAmount.bigEndian) { bytes += $0 }
    bytes += signature.bytes
    return bytes
  }

  /// Reads the fixed form.
  public init(decoding bytes: some Collection<UInt8>) throws(SignatureError) {
    let head = bytes.prefix(48)
    guard bytes.count == Self.encodedCount, let id = ChannelID(head.prefix(32)),
      let amount = UInt256(bigEndian: head.dropFirst(32))
    else { throw .wrongLength(max(0, bytes.count - 48)) }
    self.init(
      Voucher(channelID: id, cumulativeAmount: amount.low),
      signature: try Signature(bytes: bytes.dropFirst(48)))
  }
}
