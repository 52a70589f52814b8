/// A gzip file that is small, and is not when it is unpacked (RFC 1951, 1952).
enum GzipBomb {
  /// A file of `count` zeros, or a little more, a hundred and fifty times smaller.
  static func zeros(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]
    var bits = BitWriter()
    // One last block with fixed codes; a literal zero, then runs of 258 from one byte before.
    bits.write(1, 1)
    bits.write(1, 2)
    bits.writeCode(0b0011_0000, 8)
    for _ in 0...(count / 258) {
      bits.writeCode(0b1100_0101, 8)
      bits.writeCode(0, 5)
    }
    bits.writeCode(0, 7)
    bytes += bits.finish()
    // Whoever gets as far as the checksum has failed already.
    return bytes + [UInt8](repeating: 0, count: 8)
  }

  private struct BitWriter {
    private var bytes: [UInt8] = []
    private var pending: UInt32 = 0
    private var count = 0

    mutating func write(_ value: UInt32, _ length: Int) {
      pending |= value << UInt32(count)
      count += length
      while count >= 8 {
        bytes.append(UInt8(pending & 0xff))
        pending >>= 8
        count -= 8
      }
    }

    // Huffman codes go with their highest bit first.
    mutating func writeCode(_ code: UInt32, _ length: Int) {
      for bit in (0..<length).reversed() { write(code >> UInt32(bit) & 1, 1) }
    }

    mutating func finish() -> [UInt8] {
      if count > 0 { bytes.append(UInt8(pending & 0xff)) }
      return bytes
    }
  }
}
