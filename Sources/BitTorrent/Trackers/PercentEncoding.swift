/// Bytes as they stand in the query of a URL (RFC 3986).
enum PercentEncoding {
  private static let digits = Array("0123456789ABCDEF".unicodeScalars)

  /// One byte as `%` and two digits.
  static func escape(_ byte: UInt8) -> String {
    var text = "%"
    text.unicodeScalars.append(digits[Int(byte >> 4)])
    text.unicodeScalars.append(digits[Int(byte & 15)])
    return text
  }

  /// The bytes, with all escaped that are neither letters, digits nor one of `-._~`.
  static func escape(_ bytes: some Sequence<UInt8>) -> String {
    var text = ""
    for byte in bytes {
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e:
        text.unicodeScalars.append(UnicodeScalar(byte))
      default: text += escape(byte)
      }
    }
    return text
  }
}
