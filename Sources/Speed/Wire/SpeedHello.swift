public import ChainTypes
internal import Metainfo
public import NIOCore
public import Primitives

/// What a peer says of itself in the handshake of the extension protocol, under `btt_speed`.
public struct SpeedHello: Hashable, Sendable {
  /// The greatest version that it speaks.
  public var version: Int
  /// Where its channels are: peers of other ledgers are strangers.
  public var chainID: UInt64
  /// The module of its channels.
  public var module: Address
  /// Thirty-two random bytes of this connection, which every signature on it covers.
  public var nonce: Hash256
  /// Whether it sells.
  public var sells: Bool
  /// Whether it buys: only buyers are told a price.
  public var buys: Bool
  /// The first window that it gives as a seller, in bytes.
  public var window: Int

  /// What is said.
  public init(
    version: Int = SpeedExtension.version, domain: ChannelDomain, nonce: Hash256, sells: Bool,
    buys: Bool, window: Int = SpeedExtension.firstWindow
  ) {
    self.version = version
    chainID = domain.chainID
    module = domain.module
    self.nonce = nonce
    self.sells = sells
    self.buys = buys
    self.window = window
  }

  /// The dictionary, bencoded.
  public var encoded: ByteBuffer {
    let item: BencodeItem = [
      "c": .string(String(chainID)), "f": .integer((sells ? 1 : 0) | (buys ? 2 : 0)),
      "m": .bytes(module.bytes), "n": .bytes(nonce.bytes), "v": .integer(version),
      "w": .integer(window),
    ]
    return ByteBuffer(bytes: item.encoded)
  }

  /// Reads the dictionary; entries that are not known are passed over.
  public init(_ buffer: ByteBuffer) throws(SpeedWireError) {
    guard buffer.readableBytes <= SpeedExtension.maximumMessageLength,
      let document = try? BencodeDocument(
        Array(buffer.readableBytesView),
        limits: BencodeLimits(
          byteCount: SpeedExtension.maximumMessageLength, depth: 4, valueCount: 64))
    else { throw .invalidHandshake }
    let root = document.root
    guard let version = root["v"]?.integer, version >= 1,
      let text = root["c"]?.string, let chainID = UInt64(text), String(chainID) == text,
      let module = root["m"]?.bytes.flatMap({ Address($0) }),
      let nonce = root["n"]?.bytes.flatMap({ Hash256($0) }),
      let flags = root["f"]?.integer, flags >= 0,
      let window = root["w"]?.integer, (0...Self.maximumWindow).contains(window)
    else { throw .invalidHandshake }
    self.version = version
    self.chainID = chainID
    self.module = module
    self.nonce = nonce
    sells = flags & 1 != 0
    buys = flags & 2 != 0
    self.window = window
  }

  private static let maximumWindow = 1 << 40
}
