import ChainTypes

/// A block has one encoding only, and so one hash: what decodes must encode to the same bytes.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
  if let sealed = try? SealedBlock(decoding: bytes) {
    precondition(sealed.encoded == bytes, "decoded, but encodes differently")
    let header = sealed.block.header
    precondition((try? BlockHeader(decoding: header.encoded)) == header, "lost by its header")
    _ = try? sealed.seal.recoverSigner(chainID: 1, height: header.number, blockHash: header.hash)
    _ = Block.transactionsRoot(sealed.block.transactions)
  }
  if let block = try? Block(decoding: bytes) {
    precondition(block.encoded == bytes, "decoded, but encodes differently")
  }
  if let header = try? BlockHeader(decoding: bytes) {
    precondition(header.encoded == bytes, "decoded, but encodes differently")
  }
  return 0
}
