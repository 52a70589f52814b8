import Primitives
import Trie

/// The input is read twice: as a forged proof, of which nothing but a crash can be wrong, and as
/// the keys and values of a trie, whose proofs must hold and must not once they are damaged.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
  let chunks = split(bytes)
  guard let key = chunks.first else { return 0 }

  let nodes = Array(chunks.dropFirst())
  if let top = nodes.first {
    // A root that fits, or nothing behind the first comparison would be reached.
    _ = try? TrieProof.verify(root: Keccak256.hash(top), key: key, nodes: nodes)
  }

  var trie = MerklePatriciaTrie()
  for index in stride(from: 0, to: min(chunks.count - 1, 64), by: 2)
  where !chunks[index].isEmpty && !chunks[index + 1].isEmpty {
    trie[chunks[index]] = chunks[index + 1]
  }
  guard !key.isEmpty else { return 0 }
  let root = trie.root
  let value = trie[key]
  var proof = trie.prove(key)
  do {
    let proved = try TrieProof.verify(root: root, key: key, nodes: proof)
    precondition(proved == value, "proved another value")
  } catch {
    preconditionFailure("a true proof was refused: \(error)")
  }
  let place = bytes.reduce(0) { $0 &+ Int($1) }
  guard !proof.isEmpty else { return 0 }
  let node = place % proof.count
  guard !proof[node].isEmpty else { return 0 }
  proof[node][place % proof[node].count] ^= 1 << (place & 7)
  precondition(
    (try? TrieProof.verify(root: root, key: key, nodes: proof)) == nil, "a false proof was taken")
  return 0
}

/// Byte strings, each behind its length in one byte.
func split(_ bytes: [UInt8]) -> [[UInt8]] {
  var chunks: [[UInt8]] = []
  var rest = bytes[...]
  while let count = rest.popFirst() {
    chunks.append(Array(rest.prefix(Int(count))))
    rest = rest.dropFirst(Int(count))
  }
  return chunks
}
