internal import CKeccak

/// Keccak-256 with the original padding, as Ethereum uses it (Yellow Paper, section 3).
public enum Keccak256 {
  /// The hash of no bytes.
  public static let emptyHash = hash([])

  /// The hash of `bytes`.
  public static func hash(_ bytes: [UInt8]) -> Hash256 {
    bytes.withUnsafeBytes(hash)
  }

  /// The hash of `bytes`.
  public static func hash(_ bytes: some Sequence<UInt8>) -> Hash256 {
    if let hash = bytes.withContiguousStorageIfAvailable({ hash(UnsafeRawBufferPointer($0)) }) {
      return hash
    }
    return hash([UInt8](bytes))
  }

  /// The hash of an address's 20 bytes: the account's key in the state trie.
  public static func hash(_ address: Address) -> Hash256 { address.withUnsafeBytes(hash) }

  /// The hash of a 32-byte word: a slot's key in a storage trie.
  public static func hash(_ word: Hash256) -> Hash256 { word.withUnsafeBytes(hash) }

  /// The hash of the bytes behind a pointer.
  public static func hash(_ bytes: UnsafeRawBufferPointer) -> Hash256 {
    Hash256 { output in
      btt_keccak256(bytes.baseAddress, bytes.count, output.baseAddress)
    }
  }

  /// How many inputs `hashMany` permutes at once on this processor: 8, 4 or 1.
  public static var lanes: Int { Int(btt_keccak_lanes()) }

  /// Writes the hash of each input to `output`, several at a time where the processor can.
  ///
  /// Input `i` is `data[offsets[i]..<offsets[i + 1]]`, so there is one offset more than there are
  /// inputs; `output` has room for all of them. Inputs may differ in length at little cost.
  public static func hashMany(
    _ data: UnsafeRawBufferPointer, offsets: [Int], into output: UnsafeMutablePointer<Hash256>
  ) {
    hashMany(data, offsets: offsets, into: output, lanes: lanes)
  }

  /// The hash of each input, several at a time where the processor can.
  public static func hashMany(_ inputs: [[UInt8]]) -> [Hash256] {
    var offsets = [0]
    offsets.reserveCapacity(inputs.count + 1)
    var data: [UInt8] = []
    data.reserveCapacity(inputs.reduce(0) { $0 + $1.count })
    for input in inputs {
      data.append(contentsOf: input)
      offsets.append(data.count)
    }
    return [Hash256](unsafeUninitializedCapacity: inputs.count) { buffer, count in
      guard let output = buffer.baseAddress else { return }
      data.withUnsafeBytes { hashMany($0, offsets: offsets, into: output) }
      count = inputs.count
    }
  }

  /// `hashMany` with 8, 4 or 1 lanes, so that each can be tested on one processor.
  package static func hashMany(
    _ data: UnsafeRawBufferPointer, offsets: [Int], into output: UnsafeMutablePointer<Hash256>,
    lanes: Int
  ) {
    guard let first = offsets.first, offsets.count > 1 else { return }
    var previous = first
    for offset in offsets {
      precondition(offset >= previous, "offsets must ascend")
      previous = offset
    }
    precondition(first >= 0 && previous <= data.count, "offsets must lie in the data")
    // An empty buffer may have no address; its inputs are all empty and nothing is read.
    withUnsafeBytes(of: 0 as UInt8) { nothing in
      guard let start = data.baseAddress ?? nothing.baseAddress else { return }
      btt_keccak256_many_lanes(
        start, offsets, offsets.count - 1, output, UInt32(truncatingIfNeeded: lanes))
    }
  }
}
