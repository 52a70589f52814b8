import ChainTypes
import JSON
import Primitives

/// Claims on either side: messages of root chains, proofs as files, claims as call data.
///
/// What decodes has one encoding.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
  if let message = try? StateMessage(decoding: bytes) {
    precondition(message.encoded == bytes, "decoded, but encodes differently")
  }
  if let value = try? JSONValue.parse(bytes), let proof = try? DepositProof(json: value) {
    precondition((try? DepositProof(json: proof.json)) == proof, "a proof is lost by its JSON")
  }
  let call = withUnsafeBytes(of: RootContracts.claim.selector.bigEndian) { Array($0) } + bytes
  if let values = try? RootContracts.claim.decodeCall(call) {
    let again = try? RootContracts.claim.encodeCall(values)
    precondition(again == Array(call.prefix(again?.count ?? 0)), "a claim has two forms")
  }
  if bytes.count >= 1_065, let index = bytes.first {
    // A forged branch of an outbox proves nothing but what it was made of.
    let words = (0..<33).compactMap { Hash256(bytes[(1 + 32 * $0)..<(33 + 32 * $0)]) }
    var tree = OutboxTree(words.prefix(Int(index % 8) + 1))
    tree.append(words[32])
    let root = tree.root
    precondition(
      !OutboxTree.verify(
        leaf: words[0], index: 0, count: tree.count, siblings: Array(words.suffix(32)), root: root),
      "a forged branch was taken")
  }
  return 0
}
