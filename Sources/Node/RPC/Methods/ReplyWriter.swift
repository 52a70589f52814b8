internal import JSON
internal import Primitives

/// Writes JSON replies straight to bytes: a block of thousands of transactions becomes no tree.
struct ReplyWriter {
  private(set) var bytes: [UInt8] = []
  private var needsComma = false

  init(capacity: Int = 1_024) { bytes.reserveCapacity(capacity) }

  /// What has been written, as a method's result.
  var result: RPCResult { .raw(bytes) }

  // MARK: Structure

  mutating func object(_ body: (inout Self) throws -> Void) rethrows {
    open(UInt8(ascii: "{"))
    try body(&self)
    close(UInt8(ascii: "}"))
  }

  mutating func array<Elements: Sequence>(
    _ elements: Elements, _ body: (inout Self, Elements.Element) throws -> Void
  ) rethrows {
    open(UInt8(ascii: "["))
    for element in elements { try body(&self, element) }
    close(UInt8(ascii: "]"))
  }

  mutating func array<Value: ReplyValue>(_ values: some Sequence<Value>) {
    array(values) { $1.write(to: &$0) }
  }

  /// Begins a member; its value has to follow.
  mutating func key(_ name: StaticString) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    bytes.append(name)
    bytes.append("\":")
    needsComma = false
  }

  /// Begins a member whose name is known only now.
  mutating func key(_ name: String) {
    separate()
    bytes.append(jsonString: name)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  mutating func member(_ name: StaticString, _ value: some ReplyValue) {
    key(name)
    value.write(to: &self)
  }

  private mutating func open(_ bracket: UInt8) {
    separate()
    bytes.append(bracket)
    needsComma = false
  }

  private mutating func close(_ bracket: UInt8) {
    bytes.append(bracket)
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
  }

  // MARK: Values

  mutating func value(_ value: some ReplyValue) { value.write(to: &self) }

  mutating func null() { literal("null") }

  mutating func literal(_ text: StaticString) {
    separate()
    bytes.append(text)
  }

  mutating func string(_ text: String) {
    separate()
    bytes.append(jsonString: text)
  }

  /// A number as JSON has it, not in hex.
  mutating func number(_ value: Double) {
    separate()
    bytes.append(contentsOf: (value.isFinite ? value : 0).description.utf8)
  }

  mutating func quantity(_ value: UInt64) {
    separate()
    bytes.append("\"0x")
    let count = max(1, (67 - value.leadingZeroBitCount) / 4)
    for place in (0..<count).reversed() {
      bytes.append(Self.digit(UInt8(truncatingIfNeeded: value >> UInt64(place * 4) & 15)))
    }
    bytes.append(UInt8(ascii: "\""))
  }

  mutating func data(_ raw: UnsafeRawBufferPointer) {
    separate()
    bytes.reserveCapacity(bytes.count + raw.count * 2 + 4)
    bytes.append("\"0x")
    for byte in raw {
      bytes.append(Self.digit(byte >> 4))
      bytes.append(Self.digit(byte & 15))
    }
    bytes.append(UInt8(ascii: "\""))
  }

  @inline(__always) private static func digit(_ nibble: UInt8) -> UInt8 {
    nibble < 10 ? 0x30 + nibble : 0x57 + nibble
  }
}

/// What has one form in replies: numbers are quantities, bytes are data.
protocol ReplyValue {
  func write(to writer: inout ReplyWriter)
}

extension UInt64: ReplyValue {
  func write(to writer: inout ReplyWriter) { writer.quantity(self) }
}

extension UInt256: ReplyValue {
  func write(to writer: inout ReplyWriter) {
    if let small = UInt64(exactly: self) {
      writer.quantity(small)
    } else {
      writer.string(Hex.quantity(self))
    }
  }
}

extension Hash256: ReplyValue {
  func write(to writer: inout ReplyWriter) { withUnsafeBytes { writer.data($0) } }
}

extension Address: ReplyValue {
  func write(to writer: inout ReplyWriter) { withUnsafeBytes { writer.data($0) } }
}

extension [UInt8]: ReplyValue {
  func write(to writer: inout ReplyWriter) { withUnsafeBytes { writer.data($0) } }
}

extension Bool: ReplyValue {
  func write(to writer: inout ReplyWriter) { writer.literal(self ? "true" : "false") }
}

extension String: ReplyValue {
  func write(to writer: inout ReplyWriter) { writer.string(self) }
}

extension Optional: ReplyValue where Wrapped: ReplyValue {
  func write(to writer: inout ReplyWriter) {
    if let self { self.write(to: &writer) } else { writer.null() }
  }
}
