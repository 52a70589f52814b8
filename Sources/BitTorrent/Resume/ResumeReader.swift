internal import NIOCore

/// Takes a resume record's bytes apart; every length is checked against what is left.
struct ResumeReader {
  private var rest: ByteBufferView

  init(_ bytes: [UInt8]) { rest = ByteBuffer(bytes: bytes).readableBytesView }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func byte() throws(ResumeRecordError) -> UInt8 {
    guard let byte = rest.popFirst() else { throw .truncated }
    return byte
  }

  /// A byte of flags, of which only the first `count` may be set.
  mutating func flags(_ count: UInt8) throws(ResumeRecordError) -> UInt8 {
    let flags = try byte()
    guard flags >> count == 0 else { throw .notCanonical }
    return flags
  }

  mutating func view(_ count: Int) throws(ResumeRecordError) -> ByteBufferView {
    guard count <= rest.count else { throw .truncated }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  /// Seven bits a byte, the lowest first; the highest bit says that more follow.
  mutating func integer() throws(ResumeRecordError) -> Int {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = try byte()
      guard shift < 63 || byte <= 1 else { throw .outOfRange }
      value |= UInt64(byte & 0x7f) << shift
      guard byte & 0x80 != 0 else {
        guard byte != 0 || shift == 0 else { throw .notCanonical }
        return Int(bitPattern: UInt(value))
      }
      shift += 7
    }
  }

  /// A count of things that take at least `size` bytes each, so there cannot be more than fit.
  mutating func count(ofAtLeast size: Int = 1) throws(ResumeRecordError) -> Int {
    let count = try integer()
    guard count >= 0 else { throw .outOfRange }
    guard count <= rest.count / max(1, size) else { throw .truncated }
    return count
  }

  mutating func bytes() throws(ResumeRecordError) -> [UInt8] { [UInt8](try view(count())) }

  mutating func text() throws(ResumeRecordError) -> String {
    guard let text = String(validating: try view(count()), as: UTF8.self) else { throw .notText }
    return text
  }

  mutating func bits(_ count: Int) throws(ResumeRecordError) -> Bitfield {
    guard count >= 0, count <= rest.count * 8 else { throw .truncated }
    let bytes = try view((count + 7) / 8)
    do throws(BitfieldError) {
      return try Bitfield(wire: bytes, bitCount: count)
    } catch {
      throw .notCanonical
    }
  }
}
