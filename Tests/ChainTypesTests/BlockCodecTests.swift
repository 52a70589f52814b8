import ChainTypes
import Keys
import Primitives
import TestSupport
import Testing

@Suite("Encodings of blocks")
struct BlockCodecTests {
  static func header(_ generator: inout SeededGenerator) throws -> BlockHeader {
    func hash() throws -> Hash256 { try #require(Hash256(generator.bytes(32))) }
    func number() -> UInt64 { generator.next() >> UInt64.random(in: 0..<64, using: &generator) }
    return BlockHeader(
      parentHash: try hash(), feeRecipient: try #require(Address(generator.bytes(20))),
      stateRoot: try hash(), transactionsRoot: try hash(), receiptsRoot: try hash(),
      logsBloom: try #require(Bloom(generator.bytes(256))), number: number(), gasLimit: number(),
      gasUsed: number(), timestamp: number(),
      extraData: generator.bytes(Int.random(in: 0...32, using: &generator)),
      baseFeePerGas: UInt256(number()) &* UInt256(number()))
  }

  static func block(_ generator: inout SeededGenerator) throws -> SealedBlock {
    let key = TestChain.keys[0]
    let to = try #require(Address(generator.bytes(20)))
    let transactions = try (0..<Int.random(in: 0...5, using: &generator)).map { index in
      let data = generator.bytes(Int.random(in: 0...80, using: &generator))
      switch index % 3 {
      case 0:
        return try TestChain.transfer(
          from: key, nonce: UInt64(index), to: to, gasLimit: 100_000, data: data)
      case 1:
        return try SignedTransaction(
          signing: Transaction(
            chainID: 1_337, nonce: UInt64(index), gasPrice: 5, gasLimit: 100_000, to: to, value: 1,
            data: data), with: key)
      default:
        let entry = AccessListEntry(
          address: to, storageKeys: [try #require(Hash256(generator.bytes(32)))])
        return try SignedTransaction(
          signing: Transaction(
            chainID: 1_337, nonce: UInt64(index), gasPrice: 5, gasLimit: 100_000, to: to, value: 1,
            data: data, accessList: [entry]), with: key)
      }
    }
    let header = try header(&generator)
    let seal = try BlockSeal(
      chainID: 1_337, height: header.number, blockHash: header.hash, key: key)
    return SealedBlock(block: Block(header: header, transactions: transactions), seal: seal)
  }

  @Test("decode to what was encoded")
  func roundTrips() throws {
    var generator = SeededGenerator()
    for _ in 0..<200 {
      let sealed = try Self.block(&generator)
      #expect(try SealedBlock(decoding: sealed.encoded) == sealed, "seed \(generator.seed)")
      #expect(try Block(decoding: sealed.block.encoded) == sealed.block)
      #expect(try BlockHeader(decoding: sealed.block.header.encoded) == sealed.block.header)
      #expect(
        try sealed.seal.recoverSigner(
          chainID: 1_337, height: sealed.block.header.number,
          blockHash: sealed.block.header.hash) == TestChain.keys[0].address)
    }
  }

  @Test("are refused, or decode to something that encodes to the same bytes, when changed")
  func mutations() throws {
    var generator = SeededGenerator()
    for _ in 0..<60 {
      let bytes = try Self.block(&generator).encoded
      for _ in 0..<60 {
        var changed = bytes
        for _ in 0..<Int.random(in: 1...3, using: &generator) where !changed.isEmpty {
          let index = Int.random(in: 0..<changed.count, using: &generator)
          switch Int.random(in: 0..<4, using: &generator) {
          case 0: changed.remove(at: index)
          case 1: changed.insert(UInt8(truncatingIfNeeded: generator.next()), at: index)
          case 2: changed.removeSubrange(index...)
          default: changed[index] = UInt8(truncatingIfNeeded: generator.next())
          }
        }
        if let decoded = try? SealedBlock(decoding: changed) {
          #expect(decoded.encoded == changed, "seed \(generator.seed)")
        }
      }
    }
  }

  @Test("refuse each field that has one value on this chain, when it has another")
  func fixedFields() throws {
    var generator = SeededGenerator(seed: 1)
    let header = try Self.header(&generator)
    var fields = try RLPDecoder.list(header.encoded)
    var items: [[UInt8]] = []
    while !fields.isAtEnd { items.append([UInt8](try fields.readEncodedItem())) }
    #expect(items.count == 20)
    func encode(_ items: [[UInt8]]) -> [UInt8] {
      RLPEncoder.list { list in for item in items { list.append(encoded: item) } }
    }
    #expect(try BlockHeader(decoding: encode(items)) == header)
    // Uncles hash, difficulty, mix hash, nonce, withdrawals root, blob fields, beacon root.
    for index in [1, 7, 13, 14, 16, 17, 18, 19] {
      var changed = items
      changed[index][changed[index].count - 1] = changed[index].count == 1 ? 1 : 0x55
      #expect(throws: BlockError.fixedFieldChanged, "field \(index)") {
        try BlockHeader(decoding: encode(changed))
      }
    }
    var long = header
    long.extraData = [UInt8](repeating: 1, count: 33)
    #expect(throws: BlockError.extraDataTooLong) { try BlockHeader(decoding: long.encoded) }
    for wrong in [Array(items.dropLast()), items + [[0x80]]] {
      #expect(throws: BlockError.self) { try BlockHeader(decoding: encode(wrong)) }
    }
    #expect(throws: BlockError.malformed(.trailingBytes)) {
      try BlockHeader(decoding: header.encoded + [0])
    }
  }

  @Test("refuse uncles and withdrawals")
  func contents() throws {
    var generator = SeededGenerator(seed: 2)
    let header = try Self.header(&generator)
    for tail: [UInt8] in [[0xc1, 0x80, 0xc0], [0xc0, 0xc1, 0x80]] {
      let bytes = RLPEncoder.list { list in
        list.append(encoded: header.encoded)
        list.append(encoded: [0xc0])
        list.append(encoded: tail)
      }
      #expect(throws: BlockError.unexpectedContents) { try Block(decoding: bytes) }
    }
  }

  @Test("hash and encode a header as Ethereum does")
  func knownHeader() {
    // The fields of an empty Cancun block; the hash is that of Python's rlp and keccak over the
    // same twenty fields.
    let header = BlockHeader(
      parentHash: Hash256 { $0[31] = 1 }, feeRecipient: Address(2),
      stateRoot: Hash256 { $0[0] = 3 },
      transactionsRoot: BlockHeader.emptyTrieRoot, receiptsRoot: BlockHeader.emptyTrieRoot,
      logsBloom: .empty, number: 4, gasLimit: 30_000_000, gasUsed: 0, timestamp: 1_710_000_000,
      extraData: [5, 6], baseFeePerGas: 1_000_000_007)
    #expect(
      BlockHeader.emptyTrieRoot.hex
        == "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421")
    #expect(
      BlockHeader.emptyUnclesHash.hex
        == "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347")
    #expect(
      header.hash.hex == "0x9d860cee8aa366fe32b63b4d0c344dca9cebc7a9fb8bd6846e684553ddd2b70b")
  }

  @Test("bind a seal to chain, height and block")
  func seals() throws {
    let key = TestChain.keys[0]
    let hash = Hash256 { $0[0] = 9 }
    let seal = try BlockSeal(chainID: 199, height: 7, blockHash: hash, key: key)
    #expect(try seal.recoverSigner(chainID: 199, height: 7, blockHash: hash) == key.address)
    for (chain, height, other) in [
      (UInt64(1), UInt64(7), hash), (199, 8, hash), (199, 7, .zero),
    ] {
      let signer = try? seal.recoverSigner(chainID: chain, height: height, blockHash: other)
      #expect(signer != key.address)
    }
    // Python's eth_utils over the words of the documented digest.
    #expect(
      BlockSeal.digest(chainID: 199, height: 7, blockHash: hash).hex
        == "0x076ba966f089818d983585dc5521ff4c36b6b9abd3b84dfd745b868928e33402")
  }
}
