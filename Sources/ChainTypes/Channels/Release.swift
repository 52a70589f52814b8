public import Keys
public import Primitives

/// The payee's consent to close a channel at once for `capture`.
///
/// The payee takes no voucher and gives no credit from the moment it signs until the channel is
/// closed or the release has expired.
public struct Release: Hashable, Sendable {
  /// How far ahead of a block's time a release may be valid, in seconds.
  public static let maximumValidity: UInt64 = 600

  /// The channel.
  public var channelID: ChannelID
  /// What the payee gets in all, in wei.
  public var capture: UInt128
  /// The last second, since 1970, in which the ledger takes it.
  public var validUntil: UInt64

  /// A release.
  public init(channelID: ChannelID, capture: UInt128, validUntil: UInt64) {
    self.channelID = channelID
    self.capture = capture
    self.validUntil = validUntil
  }

  /// The type as EIP-712 spells it.
  public static let type = "Release(bytes32 channelId,uint128 capture,uint64 validUntil)"

  private static let typeHash = EIP712.typeHash(type)

  /// What is signed (EIP-712).
  public func digest(in domain: ChannelDomain) -> Hash256 {
    domain.digest(
      type: Self.typeHash, channelID.hash, UInt256(capture).word, UInt256(validUntil).word)
  }

  /// The release with the signature of `key`.
  public func signed(by key: PrivateKey, in domain: ChannelDomain) throws(KeyError) -> SignedRelease
  {
    SignedRelease(self, signature: try key.sign(digest(in: domain)))
  }
}

/// A release with the payee's signature.
public struct SignedRelease: Hashable, Sendable {
  /// The consent.
  public var release: Release
  /// The signature over its digest.
  public var signature: Signature

  /// Joins a release and its signature, which is not checked.
  public init(_ release: Release, signature: Signature) {
    self.release = release
    self.signature = signature
  }

  /// The address whose key made the signature.
  public func recoverSigner(in domain: ChannelDomain) throws(SignatureError) -> Address {
    try signature.recoverAddress(digest: release.digest(in: domain))
  }

  /// Whether `payee`'s key made the signature over the release in `domain`.
  public func isSigned(by payee: Address, in domain: ChannelDomain) -> Bool {
    (try? recoverSigner(in: domain)) == payee
  }
}
