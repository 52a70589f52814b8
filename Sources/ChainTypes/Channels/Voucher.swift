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
    voucher.channelID.hash.withUnsafeBytes { bytes += $0 }
    withUnsafeBytes(of: voucher.cumulativeAmount.bigEndian) { bytes += $0 }
    signature.r.word.withUnsafeBytes { bytes += $0 }
    signature.s.word.withUnsafeBytes { bytes += $0 }
    bytes.append(signature.v)
    return bytes
  }

  /// Reads the fixed form.
  public init(decoding bytes: some Collection<UInt8>) throws(SignatureError) {
    // One copy into an array, so that what follows runs on known types.
    try self.init(array: [UInt8](bytes))
  }

  private init(array bytes: [UInt8]) throws(SignatureError) {
    guard bytes.count == Self.encodedCount, let id = ChannelID(bytes[..<32]),
      let r = Hash256(bytes[48..<80]), let s = Hash256(bytes[80..<112])
    else { throw .wrongLength(max(0, bytes.count - 48)) }
    guard bytes[112] == 27 || bytes[112] == 28 else { throw .invalidV(bytes[112]) }
    let amount = bytes[32..<48].reduce(0 as UInt128) { $0 << 8 | UInt128($1) }
    self.init(
      Voucher(channelID: id, cumulativeAmount: amount),
      signature: try Signature(r: UInt256(r), s: UInt256(s), recoveryID: bytes[112] - 27))
  }
}
