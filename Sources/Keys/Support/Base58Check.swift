/// Base58 with a checksum of four bytes of SHA-256 twice, as Bitcoin writes keys.
enum Base58Check {
  private static let alphabet = Array(
    "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8)

  /// The text of `payload` and its checksum.
  static func encode(_ payload: [UInt8]) -> String {
    let bytes = payload + checksum(payload)
    // Little-endian base-58 digits.
    var digits: [UInt8] = []
    for byte in bytes {
      var carry = Int(byte)
      for index in digits.indices {
        carry += Int(digits[index]) << 8
        digits[index] = UInt8(carry % 58)
        carry /= 58
      }
      while carry > 0 {
        digits.append(UInt8(carry % 58))
        carry /= 58
      }
    }
    let zeros = [UInt8](repeating: alphabet[0], count: bytes.prefix { $0 == 0 }.count)
    let text = zeros + digits.reversed().map { alphabet[Int($0)] }
    return String(decoding: text, as: UTF8.self)
  }

  /// The payload of `count` bytes, or nil when the text is another or the checksum is wrong.
  static func decode(_ text: some StringProtocol, count: Int) -> [UInt8]? {
    // Each byte takes less than 1.37 digits; the conversion below is quadratic.
    guard text.utf8.count <= (count + 4) * 137 / 100 + 1 else { return nil }
    var bytes: [UInt8] = []
    for character in text.utf8 {
      guard var carry = alphabet.firstIndex(of: character) else { return nil }
      for index in bytes.indices {
        carry += Int(bytes[index]) * 58
        bytes[index] = UInt8(truncatingIfNeeded: carry)
        carry >>= 8
      }
      if carry > 0 { bytes.append(UInt8(carry)) }
    }
    let zeros = [UInt8](repeating: 0, count: text.utf8.prefix { $0 == alphabet[0] }.count)
    let whole = zeros + bytes.reversed()
    let payload = [UInt8](whole.dropLast(4))
    guard payload.count == count, [UInt8](whole.suffix(4)) == checksum(payload) else { return nil }
    return payload
  }

  private static func checksum(_ bytes: [UInt8]) -> [UInt8] {
    [UInt8](Cryptography.sha256(Cryptography.sha256(bytes)).prefix(4))
  }
}
