internal import Crypto
public import Metainfo
public import NIOCore

/// The two RC4 streams of one connection.
public struct StreamCipher {
  /// Who opened the connection: each side encrypts with the other's key to decrypt.
  public enum Role: Hashable, Sendable {
    case dialler
    case accepter
  }

  private let incoming: LibCrypto.RC4Stream
  private let outgoing: LibCrypto.RC4Stream

  /// The streams that follow from the shared secret and the torrent's infohash.
  public init(secret: [UInt8], torrent: SHA1Hash, role: Role) {
    let skey = torrent.withUnsafeBytes { [UInt8]($0) }
    let (dialler, accepter) = (
      Self.stream("keyA", secret, skey), Self.stream("keyB", secret, skey)
    )
    (incoming, outgoing) = role == .dialler ? (accepter, dialler) : (dialler, accepter)
  }

  // The first KiB of an RC4 stream tells of its key.
  private static func stream(
    _ name: String, _ secret: [UInt8], _ skey: [UInt8]
  ) -> LibCrypto.RC4Stream {
    let stream = LibCrypto.RC4Stream(key: EncryptedHandshake.hash(name, secret, skey))
    var discarded = [UInt8](repeating: 0, count: 1_024)
    discarded.withUnsafeMutableBytes { stream.apply(to: $0) }
    return stream
  }

  /// Encrypts what is sent next.
  public func encrypt(_ bytes: inout ByteBuffer) {
    bytes.withUnsafeMutableReadableBytes { outgoing.apply(to: $0) }
  }

  /// Decrypts what came next.
  public func decrypt(_ bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes { incoming.apply(to: $0) }
  }

  /// Decrypts what came next in the buffer that the socket was read into, whoever else refers to it.
  ///
  /// The transport still refers to the buffer while it hands it over, so that a write by the rules
  /// would copy all that comes. Nobody has a use for the encrypted bytes.
  public func decryptInPlace(_ received: ByteBuffer) {
    received.withUnsafeReadableBytes {
      incoming.apply(to: UnsafeMutableRawBufferPointer(mutating: $0))
    }
  }
}
