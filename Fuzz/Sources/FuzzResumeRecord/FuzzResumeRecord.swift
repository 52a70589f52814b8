import BitTorrent

/// A resume record has one encoding only: what decodes must encode to the same bytes.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
  guard let record = try? ResumeRecord(decoding: bytes) else { return 0 }
  precondition(record.encoded == bytes, "decoded, but encodes differently")
  precondition(record.have.setCount <= record.have.bitCount, "more bits set than there are")
  return 0
}
