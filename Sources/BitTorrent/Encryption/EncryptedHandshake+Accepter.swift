internal import Metainfo
internal import NIOCore

extension EncryptedHandshake {
  /// The dialler's key: it is told ours.
  mutating func keyArrived() throws(PeerFault) -> Progress {
    guard let key = take(KeyExchange.keyLength, nil) else { return .wait }
    let secret = try keys.secret(with: key)
    state = .mark(secret: secret, hash: Self.hash("req1", secret))
    return .step(.send(try greeting()))
  }

  /// The torrent that the dialler means.
  mutating func named(
    _ secret: [UInt8], _ find: (SHA1Hash) -> SHA1Hash?
  ) throws(PeerFault) -> Progress {
    guard let hidden = take(SHA1Hash.byteCount, nil) else { return .wait }
    let name = Self.xor(hidden, Self.hash("req3", secret))
    guard let torrent = SHA1Hash(name).flatMap(find) else { throw .wrongInfoHash }
    state = .offer(
      StreamCipher(secret: secret, torrent: torrent, role: .accepter), torrent)
    return .more
  }

  /// The methods that the dialler offers.
  mutating func offered(_ cipher: StreamCipher, _ torrent: SHA1Hash) throws(PeerFault) -> Progress {
    guard let bytes = take(14, cipher) else { return .wait }
    var reader = ByteBuffer(bytes: bytes)
    guard
      let (constant, raw, length) = reader.readMultipleIntegers(
        as: (UInt64, UInt32, UInt16).self)
    else { return .wait }
    guard constant == 0, length <= Self.maximumPad else { throw .malformedEncryption }
    guard let method = settings.choice(of: EncryptionMethods(rawValue: raw)) else {
      throw .encryptionRefused
    }
    state = .pad(cipher, torrent, method, length: Int(length))
    return .more
  }

  /// The end of the dialler's second pad, and the length of what it says first.
  mutating func payloadAnnounced(
    _ cipher: StreamCipher, _ torrent: SHA1Hash, _ method: EncryptionMethods, padLength: Int
  ) throws(PeerFault) -> Progress {
    guard let bytes = take(padLength + 2, cipher) else { return .wait }
    let length = Int(bytes[padLength]) << 8 | Int(bytes[padLength + 1])
    guard length <= Self.maximumPayload else { throw .malformedEncryption }
    state = .payload(cipher, torrent, method, length: length)

    var answer = ByteBuffer(bytes: Self.constant)
    answer.writeInteger(method.rawValue)
    answer.writeInteger(UInt16(clamping: pads.second))
    answer.writeRepeatingByte(0, count: pads.second)
    cipher.encrypt(&answer)
    return .step(.send(answer))
  }
}
