public import NIOCore

/// A fixed number of bits, one for each piece or block, that knows how many of them are set.
///
/// Bit 0 is the highest bit of the first word, so that words in big-endian order are the bytes of
/// the wire. An index out of range reads as unset and is never set: it costs no trap.
public struct Bitfield: Hashable, Sendable {
  /// How many bits there are.
  public let bitCount: Int
  /// How many of them are set.
  public private(set) var setCount = 0
  private(set) var words: [UInt64]

  /// A field of `bitCount` bits, all set or all unset.
  public init(bitCount: Int, filled: Bool = false) {
    self.bitCount = max(bitCount, 0)
    words = Array(repeating: filled ? .max : 0, count: (self.bitCount + 63) / 64)
    guard filled else { return }
    setCount = self.bitCount
    clearSpareBits()
  }

  /// Whether every bit is set.
  public var isFull: Bool { setCount == bitCount }
  /// Whether no bit is set.
  public var isEmpty: Bool { setCount == 0 }

  /// The bit at `index`.
  @inline(__always)
  public subscript(index: Int) -> Bool {
    get {
      guard index >= 0, index < bitCount else { return false }
      return words[index >> 6] & Self.mask(index) != 0
    }
    set { if newValue { insert(index) } else { remove(index) } }
  }

  /// Sets a bit; tells whether it was unset.
  @discardableResult
  public mutating func insert(_ index: Int) -> Bool {
    guard index >= 0, index < bitCount, words[index >> 6] & Self.mask(index) == 0 else {
      return false
    }
    words[index >> 6] |= Self.mask(index)
    setCount += 1
    return true
  }

  /// Unsets a bit; tells whether it was set.
  @discardableResult
  public mutating func remove(_ index: Int) -> Bool {
    guard self[index] else { return false }
    words[index >> 6] &= ~Self.mask(index)
    setCount -= 1
    return true
  }

  /// Sets every bit.
  public mutating func fill() { self = Bitfield(bitCount: bitCount, filled: true) }

  @inline(__always)
  private static func mask(_ index: Int) -> UInt64 { (1 << 63) >> UInt64(index & 63) }

  private mutating func clearSpareBits() {
    guard bitCount & 63 != 0, let last = words.indices.last else { return }
    words[last] &= ~(UInt64.max >> UInt64(bitCount & 63))
  }
}

// MARK: - The wire

/// Why bytes are no bitfield of a torrent.
public enum BitfieldError: Error, Equatable, Sendable {
  /// There are fewer or more bytes than the bits need.
  case wrongLength(bytes: Int, expected: Int)
  /// A bit after the last piece's is set.
  case spareBitSet
}

extension Bitfield {
  /// Reads the bytes of a `bitfield` message (BEP 3) or of a resume record.
  public init(wire bytes: ByteBufferView, bitCount: Int) throws(BitfieldError) {
    self.init(bitCount: bitCount)
    guard bytes.count == wireLength else {
      throw .wrongLength(bytes: bytes.count, expected: wireLength)
    }
    var index = 0
    for byte in bytes {
      words[index >> 3] |= UInt64(byte) << UInt64(56 - (index & 7) * 8)
      index += 1
    }
    let last = words.last
    clearSpareBits()
    guard words.last == last else { throw .spareBitSet }
    setCount = words.reduce(0) { $0 + $1.nonzeroBitCount }
  }

  /// How many bytes the field takes on the wire.
  public var wireLength: Int { (bitCount + 7) / 8 }

  /// The bytes of a `bitfield` message.
  public var wireBytes: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: wireLength) { buffer, count in
      for index in 0..<wireLength {
        let byte = UInt8(truncatingIfNeeded: words[index >> 3] >> UInt64(56 - (index & 7) * 8))
        buffer.initializeElement(at: index, to: byte)
      }
      count = wireLength
    }
  }
}

// MARK: - Whole fields, a word at a time

extension Bitfield {
  /// The first set bit at or after `start`.
  public func firstSet(from start: Int = 0) -> Int? {
    scan(from: start) { words[$0] }
  }

  /// The first unset bit at or after `start`.
  public func firstUnset(from start: Int = 0) -> Int? {
    scan(from: start) { ~words[$0] }
  }

  /// The first bit at or after `start` that is set here and in `other`.
  public func firstCommon(with other: Bitfield, from start: Int = 0) -> Int? {
    guard other.words.count == words.count else { return nil }
    return scan(from: start) { words[$0] & other.words[$0] }
  }

  /// Whether a bit is set in both fields.
  public func intersects(_ other: Bitfield) -> Bool { firstCommon(with: other) != nil }

  /// How many bits are set in both fields.
  public func commonCount(with other: Bitfield) -> Int {
    zip(words, other.words).reduce(0) { $0 + ($1.0 & $1.1).nonzeroBitCount }
  }

  /// Whether every bit of `other` is set here.
  public func isSuperset(of other: Bitfield) -> Bool {
    other.bitCount == bitCount && zip(words, other.words).allSatisfy { $1 & ~$0 == 0 }
  }

  /// Calls `body` with every set bit, in order.
  @inline(__always)
  public func forEachSet(_ body: (Int) -> Void) {
    for (word, bits) in words.enumerated() {
      var left = bits
      while left != 0 {
        let bit = left.leadingZeroBitCount
        body(word << 6 | bit)
        left &= ~((1 << 63) >> UInt64(bit))
      }
    }
  }

  @inline(__always)
  private func scan(from start: Int, _ word: (Int) -> UInt64) -> Int? {
    guard start < bitCount else { return nil }
    let start = max(start, 0)
    var index = start >> 6
    var bits = word(index) & (.max >> UInt64(start & 63))
    while bits == 0 {
      index += 1
      guard index < words.count else { return nil }
      bits = word(index)
    }
    let found = index << 6 | bits.leadingZeroBitCount
    return found < bitCount ? found : nil
  }
}
