/// Who sent a voucher: a connection, or whatever the caller tells its peers apart by.
public struct PeerID: Hashable, Sendable {
  /// The caller's number for the peer.
  public let rawValue: UInt64

  /// The peer with that number.
  public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}
