public import Primitives

/// The header of a root chain's block: Ethereum's first fifteen fields, and any that follow them.
///
/// What follows is not looked at, so that a fork of the root chain which adds fields changes
/// nothing here: the hash binds them.
public struct RootHeader: Hashable, Sendable {
  /// The most bytes of a header: one of BNB Smart Chain lists validators in its extra data.
  public static let maximumSize = 32 << 10

  /// The canonical bytes.
  public let encoded: [UInt8]
  /// Keccak of the bytes: the block's hash.
  public let hash: Hash256
  /// The hash of the block before.
  public let parentHash: Hash256
  /// The root over the block's receipts.
  public let receiptsRoot: Hash256
  /// The filter over all logs of the block.
  public let logsBloom: Bloom
  /// The height.
  public let number: UInt64
  /// Seconds since 1970.
  public let timestamp: UInt64

  /// Decodes a header with nothing after it.
  public init(decoding bytes: [UInt8]) throws(RootDataError) {
    guard bytes.count <= Self.maximumSize else { throw .tooLarge }
    do throws(RLPError) {
      var list = try RLPDecoder.list(bytes)
      parentHash = try list.readHash()
      _ = try list.readHash()  // uncles
      _ = try list.readAddress()  // beneficiary
      _ = try list.readHash()  // state root
      _ = try list.readHash()  // transactions root
      receiptsRoot = try list.readHash()
      let bloom = try list.readString()
      guard let filter = Bloom(bloom) else {
        throw .wrongLength(expected: 256, actual: bloom.count)
      }
      logsBloom = filter
      _ = try list.readUInt256()  // difficulty
      number = try list.readUInt64()
      _ = try list.readUInt64()  // gas limit
      _ = try list.readUInt64()  // gas used
      timestamp = try list.readUInt64()
      _ = try list.readString()  // extra data
      _ = try list.readHash()  // mix hash
      let nonce = try list.readString()
      guard nonce.count == 8 else { throw .wrongLength(expected: 8, actual: nonce.count) }
      while !list.isAtEnd { _ = try list.readEncodedItem() }
    } catch {
      throw .malformed(error)
    }
    encoded = bytes
    hash = Keccak256.hash(bytes)
  }
}
