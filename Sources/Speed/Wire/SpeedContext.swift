public import ChainTypes
internal import Keys
public import Metainfo
public import Primitives

/// One direction of trade on one connection: what its signatures are bound to.
///
/// A signature made for one connection, torrent, direction or role is none on another.
public struct SpeedContext: Hashable, Sendable {
  /// Where the channels are.
  public var domain: ChannelDomain
  /// The nonce of the one who sells.
  public var sellerNonce: Hash256
  /// The nonce of the one who buys.
  public var buyerNonce: Hash256
  /// The infohash of the connection's handshake.
  public var infoHash: SHA1Hash

  /// A direction of a connection.
  public init(
    domain: ChannelDomain, sellerNonce: Hash256, buyerNonce: Hash256, infoHash: SHA1Hash
  ) {
    self.domain = domain
    self.sellerNonce = sellerNonce
    self.buyerNonce = buyerNonce
    self.infoHash = infoHash
  }

  /// Who signs a structure.
  enum Role: UInt64 {
    case seller = 1
    case buyer = 2
  }

  func digest(type: String, role: Role, _ words: [Hash256]) -> Hash256 {
    let hash = Hash256(infoHash.bytes + [UInt8](repeating: 0, count: 12)) ?? .zero
    return EIP712.digest(
      domainSeparator: SpeedExtension.separator(domain),
      structHash: EIP712.structHash(
        type: type,
        [sellerNonce, buyerNonce, hash, UInt256(role.rawValue).word] + words))
  }
}
