import Primitives

/// Reads a type's name, a zero byte and data.
///
/// A name must mean what its canonical form does; values decoded must survive encoding and
/// decoding.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
  _ = ABIRevert(decoding: bytes)
  guard let end = bytes.firstIndex(of: 0) else { return 0 }
  let text = String(decoding: bytes[..<end], as: UTF8.self)
  _ = try? ABIEvent(signature: text)
  if let function = try? ABIFunction(signature: text, returns: text) {
    precondition((try? ABIFunction(signature: function.signature)) != nil, "signature unreadable")
  }
  guard let type = try? ABIType(parsing: text) else { return 0 }
  precondition((try? ABIType(parsing: type.description)) == type, "canonical name differs")
  let data = Array(bytes[(end + 1)...])
  guard let values = try? ABI.decode([type], from: data) else { return 0 }
  guard let encoded = try? ABI.encode(values, as: [type]) else {
    preconditionFailure("decoded, but does not encode")
  }
  // What shares data is longer once each value has its own.
  precondition(
    encoded.count <= (data.count + 32) * (ABI.maximumSharing + 1), "grew beyond the budget")
  precondition((try? ABI.decode([type], from: encoded)) == values, "values changed")
  return 0
}
