import Metainfo

/// What is canonical must encode to the same bytes; what is not must still be walked safely, and
/// each value must lie within that which holds it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
  let whole = try? BencodeDocument(bytes)
  guard let document = try? BencodeDocument(prefixOf: bytes) else {
    precondition(whole == nil, "read whole, but not from the beginning")
    return 0
  }
  precondition(document.byteCount <= bytes.count, "longer than the bytes")
  precondition((whole != nil) == (document.byteCount == bytes.count), "readers disagree")
  let item = rebuild(document.root)
  if document.root.isCanonical {
    precondition(item.encoded == Array(document.root.encoding), "encodes differently")
  }
  // However it was written, what is written of it is read back as the same, unless a key repeats.
  if let again = try? BencodeDocument(item.encoded) {
    precondition(rebuild(again.root).encoded == item.encoded, "value changed")
  } else {
    preconditionFailure("cannot read what was written")
  }
  return 0
}

private func rebuild(_ value: BencodeValue) -> BencodeItem {
  if let integer = value.integer { return .integer(integer) }
  if let bytes = value.bytes { return .bytes(Array(bytes)) }
  if let list = value.list {
    return .list(
      list.map { item in
        precondition(value.range.contains(item.range.lowerBound), "outside of its list")
        precondition(item.range.upperBound < value.range.upperBound, "outside of its list")
        return rebuild(item)
      })
  }
  guard let entries = value.entries else { preconditionFailure("of no kind") }
  return .dictionary(entries.map { .init(key: Array($0.key), value: rebuild($0.value)) })
}
