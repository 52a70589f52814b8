import Primitives

/// RLP has one encoding only: what decodes must encode to the same bytes, and the typed readers
/// must agree with the tree.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
  if let item = try? RLPItem(decoding: bytes) {
    precondition(item.encoded == bytes, "decoded, but encodes differently")
    var decoder = RLPDecoder(bytes)
    if case .string(let string) = item {
      precondition((try? decoder.readBytes()) == string, "readers disagree")
    } else {
      precondition((try? decoder.readList()) != nil, "readers disagree")
    }
    precondition(decoder.isAtEnd, "readers disagree on the length")
  }

  // Typed reads, chosen by the first byte of what is left.
  var decoder = RLPDecoder(bytes)
  while !decoder.isAtEnd {
    let start = decoder.position
    var encoder = RLPEncoder()
    do {
      switch bytes[start] % 5 {
      case 0: encoder.append(try decoder.readUInt64())
      case 1: encoder.append(try decoder.readUInt256())
      case 2: encoder.append(try decoder.readHash())
      case 3: encoder.append(try decoder.readAddress())
      default: encoder.append(encoded: try decoder.readEncodedItem())
      }
    } catch {
      return 0
    }
    precondition(encoder.bytes[...] == bytes[start..<decoder.position], "value changed")
  }
  return 0
}
