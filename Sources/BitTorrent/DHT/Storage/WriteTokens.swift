internal import Metainfo
internal import NIOCore

/// Proof that who announces has been asked for peers at the same address a short time ago.
struct WriteTokens {
  /// How long tokens of one secret are given; they hold for twice as long.
  static let rotation = TimeAmount.minutes(5)
  private static let length = 8

  private var secret: DHTID
  private var previous: DHTID
  private var nextRotation: NIODeadline

  init(at now: NIODeadline, using random: inout some RandomNumberGenerator) {
    secret = DHTID(using: &random)
    previous = DHTID(using: &random)
    nextRotation = now + Self.rotation
  }

  /// Changes the secret when it is time to.
  mutating func rotate(at now: NIODeadline, using random: inout some RandomNumberGenerator) {
    guard now >= nextRotation else { return }
    // After a long pause the present secret is too old as well.
    previous = now >= nextRotation + Self.rotation ? DHTID(using: &random) : secret
    secret = DHTID(using: &random)
    nextRotation = now + Self.rotation
  }

  /// What the host must show to announce itself for a torrent.
  func token(for address: PeerAddress, _ infoHash: DHTID) -> [UInt8] {
    Self.token(secret, address, infoHash)
  }

  /// Whether the host was given the token for that torrent, not too long ago.
  func accepts(_ token: [UInt8], from address: PeerAddress, _ infoHash: DHTID) -> Bool {
    [secret, previous].contains { Self.token($0, address, infoHash) == token }
  }

  private static func token(
    _ secret: DHTID, _ address: PeerAddress, _ infoHash: DHTID
  ) -> [UInt8] {
    // All parts have fixed lengths, for each kind of address another in sum.
    let host = address.compact.dropLast(2)
    return Array(SHA1Hash(hashing: secret.bytes + host + infoHash.bytes).bytes.prefix(length))
  }
}
