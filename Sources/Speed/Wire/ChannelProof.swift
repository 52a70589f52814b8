public import ChainTypes
public import Keys
public import Primitives

/// A channel, and the proof that whoever is at the other end signs for it.
///
/// Descriptors are public; only the signature over this connection's nonces tells who is there.
public struct ChannelProof: Hashable, Sendable {
  /// The channel.
  public var descriptor: ChannelDescriptor
  /// The signature of the channel's signer over ``digest(of:in:)``.
  public var signature: Signature

  /// Joins a channel and its proof.
  public init(_ descriptor: ChannelDescriptor, signature: Signature) {
    self.descriptor = descriptor
    self.signature = signature
  }

  /// The type as EIP-712 spells it.
  public static let type =
    "Opened(bytes32 sellerNonce,bytes32 buyerNonce,bytes20 infoHash,uint8 role,bytes32 channelId)"

  /// What the channel's signer signs.
  public static func digest(of id: ChannelID, in context: SpeedContext) -> Hash256 {
    context.digest(type: type, role: .buyer, [id.hash])
  }

  /// Whether the channel's signer made the signature for this connection.
  public func isGenuine(in context: SpeedContext) -> Bool {
    descriptor.domain == context.domain
      && (try? signature.recoverAddress(digest: Self.digest(of: descriptor.id, in: context)))
        == descriptor.voucherSigner
  }
}
