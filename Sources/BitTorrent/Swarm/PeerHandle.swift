/// One connection of one torrent; a number is never used twice.
public struct PeerHandle: Hashable, Sendable {
  /// The connection's number, from 0 in the order of connecting.
  public let number: Int

  /// The handle with that number.
  public init(_ number: Int) { self.number = number }
}
