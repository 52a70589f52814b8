/// Bytes from the system's cryptographic generator.
enum RandomBytes {
  /// `count` fresh bytes.
  static func make(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in generator.next() }
  }
}
