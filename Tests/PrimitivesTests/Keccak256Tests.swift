internal import Primitives
internal import TestSupport
internal import Testing

@Suite struct Keccak256Tests {
  /// Published digests: the empty hash and the empty trie's root of the Yellow Paper, the ENS
  /// and Solidity documentation's, and the Keccak team's ShortMsgKAT_256.
  static let known: [(input: [UInt8], digest: String)] = [
    ([], "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
    ([0x80], "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"),
    ([0xc0], "1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"),
    (Array("eth".utf8), "4f5b812789fc606be1b3b16908db13fc7a9adf7ca72641f84d75b47069d3d7f0"),
    (
      Array("Transfer(address,address,uint256)".utf8),
      "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
    ),
    ([0xcc], "eead6dbfc7340a56caedc044696a168870549a6a7f6f56961e84a54bd9970b8a"),
    ([0x41, 0xfb], "a8eaceda4d47b3281a795ad9e1ea2122b407baf9aabcb9e18b5717b7873537d2"),
    (Array("abc".utf8), "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
  ]

  @Test(arguments: known)
  func `hashes published inputs to their published digests`(
    _ vector: (input: [UInt8], digest: String)
  ) throws {
    #expect(Keccak256.hash(vector.input) == (try Hash256(hex: vector.digest)))
  }

  @Test func `hashes published inputs side by side, in every lane`() throws {
    let inputs = Self.known.map(\.input)
    let digests = try Self.known.map { try Hash256(hex: $0.digest) }
    for shift in inputs.indices {
      let order = inputs.indices.map { ($0 + shift) % inputs.count }
      #expect(Keccak256.hashMany(order.map { inputs[$0] }) == order.map { digests[$0] })
    }
  }

  // pycryptodome: keccak.new(digest_bits=256, data=bytes(i % 251 for i in range(n)))
  @Test(arguments: longDigests)
  func `hashes inputs around the ends of blocks`(_ length: Int, _ digest: String) throws {
    let input = (0..<length).map { UInt8($0 % 251) }
    let expected = try Hash256(hex: digest)
    #expect(Keccak256.hash(input) == expected)
    #expect(Keccak256.hash(input.lazy.map { $0 }) == expected)
    #expect(Keccak256.hashMany([input, [], input]) == [expected, Keccak256.emptyHash, expected])
  }

  @Test(arguments: [1, 4, 8])
  func `hashes many inputs to what it hashes each to`(_ lanes: Int) {
    var random = SeededGenerator()
    for count in 0...100 {
      let inputs = (0..<count).map { _ in random.bytes(Int.random(in: 0...1_000, using: &random)) }
      // Bytes before the first input and after the last belong to none.
      let data = random.bytes(3) + inputs.joined() + random.bytes(2)
      let offsets = inputs.reduce(into: [3]) { $0.append(($0.last ?? 0) + $1.count) }
      let hashes = [Hash256](unsafeUninitializedCapacity: count) { buffer, initialized in
        if let output = buffer.baseAddress {
          data.withUnsafeBytes {
            Keccak256.hashMany($0, offsets: offsets, into: output, lanes: lanes)
          }
        }
        initialized = count
      }
      #expect(hashes == inputs.map(Keccak256.hash), "\(count) inputs, seed \(random.seed)")
    }
  }

  @Test func `uses the widest lanes there are`() {
    #expect([1, 4, 8].contains(Keccak256.lanes))
  }

  @Test func `hashes no inputs and empty inputs`() {
    #expect(Keccak256.hashMany([]) == [])
    #expect(
      Keccak256.hashMany(Array(repeating: [], count: 9))
        == Array(repeating: Keccak256.emptyHash, count: 9))
  }
}

private let longDigests: [(Int, String)] = [
  (1, "bc36789e7a1e281436464229828f817d6612f7b477d66591ff96a9e064bcc98a"),
  (31, "3e50547cf72e8583ee91462f9d99fe624f53282f78e1a5ec2347b1d0123d0d9b"),
  (32, "8ae1aa597fa146ebd3aa2ceddf360668dea5e526567e92b0321816a4e895bd2d"),
  (55, "797f92d5e159d80a886c0a7802a255b475a1e8e473e8cf4345144824a2aee79c"),
  (134, "861e165162f806cd361c4421a48f205820ddf4deb02db9f041f48e179ddada97"),
  (135, "cbdfd9dee5faad3818d6b06f95a219fd290b0e1706f6a82e5a595b9ce9faca62"),
  (136, "7ce759f1ab7f9ce437719970c26b0a66ff11fe3e38e17df89cf5d29c7d7f807e"),
  (137, "ac73d4fae68b8453f764007c1a20ce95994187861f0c3227a3a8e99a73a3b1db"),
  (271, "27eceb59ebc3dc8a04a5b135be641591a7278540e4556a2ba9f408194e666ec3"),
  (272, "8e2476e65823b24d96ebe239f2c1534cdf763e689e2410c3b1cb0c74e6177bfc"),
  (273, "3f02f134370e4debb95140ef49ddd3aed8c65ff1ed83a43f1b269421f179c5f9"),
  (532, "b80e4b051c962f4dbddb543bd7b2d4520bd911112d9635fd19e69edde87925c1"),
  (544, "f3b34b8dd939f820fd24ae570f81ee39d339cdd52c45acfdcc5366c855a8f92f"),
  (1000, "af692982e84a5a9688359025660a7857cd28ee7c8d867cfa1677baf2e6d1f63b"),
  (4096, "154a932bb08a718880807903c8724a2e293271f249bd8d7017eb0e9b456a218d"),
]
