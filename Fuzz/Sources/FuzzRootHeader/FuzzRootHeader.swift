import ChainTypes
import Primitives

/// Headers and receipts of root chains: what decodes is bound by the hash of just these bytes.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
  if let header = try? RootHeader(decoding: bytes) {
    precondition(header.hash == Keccak256.hash(bytes), "a header has another hash")
    precondition(header.encoded == bytes, "a header has other bytes")
  }
  if let receipt = try? RootReceipt(decoding: bytes) {
    precondition(receipt.encoded == bytes, "decoded, but encodes differently")
    _ = receipt.isBloomRight
    for log in receipt.logs {
      guard let message = StateSynced(log) else { continue }
      precondition(message.log(from: log.address) == log, "a log has two forms")
    }
  }
  return 0
}
