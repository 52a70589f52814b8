import BitTorrent
import Metainfo
import NIOCore

/// Nothing that either side of an encrypted handshake is sent traps it or piles up in it, whether
/// it comes as it stands or encrypted with the right keys.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
  guard let mode = bytes.first else { return 0 }
  let rest = Array(bytes.dropFirst())
  var side = Side(isDialler: mode & 1 == 0)
  if mode & 2 == 0 {
    side.take(rest, piece: Int(mode >> 3) + 1)
  } else {
    side.take(side.prologue() + side.sealed(rest), piece: Int(mode >> 3) + 1)
  }
  return 0
}

private let torrent = SHA1Hash([UInt8](repeating: 7, count: 20)) ?? .zero
private let theirs = KeyExchange(exponent: [3])
private let ours = KeyExchange(exponent: [5])
private let theirKey = (try? theirs.publicKey()) ?? []
private let secret = (try? ours.secret(with: theirKey)) ?? []

/// A side with known keys, and the peer that speaks to it.
private struct Side {
  var handshake: EncryptedHandshake
  let isDialler: Bool
  let cipher: StreamCipher

  init(isDialler: Bool) {
    self.isDialler = isDialler
    var random = SystemRandomNumberGenerator()
    let (settings, pads) = (
      EncryptionSettings(.prefer), EncryptedHandshake.Pads(first: 0, second: 9)
    )
    handshake =
      isDialler
      ? EncryptedHandshake(
        dialling: torrent, payload: ByteBuffer(string: "hello"), settings, keys: ours, pads: pads,
        using: &random)
      : EncryptedHandshake(accepting: settings, keys: ours, pads: pads, using: &random)
    cipher = StreamCipher(
      secret: secret, torrent: torrent, role: isDialler ? .accepter : .dialler)
  }

  /// What a right peer says before its first encrypted byte.
  func prologue() -> [UInt8] {
    isDialler ? theirKey : theirKey + EncryptedHandshake.mark(of: torrent, secret: secret)
  }

  /// The constant and what follows, encrypted.
  func sealed(_ bytes: [UInt8]) -> [UInt8] {
    var buffer = ByteBuffer(bytes: [UInt8](repeating: 0, count: 8) + bytes)
    cipher.encrypt(&buffer)
    return Array(buffer.readableBytesView)
  }

  mutating func take(_ bytes: [UInt8], piece: Int) {
    var buffer = ByteBuffer(bytes: bytes)
    while let part = buffer.readSlice(length: min(piece, buffer.readableBytes)),
      part.readableBytes > 0
    {
      handshake.feed(part)
      do {
        while let step = try handshake.next(torrent: { _ in torrent }) {
          if case .done(let outcome) = step {
            precondition(outcome.method == .plain || outcome.method == .rc4, "method")
            precondition((outcome.cipher == nil) == (outcome.method == .plain), "cipher")
            return
          }
        }
      } catch {
        return
      }
      precondition(handshake.retainedBytes <= EncryptedHandshake.maximumPayload + 64, "memory")
    }
  }
}
