public import Metainfo

/// Who is at the other end of a connection, once both handshakes are made.
public struct PeerIntroduction: Hashable, Sendable {
  /// Who opened a connection.
  public enum Direction: Hashable, Sendable {
    /// The peer dialled us; its port is not one that it listens on.
    case incoming
    /// We dialled the peer.
    case outgoing
  }

  /// The socket's other end.
  public var address: PeerAddress
  /// Who opened the connection.
  public var direction: Direction
  /// How the peer names itself.
  public var peerID: PeerID
  /// What both sides can do: ours and the peer's reserved bits in common.
  public var features: PeerFeatures
  /// The infohash of the connection: a torrent's v1 hash, or its v2 hash truncated to 20 bytes.
  public var infoHash: SHA1Hash
  /// Whether the connection speaks v2 (BEP 52): its infohash is the torrent's v2 hash.
  public var isV2: Bool
  /// How the connection is encrypted, `plain` for no more than the handshake; nil for not at all.
  public var encryption: EncryptionMethods?

  /// An introduction from its parts.
  public init(
    address: PeerAddress, direction: Direction, peerID: PeerID, features: PeerFeatures,
    infoHash: SHA1Hash, isV2: Bool, encryption: EncryptionMethods? = nil
  ) {
    self.address = address
    self.direction = direction
    self.peerID = peerID
    self.features = features
    self.infoHash = infoHash
    self.isV2 = isV2
    self.encryption = encryption
  }
}
