import ChainTypes
import Primitives

/// The input is read twice: as the call data of a forged proof, of which nothing but a crash can be
/// wrong, and as the logs of a block, whose proofs must hold and must not once they are damaged.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
  forged(bytes)

  let sender = Address(0x5e)
  let receipts = split(bytes).prefix(200).enumerated().map { index, data in
    let message = StateSynced(id: UInt64(index + 1), data: data)
    return RootReceipt(
      type: UInt8(index % 4), outcome: .succeeded, cumulativeGasUsed: UInt64(index),
      logs: [message.log(from: sender)]
    ).encoded
  }
  let root = RootBlockProofs.root(of: receipts)
  guard let header = try? RootHeader(decoding: header(root)),
    let proofs = RootBlockProofs(header: header, receipts: receipts)
  else { preconditionFailure("a true block was refused") }
  let place = bytes.reduce(0) { $0 &+ Int($1) }
  guard !receipts.isEmpty else { return 0 }
  let index = place % receipts.count
  guard var proof = proofs.proof(root: .eth, transactionIndex: index, logIndex: 0) else {
    preconditionFailure("a receipt has no proof")
  }
  do {
    let content = try proof.verified(stateSender: sender)
    precondition(content.message.id == UInt64(index + 1), "proved another message")
  } catch {
    preconditionFailure("a true proof was refused: \(error)")
  }
  let node = place % proof.nodes.count
  proof.nodes[node][place % proof.nodes[node].count] ^= 1 << (place & 7)
  precondition((try? proof.verified(stateSender: sender)) == nil, "a false proof was taken")
  return 0
}

private func forged(_ bytes: [UInt8]) {
  guard
    let selector = try? DepositProof(
      rootID: 2, header: [], transactionIndex: 0, nodes: [], logIndex: 0
    ).encodedCall().prefix(4), let proof = try? DepositProof(decodingCall: selector + bytes)
  else { return }
  _ = try? proof.verified(stateSender: Address(0x5e))
  guard let call = try? proof.encodedCall(),
    (try? DepositProof(decodingCall: call)) == proof
  else { preconditionFailure("a proof is lost by its call data") }
  precondition((try? DepositProof(json: proof.json)) == proof, "a proof is lost by its JSON")
}

private func header(_ receiptsRoot: Hash256) -> [UInt8] {
  RLPEncoder.list { list in
    for _ in 0..<2 { list.append(Hash256.zero) }
    list.append(Address.zero)
    for _ in 0..<2 { list.append(Hash256.zero) }
    list.append(receiptsRoot)
    list.append(Bloom.empty.bytes)
    for _ in 0..<5 { list.append(0 as UInt64) }
    list.append([UInt8]())
    list.append(Hash256.zero)
    list.append([UInt8](repeating: 0, count: 8))
  }
}

/// Byte strings, each behind its length in one byte.
private func split(_ bytes: [UInt8]) -> [[UInt8]] {
  var chunks: [[UInt8]] = []
  var rest = bytes[...]
  while let count = rest.popFirst() {
    chunks.append(Array(rest.prefix(Int(count))))
    rest = rest.dropFirst(Int(count))
  }
  return chunks
}
