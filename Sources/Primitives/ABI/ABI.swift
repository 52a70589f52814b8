/// The contract ABI's encoding of values whose types are known at run time.
///
/// Where they are known beforehand, `ABIReader` and `ABIWriter` do without a tree of values.
public enum ABI {
  /// How many times its own size data may be read through, by several offsets to one place.
  ///
  /// Sharing is legal and rare; without a bound, nested arrays of offsets to one place would grow
  /// with a power of the data's size.
  public static let maximumSharing = 4

  /// The encoding of `values` as a tuple of `types`.
  public static func encode(
    _ values: [ABIValue], as types: [ABIType]
  ) throws(ABIError) -> [UInt8] {
    var writer = ABIWriter()
    try write(values, as: types, to: &writer)
    return writer.bytes
  }

  /// The values of `types` that `bytes` encode, from the index `start` on.
  ///
  /// Time and memory are in proportion to the data's size, whatever they claim. Bytes behind the
  /// last value are allowed, as they are to contracts.
  public static func decode(
    _ types: [ABIType], from bytes: [UInt8], start: Int = 0
  ) throws(ABIError) -> [ABIValue] {
    var reader = ABIReader(bytes, from: start)
    let words = reader.remaining / 32 + 1
    var budget = Budget(words: words.multipliedReportingOverflow(by: maximumSharing).partialValue)
    return try read(types, from: &reader, &budget)
  }

  // MARK: - Writing

  static func write(
    _ values: [ABIValue], as types: [ABIType], to writer: inout ABIWriter
  ) throws(ABIError) {
    guard values.count == types.count else {
      throw .wrongCount(expected: types.count, actual: values.count)
    }
    for (value, type) in zip(values, types) { try write(value, as: type, to: &writer) }
  }

  private static func write(
    _ value: ABIValue, as type: ABIType, to writer: inout ABIWriter
  ) throws(ABIError) {
    switch (type, value) {
    case (.uint(let bits), .uint(let number)):
      guard number.bitWidth <= bits else { throw .outOfRange(type: type.description) }
      writer.append(number)
    case (.int(let bits), .int(let number)):
      guard number.isSigned(bits: bits) else { throw .outOfRange(type: type.description) }
      writer.append(number)
    case (.address, .address(let address)): writer.append(address)
    case (.bool, .bool(let value)): writer.append(value)
    case (.fixedBytes(let count), .fixedBytes(let bytes)):
      guard bytes.count == count else { throw .typeMismatch(expected: type.description) }
      writer.append(fixedBytes: bytes)
    case (.bytes, .bytes(let bytes)): writer.append(bytes: bytes)
    case (.string, .string(let string)): writer.append(string)
    case (.array(let element), .array(let values)):
      try writer.array(count: values.count) { (inner) throws(ABIError) in
        for value in values { try write(value, as: element, to: &inner) }
      }
    case (.fixedArray(let element, let count), .array(let values)):
      guard values.count == count else {
        throw .wrongCount(expected: count, actual: values.count)
      }
      try write(
        values, as: Array(repeating: element, count: count), isDynamic: type.isDynamic, to: &writer)
    case (.tuple(let members), .tuple(let values)):
      try write(values, as: members, isDynamic: type.isDynamic, to: &writer)
    default: throw .typeMismatch(expected: type.description)
    }
  }

  private static func write(
    _ values: [ABIValue], as types: [ABIType], isDynamic: Bool, to writer: inout ABIWriter
  ) throws(ABIError) {
    guard isDynamic else { return try write(values, as: types, to: &writer) }
    try writer.dynamicTuple { (inner) throws(ABIError) in
      try write(values, as: types, to: &inner)
    }
  }

  // MARK: - Reading

  /// What is left of the words that may be read.
  private struct Budget {
    var words: Int

    mutating func spend(_ count: Int) throws(ABIError) {
      guard count <= words else { throw .tooLarge }
      words -= count
    }
  }

  private static func read(
    _ types: [ABIType], from reader: inout ABIReader, _ budget: inout Budget
  ) throws(ABIError) -> [ABIValue] {
    guard ABIType.headCount(of: types) <= reader.remaining else { throw .truncated }
    var values: [ABIValue] = []
    values.reserveCapacity(types.count)
    for type in types { values.append(try read(type, from: &reader, &budget)) }
    return values
  }

  private static func read(
    _ type: ABIType, from reader: inout ABIReader, _ budget: inout Budget
  ) throws(ABIError) -> ABIValue {
    // What is spent is words read: a static tuple or array has none but its members'.
    if !type.isComposed { try budget.spend(1) }
    switch type {
    case .uint(let bits): return .uint(try reader.readUInt256(bits: bits))
    case .int(let bits): return .int(try reader.readInt(bits: bits))
    case .address: return .address(try reader.readAddress())
    case .bool: return .bool(try reader.readBool())
    case .fixedBytes(let count): return .fixedBytes(try reader.readFixedBytes(count))
    case .bytes:
      let bytes = try reader.readBytes()
      try budget.spend(1 + bytes.count / 32)
      return .bytes(bytes)
    case .string:
      let string = try reader.readString()
      try budget.spend(1 + string.utf8.count / 32)
      return .string(string)
    case .array(let element):
      try budget.spend(1)
      let array = try reader.readArray(elementSize: element.headCount)
      var elements = array.elements
      return .array(try read(array.count, of: element, from: &elements, &budget))
    case .fixedArray(let element, let count):
      guard type.isDynamic else {
        return .array(try read(count, of: element, from: &reader, &budget))
      }
      try budget.spend(1)
      var tail = try reader.readTail()
      return .array(try read(count, of: element, from: &tail, &budget))
    case .tuple(let members):
      guard type.isDynamic else { return .tuple(try read(members, from: &reader, &budget)) }
      try budget.spend(1)
      var tail = try reader.readTail()
      return .tuple(try read(members, from: &tail, &budget))
    }
  }

  private static func read(
    _ count: Int, of element: ABIType, from reader: inout ABIReader, _ budget: inout Budget
  ) throws(ABIError) -> [ABIValue] {
    let (size, overflow) = element.headCount.multipliedReportingOverflow(by: count)
    guard !overflow, size <= reader.remaining else { throw .truncated }
    // Each element will cost a word at least, so that the budget bounds what is reserved here.
    guard count <= budget.words else { throw .tooLarge }
    if size == 0 { try budget.spend(count) }
    var values: [ABIValue] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(try read(element, from: &reader, &budget)) }
    return values
  }
}
