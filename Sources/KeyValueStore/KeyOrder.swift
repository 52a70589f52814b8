internal import Foundation

/// The order of keys: by their bytes, unsigned, a prefix before what it begins.
enum KeyOrder {
  /// Negative, zero or positive as `a` stands before, at or after `b`.
  static func compare(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
    let common = min(a.count, b.count)
    if common > 0, let start = a.baseAddress, let other = b.baseAddress {
      let order = memcmp(start, other, common)
      if order != 0 { return Int(order) }
    }
    return a.count - b.count
  }

  /// Negative, zero or positive as `a` stands before, at or after `b`.
  static func compare(_ a: [UInt8], _ b: UnsafeRawBufferPointer) -> Int {
    a.withBytes { compare($0, b) }
  }

  /// Whether both are the same bytes.
  static func areEqual(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
    a.count == b.count && compare(a, b) == 0
  }
}
