internal import Metainfo
internal import NIOCore

extension EncryptedHandshake {
  /// The accepter's key: all that is to be said can be said.
  mutating func answered(
    _ torrent: SHA1Hash, _ payload: ByteBuffer
  ) throws(PeerFault) -> Progress {
    guard let key = take(KeyExchange.keyLength, nil) else { return .wait }
    let secret = try keys.secret(with: key)
    let cipher = StreamCipher(secret: secret, torrent: torrent, role: .dialler)
    var message = ByteBuffer(bytes: Self.mark(of: torrent, secret: secret))
    var sealed = ByteBuffer(bytes: Self.constant)
    sealed.writeInteger(settings.methods.rawValue)
    sealed.writeInteger(UInt16(clamping: pads.second))
    sealed.writeRepeatingByte(0, count: pads.second)
    sealed.writeInteger(UInt16(clamping: payload.readableBytes))
    sealed.writeImmutableBuffer(payload)
    cipher.encrypt(&sealed)
    message.writeBuffer(&sealed)

    var constant = Self.constant
    cipher.decrypt(&constant)
    state = .constant(cipher, torrent, encrypted: constant)
    return .step(.send(message))
  }

  /// The method that the accepter chose.
  mutating func selected(_ cipher: StreamCipher, _ torrent: SHA1Hash) throws(PeerFault) -> Progress
  {
    guard let bytes = take(6, cipher) else { return .wait }
    var reader = ByteBuffer(bytes: bytes)
    guard let (raw, length) = reader.readMultipleIntegers(as: (UInt32, UInt16).self) else {
      return .wait
    }
    let method = EncryptionMethods(rawValue: raw)
    guard method == .plain || method == .rc4, settings.methods.contains(method),
      length <= Self.maximumPad
    else { throw .malformedEncryption }
    state = .lastPad(cipher, torrent, method, length: Int(length))
    return .more
  }
}
