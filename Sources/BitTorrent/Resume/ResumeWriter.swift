/// Puts a resume record's bytes together.
struct ResumeWriter {
  private(set) var bytes: [UInt8] = []

  mutating func append(byte: UInt8) { bytes.append(byte) }

  mutating func append(raw: some Sequence<UInt8>) { bytes.append(contentsOf: raw) }

  mutating func append(flags: Bool...) {
    append(byte: flags.reversed().reduce(0) { $0 << 1 | ($1 ? 1 : 0) })
  }

  mutating func append(_ value: Int) {
    var rest = UInt(bitPattern: value)
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  mutating func append(counted: some Collection<UInt8>) {
    append(counted.count)
    append(raw: counted)
  }

  mutating func append(_ text: String) { append(counted: text.utf8) }
}
