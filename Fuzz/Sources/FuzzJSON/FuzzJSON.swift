import JSON

/// What parses must be serialised to a text that parses to the same value.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
  guard let value = try? JSONValue.parse(bytes) else { return 0 }
  let text = value.serialized
  precondition((try? JSONValue.parse(text)) == value, "value changed")
  precondition(String(validating: text, as: UTF8.self) != nil, "serialised to other than UTF-8")
  return 0
}
