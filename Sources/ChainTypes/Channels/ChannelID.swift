public import Primitives

/// The name of a payment channel: the hash of its descriptor.
///
/// An id opens once, ever: the descriptor counts the payer's openings.
@frozen
public struct ChannelID: Hashable, Sendable {
  /// The 32 bytes as a word.
  public let hash: Hash256

  /// The id that is `hash`.
  public init(_ hash: Hash256) { self.hash = hash }

  /// The id whose bytes are `bytes`, or nil unless there are exactly 32.
  @inlinable public init?(_ bytes: some Collection<UInt8>) {
    guard let hash = Hash256(bytes) else { return nil }
    self.hash = hash
  }

  /// Reads 64 digits of any case, with or without `0x`.
  public init(hex: some StringProtocol) throws(HexError) { hash = try Hash256(hex: hex) }

  /// The 32 bytes.
  public var bytes: [UInt8] { hash.bytes }
}

extension ChannelID: Comparable {
  /// Big-endian order.
  public static func < (left: ChannelID, right: ChannelID) -> Bool { left.hash < right.hash }
}

extension ChannelID: CustomStringConvertible {
  /// Lower-case hex with `0x`.
  public var description: String { hash.hex }
}
