import ChainTypes

/// A transaction has one encoding only, and so one hash: what decodes must encode, from its
/// fields, to the same bytes.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
  guard let signed = try? SignedTransaction(decoding: bytes) else { return 0 }
  let again = SignedTransaction(signed.transaction, signature: signed.signature)
  precondition(again.encoded == bytes, "decoded, but encodes differently")
  precondition(signed.encoded == bytes && signed.hash == again.hash, "kept other bytes")
  _ = try? signed.recoverSender()
  return 0
}
