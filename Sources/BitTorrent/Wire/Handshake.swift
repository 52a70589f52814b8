public import Metainfo
public import NIOCore

/// The first 68 bytes that each side sends (BEP 3).
public struct Handshake: Hashable, Sendable {
  /// A handshake's length in bytes.
  public static let length = 68
  /// The length byte and the name that begin every handshake.
  public static let protocolName: [UInt8] = [19] + Array("BitTorrent protocol".utf8)

  /// What the sender can do: the reserved bytes.
  public var features: PeerFeatures
  /// The torrent's v1 infohash, or its v2 infohash truncated.
  public var infoHash: SHA1Hash
  /// How the sender names itself.
  public var peerID: PeerID

  /// A handshake from its parts.
  public init(features: PeerFeatures, infoHash: SHA1Hash, peerID: PeerID) {
    self.features = features
    self.infoHash = infoHash
    self.peerID = peerID
  }

  /// Appends the 68 bytes.
  public func encode(into buffer: inout ByteBuffer) {
    buffer.writeBytes(Self.protocolName)
    buffer.writeInteger(features.rawValue)
    _ = infoHash.withUnsafeBytes { buffer.writeBytes($0) }
    buffer.writeBytes(peerID.bytes)
  }
}
