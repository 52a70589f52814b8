internal import ChainTypes
internal import Keys
internal import Primitives

/// The constants of the extension `btt_speed`, see docs/specs/speed-extension.md.
public enum SpeedExtension {
  /// The name in the handshake of the extension protocol (BEP 10).
  public static let name = "btt_speed"
  /// The version that is spoken here.
  public static let version = 1
  /// The bytes that a price is for.
  public static let priceUnit = 1 << 20
  /// The first window in bytes, where pieces are not greater.
  public static let firstWindow = 128 << 10
  /// A message is at most this many bytes.
  public static let maximumMessageLength = 512
  /// What stands before each message: its length, and two numbers of the extension protocol.
  static let frameLength = 6
  /// Prices are below 2^80 wei for a MiB, so that no sum over bytes overflows.
  public static let priceBits = 80

  /// The hash that stands for the extension in every digest (EIP-712).
  static func separator(_ domain: ChannelDomain) -> Hash256 {
    EIP712Domain(
      name: "BTT Speed", version: "1", chainID: UInt256(domain.chainID),
      verifyingContract: domain.module
    ).separator
  }
}
